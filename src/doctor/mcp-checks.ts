/** Pure. Judges what a server says in MCP: the handshake, its tools, one call, against what clients take. */
import { ok, shown, warning, wrong, type Finding } from "./finding.ts";
import { CALL_MS, DISCOVERY_MS, RESULT_CHARACTERS } from "./limits.ts";
import { noReply, objectOf, obstacleOf, type Answer } from "./reply.ts";

type Members = Readonly<Record<string, unknown>>;

const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;
const PROPERTY_NAME = /^[a-zA-Z0-9_.-]{1,64}$/;
const MANY_TOOLS = 128;
/** Of a list, the first few; the rest are counted. */
const NAMED = 5;

/** The JSON-RPC message with this id in a body, be it JSON or an event stream. */
export function messageIn(answer: Answer, id: number): Members | undefined {
  if (answer.kind === "none") return undefined;
  const isStream = answer.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  const texts = isStream ? eventsOf(answer.text) : [answer.text];
  return texts.map(objectOf).find((message) => message?.["id"] === id);
}

function eventsOf(text: string): readonly string[] {
  return text.split(/\r?\n\r?\n/).map((event) =>
    event
      .split(/\r?\n/)
      .filter((line) => line.startsWith("data:"))
      .map((line) => line.slice(5).replace(/^ /, ""))
      .join("\n"),
  );
}

/** A member that is an object; empty when it is none. */
export function membersOf(value: unknown): Members {
  return typeof value === "object" && value !== null ? (value as Members) : {};
}

/** Judges a request that must be answered with a result. @returns undefined when it was */
export function judgeResult(
  what: string,
  answer: Answer,
  message: Members | undefined,
): Finding | undefined {
  if (answer.kind === "none") return noReply("handshake", what, answer);
  if (answer.status === 401 || answer.status === 403)
    return wrong(
      "handshake",
      `${what}: ${answer.status} ${shown(answer.headers.get("www-authenticate") ?? answer.text)}`,
      answer.status === 401
        ? "The token is not good (any more), or is for another server"
        : (obstacleOf(answer) ?? "The token does not reach this far"),
    );
  if (message === undefined)
    return wrong(
      "handshake",
      `${what}: ${answer.status} ${shown(answer.text)}`,
      obstacleOf(answer) ?? "Look into the log of the gateway for this server",
    );
  if (message["result"] !== undefined) return undefined;
  return wrong(
    "handshake",
    `${what}: error ${shown(message["error"])}`,
    "Look into the log of the gateway for this server",
  );
}

/** Judges the answer to `initialize`. */
export function judgeInitialize(result: Members, tookMs: number): Finding {
  const info = membersOf(result["serverInfo"]);
  const text = `initialize: ${shown(info["name"])} ${shown(info["version"])}, ${shown(result["protocolVersion"])}, ${(tookMs / 1000).toFixed(1)} s`;
  return tookMs > DISCOVERY_MS
    ? warning("handshake", text, "Keep the server running: hosted clients wait about 10 s")
    : ok("handshake", text);
}

/** Judges the answer to `server/discover`, with which newer clients begin. */
export function judgeDiscover(answer: Answer, message: Members | undefined): Finding {
  if (answer.kind === "none") return noReply("handshake", "server/discover", answer);
  if (message?.["result"] !== undefined)
    return ok("handshake", "server/discover: 2026-07-28 is spoken");
  if (answer.status >= 400 && answer.status < 500)
    return ok("handshake", `server/discover: ${answer.status}, clients fall back to initialize`);
  return warning(
    "handshake",
    `server/discover: ${answer.status} ${shown(answer.text)}`,
    "Refuse it with 4xx: clients fall back to initialize only then",
  );
}

/** Judges the answers to a session id that nobody was given, and to a request without one. */
export function judgeSessions(
  unknown: Answer,
  without: Answer,
  hasSessions: boolean,
): readonly Finding[] {
  const findings: Finding[] = [];
  if (hasSessions && unknown.kind === "reply" && unknown.status !== 404)
    findings.push(
      warning(
        "handshake",
        `an unknown session: ${unknown.status} instead of 404`,
        "Clients open a new session after 404 only",
      ),
    );
  if (without.kind === "reply" && without.status >= 400)
    findings.push(
      warning(
        "handshake",
        `a request without a session id: ${without.status}`,
        "Serve it: Claude.ai was seen not to send the id back (for this gateway legacyStateless)",
      ),
    );
  return findings;
}

