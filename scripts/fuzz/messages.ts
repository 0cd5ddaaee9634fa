/**
 * Messages of every era as a client would send them, with the headers that belong to them; some are
 * then made wrong, in their members, in their headers or in their bytes. Params are in params.ts.
 */
import type { Chance, MemberText } from "./chance.ts";
import {
  CANCELLED_IDS,
  LEVELS,
  type Memory,
  metaText,
  notificationParams,
  NOTIFICATIONS,
  paramsOf,
  responsesText,
  stateText,
} from "./params.ts";

/** A message, or a batch, on its way to the gateway. */
export interface Draft {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly era: "legacy" | "modern";
  /** Headers that repeat parts of it. */
  readonly headers: Readonly<Record<string, string>>;
  /** Sound, and with all that its era asks for. */
  readonly isSound: boolean;
  /** JSON text of the id of a sound request. */
  readonly id: string | undefined;
}

/** The prefix of reserved keys. */
export const META = "io.modelcontextprotocol/";
/** The revision of the modern era. */
export const MODERN = "2026-07-28";
/** The revisions of the legacy era. */
export const LEGACY = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] as const;

const PAGES = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"];
const LEGACY_METHODS = [
  ..."tools/call,tools/call,tools/call,tools/call,ping,logging/setLevel,resources/read".split(","),
  ..."resources/subscribe,resources/unsubscribe,prompts/get,completion/complete".split(","),
  ..."server/discover,tasks/get,initialize,nobody/knows,toString".split(","),
  ...PAGES,
];
const MODERN_METHODS = [
  ..."tools/call,tools/call,tools/call,tools/call,server/discover,resources/read".split(","),
  ..."prompts/get,completion/complete,subscriptions/listen,tasks/get,ping,nobody/knows".split(","),
  ...PAGES,
];
/** Few, because a child is kept for each kind of client. */
const CAPABILITIES = [
  "{}",
  '{"elicitation":{"form":{},"url":{}},"sampling":{}}',
  '{"elicitation":{},"roots":{"listChanged":true}}',
];

/** JSON text of an id of any form; `n` keeps most apart. */
export function idText(chance: Chance, n: number): string {
  const forms = [
    `${n}`,
    `"f${n}"`,
    `"\\u0066${n}"`,
    `-${n}`,
    `${n}.0`,
    `${n}.5`,
    `90071992547${n}`,
  ];
  return chance.of([...forms, ...CANCELLED_IDS, "0", '""', '"1"', '"ż\\ud800"', "1E2"]);
}

/** One message of either era, sound or not; the nth of its run. */
export function draft(chance: Chance, n: number, memory: Memory): Draft {
  const isModern = chance.hit(0.45);
  const sound = isModern ? modernMessage(chance, n, memory) : legacyMessage(chance, n);
  if (chance.hit(0.6)) return sound;
  if (chance.hit(0.3)) return { ...sound, headers: wrongHeaders(chance, sound), isSound: false };
  return { ...sound, bytes: chance.damage(sound.bytes), isSound: false, id: undefined };
}

/** A batch as 2025-03-26 has them, some with members that may not be there. */
export function batch(chance: Chance, n: number, memory: Memory): Draft {
  const parts = Array.from({ length: chance.below(6) }, (_, index) => {
    const id = n * 10 + index;
    return chance.hit(0.02) ? modernMessage(chance, id, memory) : legacyMessage(chance, id);
  });
  const texts = parts.map(({ bytes }) => new TextDecoder().decode(bytes));
  const bytes = encode(`[${texts.join(chance.hit(0.1) ? " ,\n" : ",")}]`);
  const isHurt = chance.hit(0.2);
  return {
    bytes: isHurt ? chance.damage(bytes) : bytes,
    era: "legacy",
    headers: {},
    isSound: false,
    id: undefined,
  };
}

function legacyMessage(chance: Chance, n: number): Draft {
  const make = (members: readonly MemberText[], id?: string): Draft => {
    const { text, isSound } = envelope(chance, members);
    const kept = isSound ? id : undefined;
    return { bytes: encode(text), era: "legacy", headers: {}, isSound, id: kept };
  };
  if (chance.hit(0.15)) {
    const method = chance.of(NOTIFICATIONS);
    return make([
      ["method", JSON.stringify(method)],
      ["params", notificationParams(chance, method)],
    ]);
  }
  if (chance.hit(0.08)) {
    const answer = chance.of(["result", "error", "error"]);
    const value =
      answer === "result" ? chance.objectWith(["action", "content"]) : errorText(chance);
    return make([
      ["id", chance.of(['"gw-1"', '"gw-2"', idText(chance, n)])],
      [answer, value],
    ]);
  }
  const id = idText(chance, n);
  const method = chance.of(LEGACY_METHODS);
  const params = paramsOf(chance, method, chance.hit(0.2) ? metaText(chance, []) : undefined);
  return make([["id", id], ["method", JSON.stringify(method)], ...params], id);
}

