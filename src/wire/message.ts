/**
 * Pure. One JSON-RPC message, read from bytes and written to bytes.
 *
 * Reading finds the envelope's members at depth one; writing rebuilds the envelope around the
 * untouched payload: `jsonrpc`, `id`, `method`, and params, result or error, nothing else, because
 * clients drop a whole message with an unknown envelope member and then hang (protocol.md 3.1).
 * @see https://www.jsonrpc.org/specification
 */
import { INVALID_REQUEST, PARSE_ERROR } from "./error-codes.ts";
import {
  MALFORMED,
  memberNamed,
  scanMembers,
  skipSpace,
  stringValue,
  TOO_DEEP,
  type Member,
} from "./json-scan.ts";
import { textOf } from "./key-text.ts";

export type MessageKind = "request" | "notification" | "result" | "error";

/** A message in the bytes it came in. */
export interface Message {
  readonly kind: MessageKind;
  /** The id as JSON text (`1`, `"1"`), so that type and number form survive; undefined without one. */
  readonly id: string | undefined;
  /** Requests and notifications only; "" on answers. */
  readonly method: string;
  /** params, result or error: a view of the bytes it came in; undefined when absent. */
  readonly payload: Uint8Array | undefined;
  /** Of a short message in ASCII only. */
  readonly plain?: Plain | undefined;
}

/** Bytes and the same as text, which is cheaper to pass on. */
export interface Plain {
  readonly bytes: Uint8Array;
  readonly text: string;
  /** The same parsed, where it was: an object. */
  readonly value?: Readonly<Record<string, unknown>>;
}

/** The text of bytes, unless they were replaced since it was read. */
export function plainOf(bytes: Uint8Array, plain: Plain | undefined): string | undefined {
  return plain?.bytes === bytes ? plain.text : undefined;
}

/** The object that the bytes stand for, if it was parsed and they were not replaced since. */
export function valueOf(
  bytes: Uint8Array,
  plain: Plain | undefined,
): Readonly<Record<string, unknown>> | undefined {
  return plain?.bytes === bytes ? plain.value : undefined;
}

export interface MessageFault {
  readonly code: number;
  readonly message: string;
  /** The id as JSON text where it could be read. */
  readonly id: string | undefined;
  /** It has no method, so it was meant to be an answer. */
  readonly isAnswer: boolean;
}

export type Parsed = { readonly message: Message } | { readonly fault: MessageFault };

/** Lines of children up to this size are checked by the JSON parser, longer ones by structure only. */
export const CHECKED_BYTES = 64 * 1024;

/** Longer messages are passed on as bytes. */
const MAX_TEXT_BYTES = 16 * 1024;

/** The text of a short message that is ASCII only, so that indices into one are those into the other. */
export function plainText(bytes: Uint8Array): string | undefined {
  if (bytes.length > MAX_TEXT_BYTES) return undefined;
  const text = textOf(bytes);
  // One character for each byte: ASCII, or a byte that is broken and was replaced.
  return text.length === bytes.length && !text.includes("\uFFFD") ? text : undefined;
}

/**
 * Reads one message; `maxDepth` caps the nesting. Never throws.
 * @param text its `plainText`, where the caller has it
 */
export function parseMessage(bytes: Uint8Array, maxDepth: number, text?: string): Parsed {
  const scan = scanMembers(bytes, 0, maxDepth);
  if (scan.end === TOO_DEEP) {
    return fault(INVALID_REQUEST, `Invalid request: JSON nests deeper than ${maxDepth} levels`);
  }
  if (scan.end === MALFORMED || skipSpace(bytes, scan.end) < bytes.length) {
    return isOtherJson(bytes)
      ? fault(INVALID_REQUEST, "Invalid request: a JSON-RPC message is an object")
      : fault(PARSE_ERROR, "Parse error: the text is no JSON");
  }
  return classify(bytes, scan.members, text);
}

function isOtherJson(bytes: Uint8Array): boolean {
  if (bytes.length > CHECKED_BYTES || bytes[skipSpace(bytes, 0)] === 0x7b) return false;
  return isJson(bytes);
}

/** True when the JSON parser accepts the bytes. */
export function isJson(bytes: Uint8Array, text = textOf(bytes)): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // The answer is the question: it is no JSON.
    return false;
  }
}

function classify(bytes: Uint8Array, members: readonly Member[], text?: string): Parsed {
  const idMember = memberNamed(members, "id");
  const id = idMember === undefined ? undefined : idText(bytes, idMember, text);
  const methodMember = memberNamed(members, "method");
  const refuse = (why: string): Parsed =>
    fault(INVALID_REQUEST, `Invalid request: ${why}`, id ?? undefined, methodMember === undefined);
  if (!hasVersion(bytes, memberNamed(members, "jsonrpc"))) {
    return refuse('"jsonrpc" must be "2.0"');
  }
  if (methodMember !== undefined) {
    const method = stringValue(bytes, methodMember, text);
    if (method === undefined) return refuse('"method" must be a string');
    if (id === null) return refuse('"id" must be a string or a number');
    const member = memberNamed(members, "params");
    const params = isNull(bytes, member) ? undefined : member;
    if (params !== undefined && bytes[params.start] !== 0x7b) {
      return refuse('"params" must be an object');
    }
    const kind = id === undefined ? "notification" : "request";
    return { message: { kind, id, method, ...payloadAt(bytes, params, text) } };
  }
  const pair = { result: memberNamed(members, "result"), error: memberNamed(members, "error") };
  // Servers written by hand name both and leave one of them null.
  const both = pair.result !== undefined && pair.error !== undefined;
  const result = both && isNull(bytes, pair.result) ? undefined : pair.result;
  const error = both && isNull(bytes, pair.error) ? undefined : pair.error;
  if ((result === undefined) === (error === undefined)) {
    return refuse('there is neither a "method" nor one of "result" and "error"');
  }
  if (id === null || id === undefined) {
    // 2025-11-25: the id of an error may be absent when the request could not be read.
    if (result !== undefined || (id === null && !isNull(bytes, idMember))) {
      return refuse('"id" must be a string or a number');
    }
  }
  return {
    message: {
      kind: result === undefined ? "error" : "result",
      id: id ?? undefined,
      method: "",
      ...payloadAt(bytes, result ?? error, text),
    },
  };
}

