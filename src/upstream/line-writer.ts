/**
 * Owns the order of lines into one child's stdin: the per-server mutex.
 *
 * Whole lines, one at a time, with the pipe's backpressure awaited. It never serialises requests:
 * the lock is held until the kernel took the line, not until the answer came. What waits is capped
 * by the caller's in-flight limit and, for everything else, by `maxWaiting`.
 */
import { Mutex } from "../kernel/mutex.ts";
import type { Incarnation } from "../supervisor/model.ts";
import { letGo } from "../wire/let-go.ts";
import { plainText, type Outgoing } from "../wire/message.ts";

/** Lines that may wait for a child that does not read, and their bytes. */
const MAX_WAITING = 4096;
const MAX_WAITING_BYTES = 256 * 1024 * 1024;

export class LineWriter {
  readonly #mutex = new Mutex();
  readonly #incarnation: Incarnation;
  readonly #onWrite: ((message: Outgoing) => void) | undefined;
  #waiting = 0;
  #waitingBytes = 0;
  #closed = false;

  constructor(incarnation: Incarnation, onWrite?: (message: Outgoing) => void) {
    this.#incarnation = incarnation;
    this.#onWrite = onWrite;
  }

  /** The child is gone: nothing is written any more. */
  close(): void {
    this.#closed = true;
  }

  /**
   * Writes the message as one line.
   * @returns false when it was dropped, because the child is gone or has not read for too long.
   */
  write(message: Outgoing): boolean {
    if (this.#closed) return false;
    this.#onWrite?.(message);
    if (this.#mutex.tryAcquire()) {
      this.#writeHeld(message);
      return true;
    }
    const bytes = message.head.length + (message.payload?.length ?? 0);
    if (this.#waiting >= MAX_WAITING || this.#waitingBytes + bytes > MAX_WAITING_BYTES)
      return false;
    this.#waiting++;
    this.#waitingBytes += bytes;
    this.#mutex.acquire().then(
      () => {
        this.#waiting--;
        this.#waitingBytes -= bytes;
        this.#writeHeld(message);
      },
      () => this.close(),
    );
    return true;
  }

  #writeHeld(message: Outgoing): void {
    const pending = this.#closed ? undefined : this.#incarnation.write(linePieces(message));
    if (pending === undefined) {
      this.#release(message);
      return;
    }
    const release = (): void => this.#release(message);
    pending.then(release, release);
  }

  /** Also what a dead child has not read is needed no more. */
  #release({ payload, isLast }: Outgoing): void {
    this.#mutex.release();
    if (isLast === true && payload !== undefined) letGo(payload);
  }
}

function linePieces({ head, payload, tail }: Outgoing): (Uint8Array | string)[] {
  if (payload === undefined) return [`${head}${tail}\n`];
  // A short text may leave together with others.
  const text = plainText(payload);
  return text === undefined ? [head, payload, `${tail}\n`] : [`${head}${text}${tail}\n`];
}
