/**
 * Pure. Memory of large messages, given back at once: the collector comes for it much later, and until
 * then a message of 10 MB holds several times its size.
 *
 * Only memory that was declared to be one message's own: a chunk of a pipe holds many lines.
 */

const LARGE_BYTES = 64 * 1024;
const own = new WeakSet<ArrayBufferLike>();

/** Declares that the memory of these bytes belongs to one message. */
export function declareOwn(bytes: Uint8Array): Uint8Array {
  if (bytes.length >= LARGE_BYTES) own.add(bytes.buffer);
  return bytes;
}

/** Gives back a message's own memory. Bytes in it are empty from then on. */
export function letGo({ buffer }: Uint8Array): void {
  if (own.delete(buffer)) free(buffer);
}

/** Gives back the memory of bytes that are all that is in it. */
export function letGoOfWhole({ buffer, byteLength }: Uint8Array): void {
  if (byteLength === buffer.byteLength && byteLength >= LARGE_BYTES) free(buffer);
}

function free(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
