/**
 * Pure. Finds values in the bytes of a JSON text without building them.
 *
 * Bytes stay bytes on the data path: members are found at the depth where they count, so an `"id"`
 * inside arguments is never taken for the message's id, and number forms and unknown members
 * survive because nobody parses and prints them again. Structure is checked (brackets, commas,
 * literals, depth); the inside of long strings is not (see `parseMessage` for small messages).
 */
import { keyText, textOf } from "./key-text.ts";

/** The text is no JSON value. */
export const MALFORMED = -1;
/** The text nests deeper than the given cap. */
export const TOO_DEEP = -2;

/**
 * The highest cap that can be configured. For readers of what was held to the cap when it came in:
 * a lower one would hide members, and with them tools from a filter, or roots from a policy.
 */
export const MAX_DEPTH = 10_000;

/** One member of an object: `key` unescaped, the value at `[start, end)`, the key's quote at `keyStart`. */
export interface Member {
  readonly key: string;
  readonly keyStart: number;
  readonly start: number;
  readonly end: number;
}

/** A value at `[start, end)`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/** Bytes of a string that are walked one by one before the native search takes over. */
const WALK_BYTES = 64;

/** Index of the first byte at or after `index` that is no JSON white space. */
export function skipSpace(bytes: Uint8Array, index: number): number {
  let at = index;
  for (;;) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at++;
  }
}

