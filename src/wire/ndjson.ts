/**
 * Pure. Bytes into lines, as the stdio transport frames them: one message a line, split on bytes,
 * so a multi-byte character on a chunk border stays whole. Pieces are joined once.
 *
 * Owns the unfinished line of one stream. A line over the cap is dropped and reported when it
 * ends; memory never holds more than the cap.
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#stdio
 */
import { textOf } from "./key-text.ts";
import { declareOwn, letGoOfWhole } from "./let-go.ts";

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export interface LineSink {
  /** One line without its line break; never empty. The bytes belong to the receiver. */
  line(bytes: Uint8Array): void;
  /** A line of `size` bytes was longer than the cap; `head` and `tail` are its two ends. */
  tooLong(head: Uint8Array, tail: Uint8Array, size: number): void;
}

/** Bytes at both ends of an over-long line that are kept to find out whose answer it was. */
const END_BYTES = 4096;

export class LineSplitter {
  readonly #maxBytes: number;
  readonly #sink: LineSink;
  #pieces: Uint8Array[] = [];
  #size = 0;
  #head: Uint8Array | undefined;
  #tail: Uint8Array = NOTHING;

  constructor(maxBytes: number, sink: LineSink) {
    this.#maxBytes = maxBytes;
    this.#sink = sink;
  }

  /** Takes the next chunk, which is its own from then on, and hands out every line that it ends. */
  push(chunk: Uint8Array): void {
    let from = 0;
    for (;;) {
      const at = chunk.indexOf(LINE_FEED, from);
      if (at < 0) break;
      if (this.#size === 0) this.#deliver(chunk.subarray(from, at));
      else {
        this.#keep(chunk.subarray(from, at));
        this.#flush();
      }
      from = at + 1;
    }
    if (from < chunk.length) this.#keep(from === 0 ? chunk : chunk.subarray(from));
  }

  /** The stream has ended: what is left is the last line. */
  end(): void {
    if (this.#size > 0) this.#flush();
  }

  #keep(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#size += piece.length;
    this.#pieces.push(piece);
    if (this.#size <= this.#maxBytes) return;
    // A chunk may end anywhere: the two ends of the line can lie in many pieces.
    const head = this.#head ?? NOTHING;
    if (head.length < END_BYTES) this.#head = firstBytes([head, ...this.#pieces]);
    this.#tail = lastBytes([this.#tail, ...this.#pieces]);
    this.#pieces = [];
  }

  #flush(): void {
    const pieces = this.#pieces;
    const size = this.#size;
    const head = this.#head;
    const tail = this.#tail;
    this.#pieces = [];
    this.#size = 0;
    this.#head = undefined;
    this.#tail = NOTHING;
    if (head !== undefined) {
      this.#sink.tooLong(head, tail, size);
      return;
    }
    const only = pieces.length === 1 ? pieces[0] : undefined;
    this.#deliver(only ?? joined(pieces));
  }

  #deliver(line: Uint8Array): void {
    if (line.length > this.#maxBytes) {
      this.#sink.tooLong(line.slice(0, END_BYTES), line.slice(-END_BYTES), line.length);
      return;
    }
    const last = line.length - 1;
    const bare = line[last] === CARRIAGE_RETURN ? line.subarray(0, last) : line;
    if (bare.length > 0) this.#sink.line(bare);
  }
}

const NOTHING = new Uint8Array(0);

/** The pieces as one; what they were is given back. */
function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = declareOwn(join(pieces));
  pieces.forEach(letGoOfWhole);
  return whole;
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
  // Not filled with zeros first: every byte of it is written below.
  const whole = new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Copy of the first END_BYTES of the pieces. */
function firstBytes(pieces: readonly Uint8Array[]): Uint8Array {
  const taken: Uint8Array[] = [];
  let room = END_BYTES;
  for (const piece of pieces) {
    if (room === 0) break;
    const part = piece.subarray(0, room);
    taken.push(part);
    room -= part.length;
  }
  return join(taken);
}

/** Copy of the last END_BYTES of the pieces. */
function lastBytes(pieces: readonly Uint8Array[]): Uint8Array {
  const taken: Uint8Array[] = [];
  let room = END_BYTES;
  for (let i = pieces.length - 1; i >= 0 && room > 0; i--) {
    const piece = pieces[i] ?? NOTHING;
    const part = piece.subarray(Math.max(0, piece.length - room));
    taken.push(part);
    room -= part.length;
  }
  return join(taken.reverse());
}

/** The line's beginning as text, for a log line. */
export function sampleOf(line: Uint8Array, maxBytes = 200): string {
  return textOf(line, 0, Math.min(line.length, maxBytes));
}
