/**
 * Pure. JSON without the white space between its tokens: the form in which two texts of one value
 * are compared or hashed. Works on bytes, so that number forms, escapes and the order of members
 * stay as they were written; nothing is parsed and printed again.
 */
import { skipSpace, skipString } from "./json-scan.ts";

const QUOTE = 0x22;

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/**
 * The JSON text without insignificant white space; the same array when it has none. Never throws.
 * @param bytes well-formed JSON: in other text, what white space kept apart would run together
 */
export function minifyJson(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  let size = 0;
  let from = 0;
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] === QUOTE) {
      const end = skipString(bytes, at);
      at = end < 0 ? bytes.length : end;
    } else if (isSpace(bytes[at])) {
      out.set(bytes.subarray(from, at), size);
      size += at - from;
      at = skipSpace(bytes, at);
      from = at;
    } else {
      at++;
    }
  }
  if (from === 0) return bytes;
  out.set(bytes.subarray(from), size);
  return out.subarray(0, size + bytes.length - from);
}