/** Index after the string whose opening quote is at `index`, or MALFORMED. */
export function skipString(bytes: Uint8Array, index: number): number {
  const length = bytes.length;
  let at = index + 1;
  for (;;) {
    const stop = at + WALK_BYTES < length ? at + WALK_BYTES : length;
    while (at < stop) {
      const byte = bytes[at];
      if (byte === QUOTE) return at + 1;
      at += byte === BACKSLASH ? 2 : 1;
    }
    if (at >= length) return MALFORMED;
    const quote = bytes.indexOf(QUOTE, at);
    if (quote < 0) return MALFORMED;
    let slash = quote;
    while (slash > at && bytes[slash - 1] === BACKSLASH) slash--;
    if (((quote - slash) & 1) === 0) return quote + 1;
    at = quote + 1;
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function skipNumber(bytes: Uint8Array, index: number): number {
  let at = index;
  if (bytes[at] === 0x2d) at++;
  if (bytes[at] === 0x30) at++;
  else if (isDigit(bytes[at])) while (isDigit(bytes[at])) at++;
  else return MALFORMED;
  if (bytes[at] === 0x2e) {
    at++;
    if (!isDigit(bytes[at])) return MALFORMED;
    while (isDigit(bytes[at])) at++;
  }
  if (bytes[at] === 0x65 || bytes[at] === 0x45) {
    at++;
    if (bytes[at] === 0x2b || bytes[at] === 0x2d) at++;
    if (!isDigit(bytes[at])) return MALFORMED;
    while (isDigit(bytes[at])) at++;
  }
  return at;
}

function skipWord(bytes: Uint8Array, index: number, word: string): number {
  for (let i = 0; i < word.length; i++) {
    if (bytes[index + i] !== word.charCodeAt(i)) return MALFORMED;
  }
  return index + word.length;
}

function skipScalar(bytes: Uint8Array, index: number): number {
  switch (bytes[index]) {
    case 0x74:
      return skipWord(bytes, index, "true");
    case 0x66:
      return skipWord(bytes, index, "false");
    case 0x6e:
      return skipWord(bytes, index, "null");
    default:
      return skipNumber(bytes, index);
  }
}

/** Index after `"key" :`, the key's opening quote at `index`, or MALFORMED. */
function skipKey(bytes: Uint8Array, index: number): number {
  if (bytes[index] !== QUOTE) return MALFORMED;
  const end = skipString(bytes, index);
  if (end < 0) return MALFORMED;
  const colon = skipSpace(bytes, end);
  return bytes[colon] === COLON ? colon + 1 : MALFORMED;
}

/** Index after the value that begins at or after `index`; MALFORMED or TOO_DEEP when there is none. */
export function skipValue(bytes: Uint8Array, index: number, maxDepth: number): number {
  const closers: number[] = [];
  let at = index;
  for (;;) {
    at = skipSpace(bytes, at);
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = skipString(bytes, at);
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (closers.length >= maxDepth) return TOO_DEEP;
      const closer = byte === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_ARRAY;
      at = skipSpace(bytes, at + 1);
      if (bytes[at] === closer) {
        at++;
      } else {
        closers.push(closer);
        if (closer === CLOSE_OBJECT) at = skipKey(bytes, at);
        if (at < 0) return MALFORMED;
        continue;
      }
    } else {
      at = skipScalar(bytes, at);
    }
    if (at < 0) return MALFORMED;
    for (;;) {
      const closer = closers[closers.length - 1];
      if (closer === undefined) return at;
      at = skipSpace(bytes, at);
      if (bytes[at] === closer) {
        closers.pop();
        at++;
        continue;
      }
      if (bytes[at] !== COMMA) return MALFORMED;
      at++;
      if (closer === CLOSE_OBJECT) {
        at = skipKey(bytes, skipSpace(bytes, at));
        if (at < 0) return MALFORMED;
      }
      break;
    }
  }
}

/**
 * Members of the object that begins at or after `index`, in order.
 * @returns undefined when there is no well-formed object there, or it nests deeper than `maxDepth`.
 */
export function objectMembers(
  bytes: Uint8Array,
  index: number,
  maxDepth: number,
): Member[] | undefined {
  const scan = scanMembers(bytes, index, maxDepth);
  return scan.end < 0 ? undefined : scan.members;
}

/** The same with the index after the object, or MALFORMED or TOO_DEEP in `end`. */
export function scanMembers(
  bytes: Uint8Array,
  index: number,
  maxDepth: number,
): { readonly members: Member[]; readonly end: number } {
  const members: Member[] = [];
  let at = skipSpace(bytes, index);
  if (bytes[at] !== OPEN_OBJECT) return { members, end: MALFORMED };
  at = skipSpace(bytes, at + 1);
  if (bytes[at] === CLOSE_OBJECT) return { members, end: at + 1 };
  for (;;) {
    const keyStart = at;
    const afterKey = skipKey(bytes, at);
    if (afterKey < 0) return { members, end: MALFORMED };
    const keyEnd = bytes.lastIndexOf(QUOTE, afterKey - 1);
    const start = skipSpace(bytes, afterKey);
    const end = skipValue(bytes, start, maxDepth - 1);
    if (end < 0) return { members, end };
    members.push({ key: keyText(bytes, keyStart + 1, keyEnd), keyStart, start, end });
    at = skipSpace(bytes, end);
    if (bytes[at] === CLOSE_OBJECT) return { members, end: at + 1 };
    if (bytes[at] !== COMMA) return { members, end: MALFORMED };
    at = skipSpace(bytes, at + 1);
  }
}

/** Elements of the array that begins at or after `index`; undefined when there is no well-formed one. */
export function arrayElements(
  bytes: Uint8Array,
  index: number,
  maxDepth: number,
): Span[] | undefined {
  const elements: Span[] = [];
  let at = skipSpace(bytes, index);
  if (bytes[at] !== OPEN_ARRAY) return undefined;
  at = skipSpace(bytes, at + 1);
  if (bytes[at] === CLOSE_ARRAY) return elements;
  for (;;) {
    const start = skipSpace(bytes, at);
    const end = skipValue(bytes, start, maxDepth - 1);
    if (end < 0) return undefined;
    elements.push({ start, end });
    at = skipSpace(bytes, end);
    if (bytes[at] === CLOSE_ARRAY) return elements;
    if (bytes[at] !== COMMA) return undefined;
    at++;
  }
}

/** The last member called `key` (parsers keep the last of two), or undefined. */
export function memberNamed(members: readonly Member[], key: string): Member | undefined {
  for (let i = members.length - 1; i >= 0; i--) {
    const member = members[i];
    if (member !== undefined && member.key === key) return member;
  }
  return undefined;
}

/** Neither an escape nor a control character, which no string may have. */
const PLAIN_STRING = /^[\x20-\x5b\x5d-\x7e]*$/;

/**
 * The string value at `[start, end)`, or undefined when it is no string.
 * @param text the same bytes as text, when they are ASCII only
 */
export function stringValue(
  bytes: Uint8Array,
  span: Span | undefined,
  text?: string,
): string | undefined {
  if (span === undefined || bytes[span.start] !== QUOTE) return undefined;
  if (text !== undefined) {
    const inner = text.slice(span.start + 1, span.end - 1);
    if (PLAIN_STRING.test(inner)) return inner;
  }
  try {
    const value: unknown = JSON.parse(textOf(bytes, span.start, span.end));
    return typeof value === "string" ? value : undefined;
  } catch {
    // A broken escape: there is no string here, and the caller treats it as absent.
    return undefined;
  }
}
