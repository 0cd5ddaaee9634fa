/**
 * Pure. Reads the messages that nearly all programs write: short, in ASCII, their members in one of
 * the orders of the official SDKs. The JSON parser then does all of the work; whatever looks
 * different in any way is left to `parseMessage`.
 *
 * Head, payload and tail make up the whole text, and the payload is one JSON object: so the text is
 * valid JSON with these members and no others.
 */
import type { Message, Plain } from "./message.ts";

/** A text nests at most half as deep as it is long; in one that is longer the levels are counted. */
const CHARS_A_LEVEL = 2;
const ID = '(0|[1-9]\\d{0,14}|"[\\w-]{1,100}")';
const CALL_HEAD = new RegExp(
  `^\\{"jsonrpc":"2\\.0","id":${ID},"method":"([\\w/]+)","params":(?=\\{)`,
);
const ANSWER_HEAD = new RegExp(`^\\{"jsonrpc":"2\\.0","id":${ID},"result":(?=\\{)`);
const METHOD_HEAD = /^\{"method":"([\w/]+)","params":(?=\{)/;
const RESULT_HEAD = '{"result":{';
const ENVELOPE = ',"jsonrpc":"2.0","id":';
const ENVELOPE_END = new RegExp(`^${ID}\\}$`);

/**
 * The message of a text and its bytes, of which each is one character; undefined when it is not of
 * the usual form, whatever it is.
 */
export function readShort(bytes: Uint8Array, text: string, maxDepth: number): Message | undefined {
  if (text.includes("\n") || text.includes("\r")) return undefined;
  const message = text.startsWith('{"j') ? envelopeFirst(bytes, text) : envelopeLast(bytes, text);
  const isFlat = text.length <= maxDepth * CHARS_A_LEVEL;
  return isFlat || nestsWithin(message?.plain?.value, maxDepth - 1) ? message : undefined;
}

/** Whether a value has no more containers in one another than `levels`. */
function nestsWithin(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (levels === 0) return false;
  const inner = Array.isArray(value) ? (value as unknown[]) : Object.values(value);
  return inner.every((one) => nestsWithin(one, levels - 1));
}

function envelopeFirst(bytes: Uint8Array, text: string): Message | undefined {
  if (!text.endsWith("}")) return undefined;
  const end = text.length - 1;
  const answer = ANSWER_HEAD.exec(text);
  if (answer !== null) {
    const plain = payloadAt(bytes, text, answer[0].length, end);
    return plain && { kind: "result", id: answer[1], method: "", payload: plain.bytes, plain };
  }
  const call = CALL_HEAD.exec(text);
  if (call === null) return undefined;
  const [head, id, method = ""] = call;
  const plain = payloadAt(bytes, text, head.length, end);
  return plain && { kind: "request", id, method, payload: plain.bytes, plain };
}

function envelopeLast(bytes: Uint8Array, text: string): Message | undefined {
  const end = text.lastIndexOf(ENVELOPE);
  if (end < 0) return undefined;
  const id = ENVELOPE_END.exec(text.slice(end + ENVELOPE.length))?.[1];
  if (id === undefined) return undefined;
  if (text.startsWith(RESULT_HEAD)) {
    const plain = payloadAt(bytes, text, RESULT_HEAD.length - 1, end);
    return plain && { kind: "result", id, method: "", payload: plain.bytes, plain };
  }
  const head = METHOD_HEAD.exec(text);
  if (head === null) return undefined;
  const plain = payloadAt(bytes, text, head[0].length, end);
  return plain && { kind: "request", id, method: head[1] ?? "", payload: plain.bytes, plain };
}

function payloadAt(
  bytes: Uint8Array,
  whole: string,
  start: number,
  end: number,
): Plain | undefined {
  const text = whole.slice(start, end);
  try {
    const value = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return { bytes: bytes.subarray(start, end), text, value };
  } catch {
    // Another form, or no JSON at all: whoever reads it next says which.
    return undefined;
  }
}

const META = ',"_meta":{';

/** Params whose `_meta` is written last, in two: JSON text of the object without it, and of `_meta`. */
export interface SplitParams {
  readonly rest: string;
  readonly meta: string;
}

/**
 * Splits the text of params that were parsed. Correct once `meta` is known to be an object's whole
 * text: what stands between a comma and a quote is no part of a string, and what ends right before
 * the last brace is a member of the outermost object.
 */
export function splitMeta({ text, value }: Plain): SplitParams | undefined {
  const at = value === undefined ? -1 : text.lastIndexOf(META);
  if (at < 0 || !text.endsWith("}}")) return undefined;
  const rest = `${text.slice(0, at)}}`;
  // Another `_meta` before it, however it is written, is looked at with care.
  if (rest.includes("_meta") || rest.includes("\\u")) return undefined;
  return { rest, meta: text.slice(at + META.length - 1, -1) };
}
