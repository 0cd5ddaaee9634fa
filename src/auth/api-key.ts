/**
 * Pure. What an API key looks like: `mgk_{id}_{secret}{check}`. The id may be shown and finds the
 * key; the secret has 256 random bits; the check tells a mistyped key from a wrong one and lets
 * scanners for leaked secrets be sure of what they found.
 */

const PREFIX = "mgk_";
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_LENGTH = 10;
/** 62 ** 43 is more than 2 ** 256, and 62 ** 6 more than 2 ** 32. */
const SECRET_LENGTH = 43;
const CHECK_LENGTH = 6;
const ID_BYTES = 7;
const SECRET_BYTES = 32;
const FORM = new RegExp(
  `^${PREFIX}([0-9A-Za-z]{${ID_LENGTH}})_[0-9A-Za-z]{${SECRET_LENGTH + CHECK_LENGTH}}$`,
);

/** A key that was just made: the only time that the text is known. */
export interface NewKey {
  readonly id: string;
  readonly text: string;
}

/** Makes one. `random` gives that many bytes that nobody can guess. */
export function createApiKey(random: (bytes: number) => Uint8Array): NewKey {
  const id = base62(random(ID_BYTES), ID_LENGTH);
  const body = `${PREFIX}${id}_${base62(random(SECRET_BYTES), SECRET_LENGTH)}`;
  return { id, text: body + checkOf(body) };
}

/** True for what is meant as a key of ours, whether or not it is whole. */
export function isApiKey(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** The id of a key; undefined for what is none, was cut or was mistyped. */
export function idOfApiKey(text: string): string | undefined {
  const id = FORM.exec(text)?.[1];
  if (id === undefined) return undefined;
  return checkOf(text.slice(0, -CHECK_LENGTH)) === text.slice(-CHECK_LENGTH) ? id : undefined;
}

function checkOf(body: string): string {
  const sum = crc32(body);
  return base62(Uint8Array.of(sum >>> 24, sum >>> 16, sum >>> 8, sum), CHECK_LENGTH);
}

function base62(bytes: Uint8Array, length: number): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let text = "";
  for (let at = 0; at < length; at++) {
    text = (DIGITS[Number(value % 62n)] ?? "") + text;
    value /= 62n;
  }
  return text;
}

/** CRC-32 as zip and PNG have it, of ASCII. */
function crc32(text: string): number {
  let sum = ~0;
  for (let at = 0; at < text.length; at++) {
    sum ^= text.charCodeAt(at);
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}
