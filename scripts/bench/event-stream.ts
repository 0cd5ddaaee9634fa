/**
 * Takes a chunked event stream apart: data of each event, as bytes, in order.
 */
export class EventStream {
  readonly #onData: (data: Buffer) => void;
  #raw: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];
  /** Bytes that the current chunk still has; with its two at the end. */
  #left = 0;

  constructor(onData: (data: Buffer) => void) {
    this.#onData = onData;
  }

  /** Takes bytes as they came from the socket. */
  push(bytes: Buffer): void {
    this.#raw = this.#raw.length === 0 ? bytes : Buffer.concat([this.#raw, bytes]);
    let at = 0;
    while (at < this.#raw.length) {
      if (this.#left === 0) {
        const end = this.#raw.indexOf("\r\n", at);
        if (end < 0) break;
        this.#left = Number.parseInt(this.#raw.toString("latin1", at, end), 16) + 2;
        at = end + 2;
        continue;
      }
      const piece = this.#raw.subarray(at, at + this.#left);
      at += piece.length;
      this.#left -= piece.length;
      const body = this.#left < 2 ? piece.subarray(0, piece.length - (2 - this.#left)) : piece;
      if (body.length > 0) this.#take(body);
    }
    this.#raw = this.#raw.subarray(at);
  }

  #take(piece: Buffer): void {
    this.#parts.push(piece);
    // An event ends with an empty line, which writers put at the end of a chunk.
    if (
      !piece.subarray(-2).equals(Buffer.from("\n\n")) &&
      !piece.subarray(-4).equals(Buffer.from("\r\n\r\n"))
    )
      return;
    const all = this.#parts.length === 1 ? piece : Buffer.concat(this.#parts);
    this.#parts = [];
    let at = 0;
    while (at < all.length) {
      const dataAt = all.indexOf("data:", at);
      if (dataAt < 0) return;
      const end = all.indexOf(10, dataAt);
      const from = all[dataAt + 5] === 0x20 ? dataAt + 6 : dataAt + 5;
      this.#onData(all.subarray(from, all[end - 1] === 13 ? end - 1 : end));
      at = end + 1;
    }
  }
}