/** Judges the list of tools by what hosted clients and their models take. */
export function judgeTools(tools: readonly unknown[], characters: number): readonly Finding[] {
  const all = tools.map(membersOf);
  const findings: Finding[] = [];
  const complain = (bad: readonly unknown[], text: string, advice: string): void => {
    if (bad.length === 0) return;
    const more = bad.length > NAMED ? ` and ${bad.length - NAMED} more` : "";
    findings.push(
      warning(
        "tools",
        `${bad
          .slice(0, NAMED)
          .map((one) => shown(one, 80))
          .join(", ")}${more}: ${text}`,
        advice,
      ),
    );
  };
  const names = all.map(({ name }) => name);
  const isNamed = (name: unknown): boolean => typeof name === "string" && TOOL_NAME.test(name);
  complain(
    names.filter((name) => !isNamed(name)),
    "a name that not all clients take",
    'Letters, digits, _ and -, 64 at most (toolNames: "snake_case")',
  );
  complain(
    names.filter((name, index) => names.indexOf(name) !== index),
    "a name given twice",
    "Give each tool a name of its own",
  );
  for (const [text, advice, isBad] of SCHEMA_RULES)
    complain(
      all.filter((tool) => isBad(membersOf(tool["inputSchema"]))).map(({ name }) => name),
      text,
      advice,
    );
  complain(
    all
      .filter(({ description }) => typeof description !== "string" || description === "")
      .map(({ name }) => name),
    "no description",
    "Say what it does: models choose by it",
  );
  if (all.length > MANY_TOOLS)
    findings.push(
      warning(
        "tools",
        `${all.length} tools`,
        "Some clients take 128 at most: use tools.allow and tools.deny",
      ),
    );
  if (characters > RESULT_CHARACTERS)
    findings.push(
      warning(
        "tools",
        `the list has ${characters} characters`,
        "That fills a model's memory: use tools.allow and tools.deny",
      ),
    );
  const sum = `${all.length} tools, ${characters} characters`;
  return findings.length > 0 ? findings : [ok("tools", sum)];
}

const SCHEMA_RULES: readonly (readonly [string, string, (schema: Members) => boolean])[] = [
  [
    "inputSchema is no schema of an object",
    'Its type must be "object": some clients drop the whole server otherwise',
    (schema) => schema["type"] !== "object",
  ],
  [
    "inputSchema has anyOf, oneOf or allOf at its top",
    "Claude refuses such tools: move it into a property",
    (schema) => ["anyOf", "oneOf", "allOf"].some((key) => key in schema),
  ],
  [
    "a property's name that Claude refuses",
    "Letters, digits, _ . and -, 64 at most",
    (schema) =>
      !Object.keys(membersOf(schema["properties"])).every((name) => PROPERTY_NAME.test(name)),
  ],
];

/** Judges one call of a tool against Claude.ai's limits. */
export function judgeCall(tool: string, result: Members, tookMs: number): readonly Finding[] {
  const characters = JSON.stringify(result["content"] ?? result)?.length ?? 0;
  const text = `${tool}: ${(tookMs / 1000).toFixed(1)} s, ${characters} characters`;
  if (result["isError"] === true)
    return [
      warning(
        "call",
        `${text}, and it says that it failed`,
        "See its answer by another client, or with other --arguments",
      ),
    ];
  if (characters > RESULT_CHARACTERS)
    return [
      warning(
        "call",
        text,
        `Claude.ai cuts results after about ${RESULT_CHARACTERS} characters: let the tool page or shorten`,
      ),
    ];
  if (tookMs > CALL_MS / 2)
    return [warning("call", text, `Claude.ai ends a call after ${CALL_MS / 1000} s`)];
  return [ok("call", text)];
}
