/**
 * Pure. Values of the headers that repeat parts of the body: Mcp-Method, Mcp-Name, Mcp-Param-*.
 *
 * Encodes and decodes them and says when two are equal; which header belongs to which part of the
 * body is said elsewhere. Names of headers are compared without case, their values with it.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#value-encoding
 */
import { HEADER_MISMATCH } from "../wire/error-codes.ts";
import type { Rejection } from "./classify.ts";

const PREFIX = "=?base64?";
const SUFFIX = "?=";

const encoder = new TextEncoder();
/** A byte order mark is part of the value. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The text that a header value stands for, outer blanks taken off.
 * @returns undefined for a value with a character that no header may have, and for Base64 that is
 * not exactly what an encoder writes: padded, of the standard alphabet, UTF-8 inside.
 */
export function decodeHeaderValue(value: string): string | undefined {
  const text = trimBlanks(value);
  if (!/^[\t\x20-\x7e]*$/.test(text)) return undefined;
  if (!looksEncoded(text)) return text;
  const payload = text.slice(PREFIX.length, -SUFFIX.length);
  const bytes = Buffer.from(payload, "base64");
  // The decoder skips what it does not know; only what it writes again the same was Base64.
  if (bytes.toString("base64") !== payload || text.length < PREFIX.length + SUFFIX.length) {
    return undefined;
  }
  try {
    return decoder.decode(bytes);
  } catch {
    // Not UTF-8: broken like a broken padding.
    return undefined;
  }
}

/** The header value for a text: itself where that is safe, else its UTF-8 in Base64. */
export function encodeHeaderValue(text: string): string {
  const isSafe = /^[\x20-\x7e]*$/.test(text) && trimBlanks(text) === text && !looksEncoded(text);
  return isSafe
    ? text
    : `${PREFIX}${Buffer.from(encoder.encode(text)).toString("base64")}${SUFFIX}`;
}

/** The two marks may share their question mark: nobody can tell what was meant, so both sides encode. */
function looksEncoded(text: string): boolean {
  return text.startsWith(PREFIX) && text.endsWith(SUFFIX);
}

/** Without the blanks that may stand around a header value (RFC 9110 5.5). */
export function trimBlanks(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start++;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Longer texts of numbers are compared as they stand: no safe integer needs more. */
const MAX_NUMBER_TEXT = 64;

/** True when both texts write the same number: `42`, `42.0` and `4.2e1` do. */
export function isSameNumber(one: string, other: string): boolean {
  if (one === other) return true;
  const key = numberKey(one);
  return key !== undefined && key === numberKey(other);
}

/** Equal for equal numbers, exact beyond what a double can hold; undefined for what is no number. */
function numberKey(text: string): string | undefined {
  if (text.length > MAX_NUMBER_TEXT) return undefined;
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (parts === null) return undefined;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = parts;
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  const shift = Number(exponent) - fraction.length + (digits.length - significant.length);
  return `${sign}${significant}e${shift}`;
}

/** A header that is missing, broken, or says something else than the body (400, HeaderMismatch). */
export function headerMismatch(why: string): Rejection {
  return { status: 400, code: HEADER_MISMATCH, message: `Header mismatch: ${why}` };
}

/** A value in the words of a refusal: quoted, and short whatever was sent. */
export function quoted(value: string): string {
  return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
}
