/**
 * What a message is, by the plain JSON parser and the text of the specification: the second opinion
 * that the program is measured against. Imports nothing of it.
 */

/** Any object. */
export type Members = Record<string, unknown>;

/** What was meant by one JSON value. */
export interface Expected {
  readonly kind: "request" | "notification" | "answer" | "invalid";
  /** The id where it can be read; undefined without one. */
  readonly id: string | number | undefined;
  readonly method: string | undefined;
  readonly params: Members | undefined;
}

/** What is no JSON. */
export const NO_JSON: unique symbol = Symbol("no JSON");

const CLAIM = "io.modelcontextprotocol/protocolVersion";

/** The value of a JSON text in bytes, or NO_JSON. A byte order mark makes it none. */
export function valueOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
  } catch {
    // That it is none is what was asked.
    return NO_JSON;
  }
}

/** True for an object that is no array. */
export function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Members of an object; none of anything else. */
export function membersOf(value: unknown): Members {
  return isObject(value) ? value : {};
}

/** Judges a value as a JSON-RPC message. */
export function expectedOf(value: unknown): Expected {
  const message = membersOf(value);
  const given = message["id"];
  const id = typeof given === "string" || typeof given === "number" ? given : undefined;
  const { method, params } = message;
  const invalid: Expected = { kind: "invalid", id, method: undefined, params: undefined };
  if (!isObject(value) || message["jsonrpc"] !== "2.0") return invalid;
  if ("method" in message) {
    const isFit = params === undefined || params === null || isObject(params);
    if (typeof method !== "string" || !isFit) return invalid;
    if ("id" in message && id === undefined) return invalid;
    const kind = id === undefined ? "notification" : "request";
    return { kind, id, method, params: isObject(params) ? params : undefined };
  }
  const both = "result" in message && "error" in message;
  const has = (key: string): boolean => key in message && !(both && message[key] === null);
  if (has("result") === has("error")) return invalid;
  const isUnnamed = !("id" in message) || given === null;
  if (id === undefined && (has("result") || !isUnnamed)) return invalid;
  return { kind: "answer", id, method: undefined, params: undefined };
}

/** True for a message with a claim to be modern in its own `_meta`. */
export function claimsModern({ params }: Expected): boolean {
  return Object.hasOwn(membersOf(params?.["_meta"]), CLAIM);
}

/** How deep a value nests: 0 for a scalar. */
export function depthOf(value: unknown): number {
  let depth = 0;
  let level: unknown[] = [value];
  for (;;) {
    level = level.filter((one) => typeof one === "object" && one !== null);
    if (level.length === 0) return depth;
    depth++;
    level = level.flatMap((one) => Object.values(one as object));
  }
}

/** Without these members. */
export function without(value: Members, isDropped: (key: string) => boolean): Members {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !isDropped(key)));
}

/** @throws Error that shows both, when they are not the same value. */
export function expectSame(actual: unknown, expected: unknown, what: string): void {
  if (Bun.deepEquals(actual, expected, true)) return;
  throw new Error(`${what}: got ${shown(actual)}, expected ${shown(expected)}`);
}

/** @throws Error unless it is true. */
export function expectTrue(isTrue: boolean, what: string): asserts isTrue {
  if (!isTrue) throw new Error(what);
}

/** A value for a message. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : Bun.inspect(value, { depth: 8 });
  return text.length > 1500 ? `${text.slice(0, 900)} … ${text.slice(-500)}` : text;
}
