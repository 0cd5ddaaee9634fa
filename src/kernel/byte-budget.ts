/**
 * Pure. A cap on bytes that many holders share.
 */

export class ByteBudget {
  readonly #maxBytes: number;
  #used = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get used(): number {
    return this.#used;
  }

  /** False when there is no room, and nothing was taken. An empty budget lets any one holder in. */
  take(bytes: number): boolean {
    if (this.#used > 0 && this.#used + bytes > this.#maxBytes) return false;
    this.#used += bytes;
    return true;
  }

  /** Gives back what was taken. */
  release(bytes: number): void {
    this.#used = Math.max(0, this.#used - bytes);
  }
}
