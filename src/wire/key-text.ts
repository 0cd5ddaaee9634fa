/**
 * Pure. Keys of JSON members from bytes; those that the gateway looks for without decoding them.
 */

/** Keeps a byte order mark: without it, two different keys would read the same. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Text of `[start, end)`. */
export function textOf(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return decoder.decode(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end));
}

/** Keys that the gateway looks for, by length: found without decoding. */
const KNOWN_KEYS: readonly (readonly string[])[] = buildKnownKeys([
  "id",
  "uri",
  "name",
  "task",
  "_meta",
  "error",
  "tools",
  "level",
  "method",
  "params",
  "result",
  "cursor",
  "jsonrpc",
  "arguments",
  "requestId",
  "structuredContent",
  "content",
  "isError",
  "description",
  "inputSchema",
  "progressToken",
]);

function buildKnownKeys(keys: readonly string[]): string[][] {
  const byLength: string[][] = [];
  for (const key of keys) (byLength[key.length] ??= []).push(key);
  return byLength;
}

/** The key at `[start, end)`, between its quotes, unescaped. */
export function keyText(bytes: Uint8Array, start: number, end: number): string {
  const candidates = KNOWN_KEYS[end - start];
  if (candidates !== undefined) {
    next: for (const candidate of candidates) {
      for (let i = 0; i < candidate.length; i++) {
        if (bytes[start + i] !== candidate.charCodeAt(i)) continue next;
      }
      return candidate;
    }
  }
  const raw = textOf(bytes, start, end);
  if (!raw.includes("\\")) return raw;
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    // A broken escape cannot equal any name that we look for; the raw text keeps it distinct.
    return raw;
  }
}
