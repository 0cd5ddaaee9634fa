/**
 * Pure. Params of a legacy client on their way to a legacy child: what is reserved for other eras
 * is taken out (protocol.md 3.1), the tool name and the progress token are replaced, the rest of
 * the bytes stays.
 */
import { memberNamed, objectMembers, stringValue, type Member } from "../wire/json-scan.ts";
import { textOf } from "../wire/key-text.ts";
import { jsonBytes, plainOf, valueOf, type Plain } from "../wire/message.ts";
import { applyEdits, progressTokenOf, type Edit } from "../wire/splice.ts";

const RESERVED_PREFIX = "io.modelcontextprotocol/";
/** Legacy core tasks use this one (2025-11-25 basic/utilities/tasks). */
const RELATED_TASK = "io.modelcontextprotocol/related-task";

/** Members that mean something on the modern wire only. */
const MODERN_ONLY: ReadonlySet<string> = new Set(["inputResponses", "requestState"]);

export interface ClientParams {
  readonly bytes: Uint8Array;
  readonly members: readonly Member[];
  /** JSON text of the client's progress token. */
  readonly progressToken: string | undefined;
  readonly plain?: Plain | undefined;
}

/**
 * Reads params and takes out what a legacy client may not say.
 * @param dropTask also takes `task` out: a shared child keeps no tasks for one client.
 */
export function readClientParams(
  params: Uint8Array,
  dropTask: boolean,
  maxDepth: number,
  plain?: Plain,
): ClientParams {
  const value = valueOf(params, plain);
  if (value !== undefined && isHarmless(value, dropTask))
    return new ShortParams(params, plain, maxDepth);
  const members = objectMembers(params, 0, maxDepth) ?? [];
  const text = plainOf(params, plain);
  const cleaned = withoutReserved(params, members, { dropTask, maxDepth, text });
  if (cleaned === undefined) {
    return {
      bytes: params,
      members,
      progressToken: progressTokenOf(params, members, maxDepth)?.text,
      plain,
    };
  }
  const { bytes } = cleaned;
  const hasToken = value === undefined || mayHaveToken(value);
  if (!hasToken) return new ShortParams(bytes, cleaned.plain, maxDepth);
  const kept = objectMembers(bytes, 0, maxDepth) ?? [];
  const progressToken = progressTokenOf(bytes, kept, maxDepth)?.text;
  return { bytes, members: kept, progressToken, plain: cleaned.plain };
}

function mayHaveToken(value: Readonly<Record<string, unknown>>): boolean {
  const meta = value["_meta"];
  return typeof meta === "object" && meta !== null && "progressToken" in meta;
}

interface Cleaning {
  readonly dropTask: boolean;
  readonly maxDepth: number;
  /** The params as text, where that is known. */
  readonly text: string | undefined;
}

/** There is nothing in it to take out, and no token. */
function isHarmless(value: Readonly<Record<string, unknown>>, dropTask: boolean): boolean {
  for (const key in value) {
    if (key === "_meta" || MODERN_ONLY.has(key) || (dropTask && key === "task")) return false;
  }
  return true;
}

/** Params whose members nobody may ask for. */
class ShortParams implements ClientParams {
  readonly bytes: Uint8Array;
  readonly progressToken = undefined;
  readonly plain: Plain | undefined;
  readonly #maxDepth: number;

  constructor(bytes: Uint8Array, plain: Plain | undefined, maxDepth: number) {
    this.bytes = bytes;
    this.plain = plain;
    this.#maxDepth = maxDepth;
  }

  get members(): readonly Member[] {
    return objectMembers(this.bytes, 0, this.#maxDepth) ?? [];
  }
}

function withoutReserved(
  params: Uint8Array,
  members: readonly Member[],
  { dropTask, maxDepth, text }: Cleaning,
): { readonly bytes: Uint8Array; readonly plain: Plain | undefined } | undefined {
  const isDropped = (member: Member): boolean =>
    MODERN_ONLY.has(member.key) || (dropTask && member.key === "task");
  const meta = memberNamed(members, "_meta");
  const inner = meta === undefined ? [] : (objectMembers(params, meta.start, maxDepth) ?? []);
  const isReserved = (member: Member): boolean =>
    member.key.startsWith(RESERVED_PREFIX) && member.key !== RELATED_TASK;
  // Of two `_meta` the last counts here; the first would count with other parsers.
  const isTwin = (member: Member): boolean => member.key === "_meta" && member !== meta;
  const isOut = (member: Member): boolean => isDropped(member) || isTwin(member);
  if (!members.some(isOut) && !inner.some(isReserved)) return undefined;
  const written = ({ keyStart, end }: Member): string =>
    text?.slice(keyStart, end) ?? textOf(params, keyStart, end);
  const texts: string[] = [];
  for (const member of members) {
    if (isOut(member)) continue;
    const isMeta = member === meta && inner.length > 0;
    const kept = isMeta ? inner.filter((one) => !isReserved(one)) : [];
    texts.push(isMeta ? `"_meta":{${kept.map(written).join(",")}}` : written(member));
  }
  const clean = `{${texts.join(",")}}`;
  const bytes = jsonBytes(clean);
  return { bytes, plain: text === undefined ? undefined : { bytes, text: clean } };
}

/** The `name` of params, or undefined. */
export function nameOf(params: ClientParams): string | undefined {
  const value = valueOf(params.bytes, params.plain);
  if (value !== undefined) return typeof value["name"] === "string" ? value["name"] : undefined;
  return stringValue(
    params.bytes,
    memberNamed(params.members, "name"),
    plainOf(params.bytes, params.plain),
  );
}

/** Whether the params ask for a further page of a list. */
export function hasCursor(params: ClientParams): boolean {
  const value = valueOf(params.bytes, params.plain);
  if (value !== undefined) return Object.hasOwn(value, "cursor");
  return memberNamed(params.members, "cursor") !== undefined;
}

/** Params for the child, with its own progress token and the tool's own name in place. */
export function toChildParams(
  params: ClientParams,
  replacement: { readonly name?: string; readonly token: string },
  maxDepth: number,
): Uint8Array {
  const edits: Edit[] = [];
  const name = memberNamed(params.members, "name");
  if (replacement.name !== undefined && name !== undefined) {
    edits.push({ start: name.start, end: name.end, text: JSON.stringify(replacement.name) });
  }
  if (params.progressToken !== undefined) {
    const token = progressTokenOf(params.bytes, params.members, maxDepth);
    if (token !== undefined) {
      edits.push({ start: token.span.start, end: token.span.end, text: replacement.token });
    }
  }
  return applyEdits(
    params.bytes,
    edits.sort((a, b) => a.start - b.start),
  );
}

/** Params of `notifications/progress` with the client's own token in place of ours. */
export function restoreProgressToken(
  params: Uint8Array,
  token: string,
  maxDepth: number,
): Uint8Array {
  const member = memberNamed(objectMembers(params, 0, maxDepth) ?? [], "progressToken");
  if (member === undefined) return params;
  return applyEdits(params, [{ start: member.start, end: member.end, text: token }]);
}
