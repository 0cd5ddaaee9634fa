/**
 * Pure. An async mutex: one holder at a time, first come first served.
 *
 * The per-server mutex guards a child's stdin, so that whole lines are written with backpressure
 * awaited. It never serialises requests.
 */

export class Mutex {
  #held = false;
  readonly #waiting: (() => void)[] = [];

  /** Takes the lock when it is free; a caller that gets `true` must call `release`. */
  tryAcquire(): boolean {
    if (this.#held) return false;
    this.#held = true;
    return true;
  }

  /** Resolves once the caller holds the lock. */
  acquire(): Promise<void> {
    if (this.tryAcquire()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Hands the lock to the one who has waited longest. */
  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#held = false;
    else next();
  }
}
