/**
 * Pure. Bytes as text of `A-Za-z0-9_-` (RFC 4648 section 5, without padding).
 */

/** The bytes as base64url. */
export function base64Url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
