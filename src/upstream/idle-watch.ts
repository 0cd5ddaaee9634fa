/**
 * Pure. Since when nobody has used a connection. Owns that moment.
 */

/** What shows that a connection is used. */
export interface Use {
  /** Calls that were ever made on it. */
  readonly calls: number;
  /** It is used right now. */
  readonly isBusy: boolean;
}

export class IdleWatch {
  #calls = 0;
  #sinceMs = 0;

  /** A connection begins, at this moment. */
  begin(nowMs: number): void {
    this.#calls = 0;
    this.#sinceMs = nowMs;
  }

  /** It is used, though no call shows it. */
  touch(nowMs: number): void {
    this.#sinceMs = nowMs;
  }

  /** How long nobody has used it, as of this look. */
  idleMs({ calls, isBusy }: Use, nowMs: number): number {
    if (isBusy || calls !== this.#calls) this.#sinceMs = nowMs;
    this.#calls = calls;
    return nowMs - this.#sinceMs;
  }
}
