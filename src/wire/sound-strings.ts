/**
 * Pure. Whether the strings of a long JSON text are sound inside, once its structure is known to be:
 * no control characters, and no escape that JSON has not. Nothing is decoded or copied, since these
 * texts are megabytes.
 * @see https://www.rfc-editor.org/rfc/rfc8259#section-7
 */

const BACKSLASH = 0x5c;
const LOWER_U = 0x75;
/** What may follow a backslash, but for `u`: " \ / b f n r t */
const ESCAPED: ReadonlySet<number> = new Set([0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74]);
/** With more of them the JSON parser is faster. */
const MAX_ESCAPES = 4_000;
const LANES = 4;

/**
 * True or false for a text whose structure was checked; undefined where only the JSON parser can
 * tell: with line breaks or tabs, which may stand between tokens, or with very many escapes.
 */
export function hasSoundStrings(bytes: Uint8Array): boolean | undefined {
  return hasControls(bytes) ? undefined : hasSoundEscapes(bytes);
}

/** Any byte below 0x20; four words at a time, as bits: `(v - 0x20…) & ~v & 0x80…` has one for each. */
function hasControls(bytes: Uint8Array): boolean {
  const { buffer, byteOffset, length } = bytes;
  const start = Math.min(length, (4 - (byteOffset & 3)) & 3);
  const words = new Int32Array(buffer, byteOffset + start, (length - start) >> 2);
  const whole = words.length - (words.length % LANES);
  let found = 0;
  for (let at = 0; at < whole; at += LANES) {
    const a = words[at] ?? 0;
    const b = words[at + 1] ?? 0;
    const c = words[at + 2] ?? 0;
    const d = words[at + 3] ?? 0;
    found |=
      ((a - 0x20202020) & ~a) |
      ((b - 0x20202020) & ~b) |
      ((c - 0x20202020) & ~c) |
      ((d - 0x20202020) & ~d);
  }
  if ((found & 0x80808080) !== 0) return true;
  for (let at = 0; at < start; at++) if ((bytes[at] ?? 0) < 0x20) return true;
  for (let at = start + whole * 4; at < length; at++) if ((bytes[at] ?? 0) < 0x20) return true;
  return false;
}

/** Backslashes stand in strings only, else the structure would not be one. */
function hasSoundEscapes(bytes: Uint8Array): boolean | undefined {
  let at = bytes.indexOf(BACKSLASH);
  for (let count = 0; at >= 0; count++) {
    if (count > MAX_ESCAPES) return undefined;
    const next = bytes[at + 1] ?? 0;
    if (next === LOWER_U) {
      for (let digit = 2; digit < 6; digit++) if (!isHex(bytes[at + digit])) return false;
    } else if (!ESCAPED.has(next)) return false;
    at = bytes.indexOf(BACKSLASH, at + 2);
  }
  return true;
}

function isHex(byte = 0): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x46) ||
    (byte >= 0x61 && byte <= 0x66)
  );
}