function isNull(bytes: Uint8Array, member: Member | undefined): boolean {
  return member !== undefined && bytes[member.start] === 0x6e;
}

function payloadAt(
  bytes: Uint8Array,
  member: Member | undefined,
  text: string | undefined,
): Pick<Message, "payload" | "plain"> {
  if (member === undefined) return { payload: undefined, plain: undefined };
  const payload = bytes.subarray(member.start, member.end);
  if (text === undefined) return { payload, plain: undefined };
  return { payload, plain: { bytes: payload, text: text.slice(member.start, member.end) } };
}

/** JSON text of a string or number id; null when the id is of another type or a broken string. */
function idText(bytes: Uint8Array, member: Member, text?: string): string | null {
  const first = bytes[member.start];
  const isNumber = first === 0x2d || (first !== undefined && first >= 0x30 && first <= 0x39);
  if (!isNumber && stringValue(bytes, member, text) === undefined) return null;
  return text?.slice(member.start, member.end) ?? textOf(bytes, member.start, member.end);
}

function hasVersion(bytes: Uint8Array, member: Member | undefined): boolean {
  return (
    member !== undefined &&
    member.end - member.start === 5 &&
    bytes[member.start] === 0x22 &&
    bytes[member.start + 1] === 0x32 &&
    bytes[member.start + 2] === 0x2e &&
    bytes[member.start + 3] === 0x30
  );
}

function fault(
  code: number,
  message: string,
  id?: string,
  isAnswer = false,
): { readonly fault: MessageFault } {
  return { fault: { code, message, id, isAnswer } };
}

/**
 * Two ids are one when type and value agree, however they are written (`1` and `1.0`). Integers of
 * any size stay apart. Never throws: a text that is no id is only equal to itself.
 */
export function idKey(id: string): string {
  const first = id.charCodeAt(0);
  if (first === 0x22) return id.includes("\\") ? stringKey(id) : id;
  if (/^(?:0|-?[1-9]\d*)$/.test(id)) return id;
  const value = Number(id);
  return Number.isNaN(value) ? id : String(value);
}

function stringKey(id: string): string {
  try {
    return JSON.stringify(JSON.parse(id));
  } catch {
    // A broken escape, inside a message too long to be checked: equal to no id that was read.
    return id;
  }
}

/** A message on its way out: text, untouched payload, text. Written as one unit. */
export interface Outgoing {
  readonly head: string;
  readonly payload: Uint8Array | undefined;
  readonly tail: string;
  /** Nobody else needs the payload: whoever has passed it on lets go of it. */
  readonly isLast?: boolean;
}

const PLAIN_METHOD = /^[\w/]+$/;
/** A request or notification. `id` and params that are no bytes are JSON text. */
export function outgoingCall(
  id: string | undefined,
  method: string,
  params: Uint8Array | string | undefined,
): Outgoing {
  const start = id === undefined ? '{"jsonrpc":"2.0"' : `{"jsonrpc":"2.0","id":${id}`;
  const named = `${start},"method":${PLAIN_METHOD.test(method) ? `"${method}"` : JSON.stringify(method)}`;
  if (params === undefined) return textOnly(`${named}}`);
  if (typeof params === "string") return textOnly(`${named},"params":${params}}`);
  return { head: `${named},"params":`, payload: params, tail: "}" };
}

/** An answer whose payload is a result or an error object. `id` and a payload that is no bytes are JSON text. */
export function outgoingAnswer(
  id: string,
  kind: "result" | "error",
  payload: Uint8Array | string,
): Outgoing {
  const head = `{"jsonrpc":"2.0","id":${id},"${kind}":`;
  return typeof payload === "string"
    ? textOnly(`${head}${payload}}`)
    : { head, payload, tail: "}" };
}

/** An answer made here. `result` is JSON text. */
export function textResult(id: string, result: string): Outgoing {
  return textOnly(`{"jsonrpc":"2.0","id":${id},"result":${result}}`);
}

/** An error made here; without an id (undefined) the member is left out, as transports refuse. */
export function textError(
  id: string | undefined,
  code: number,
  message: string,
  data?: unknown,
): Outgoing {
  const error = data === undefined ? { code, message } : { code, message, data };
  const start = id === undefined ? '{"jsonrpc":"2.0"' : `{"jsonrpc":"2.0","id":${id}`;
  return textOnly(`${start},"error":${JSON.stringify(error)}}`);
}

const textOnly = (head: string): Outgoing => ({ head, payload: undefined, tail: "" });

const encoder = new TextEncoder();

/** Bytes of `before + message + after`, copied once. */
export function encodeOutgoing(
  message: Outgoing,
  before = "",
  after = "",
): Uint8Array<ArrayBuffer> {
  const payload = message.payload;
  if (payload === undefined) return encoder.encode(before + message.head + message.tail + after);
  const head = encoder.encode(before + message.head);
  const tail = encoder.encode(message.tail + after);
  const whole = new Uint8Array(head.length + payload.length + tail.length);
  whole.set(head, 0);
  whole.set(payload, head.length);
  whole.set(tail, head.length + payload.length);
  return whole;
}

/** Bytes of JSON text. */
export function jsonBytes(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}