/** A sound modern request most of the time; headers and body agree. */
export function modernMessage(chance: Chance, n: number, memory: Memory): Draft {
  const id = idText(chance, n);
  const method = chance.of(MODERN_METHODS);
  const meta = metaText(chance, [
    [`${META}protocolVersion`, JSON.stringify(MODERN)],
    [`${META}clientCapabilities`, chance.of(CAPABILITIES)],
    ...chance.some<MemberText>([[`${META}clientInfo`, '{"name":"f","version":"1"}']], 0.5),
    ...chance.some<MemberText>([[`${META}logLevel`, JSON.stringify(chance.of(LEVELS))]], 0.2),
  ]);
  const retry: MemberText[] = chance.hit(0.2)
    ? [
        ["requestState", stateText(chance, memory)],
        ["inputResponses", responsesText(chance)],
      ]
    : [];
  const params = paramsOf(chance, method, meta, retry);
  const isNotification = chance.hit(0.05);
  const named: MemberText = ["method", JSON.stringify(method)];
  const { text, isSound } = envelope(chance, [
    ...(isNotification ? [] : [["id", id] as const]),
    named,
    ...params,
  ]);
  const headers = headersOf(method, params[0]?.[1]);
  const kept = isSound && !isNotification ? id : undefined;
  return { bytes: encode(text), era: "modern", headers, isSound, id: kept };
}

/** The params of `initialize`. */
export function initializeText(chance: Chance, id: string, revision: string): string {
  return chance.object([
    ["jsonrpc", '"2.0"'],
    ["id", id],
    ["method", '"initialize"'],
    [
      "params",
      chance.object([
        ["protocolVersion", JSON.stringify(revision)],
        ["capabilities", chance.of(CAPABILITIES)],
        ["clientInfo", '{"name":"fuzz","version":"1"}'],
      ]),
    ],
  ]);
}

/** Headers that a message of 2026-07-28 needs. */
function headersOf(method: string, params: string | undefined): Record<string, string> {
  const headers = { "mcp-protocol-version": MODERN, "mcp-method": method };
  const named = params === undefined ? {} : (JSON.parse(params) as Record<string, unknown>);
  const key = { "resources/read": "uri", "tasks/get": "taskId" }[method] ?? "name";
  const hasName = /^(tools\/call|prompts\/get|resources\/read|tasks\/get)$/.test(method);
  const name = named[key];
  if (!hasName || typeof name !== "string") return headers;
  const encoded = `=?base64?${Buffer.from(name).toString("base64")}?=`;
  return { ...headers, "mcp-name": encoded };
}

function wrongHeaders(chance: Chance, { headers }: Draft): Record<string, string> {
  const wrong: Record<string, string> = { ...headers };
  const name = chance.of(["mcp-protocol-version", "mcp-method", "mcp-name", "accept"]);
  const values = [MODERN, "2999-01-01", "2024-11-05", "tools/call", "=?base64?%?=", "a, b", "é"];
  if (chance.hit(0.5)) delete wrong[name];
  else wrong[name] = chance.of([...values, "application/json", "text/event-stream", "text/plain"]);
  return wrong;
}

/** A message around these members; now and then with one that is missing, wrong, or too much. */
function envelope(
  chance: Chance,
  members: readonly MemberText[],
): { readonly text: string; readonly isSound: boolean } {
  const all: MemberText[] = [["jsonrpc", '"2.0"'], ...members];
  if (chance.hit(0.3)) all.reverse();
  if (!chance.hit(0.12)) return { text: chance.object(all), isSound: true };
  const at = chance.below(all.length);
  const [key] = all[at] ?? ["jsonrpc"];
  if (chance.hit(0.3)) all.splice(at, 1);
  else if (chance.hit(0.5)) all[at] = [key, chance.json(2)];
  else all.push([chance.of(["id", "result", "error", key, "more"]), chance.json(2)]);
  return { text: chance.object(all), isSound: false };
}

function errorText(chance: Chance): string {
  return chance.object([
    ["code", chance.of(["-32600", "-1", "1.5"])],
    ["message", chance.string()],
  ]);
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
