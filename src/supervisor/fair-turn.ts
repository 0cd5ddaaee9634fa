/**
 * Lets the rest of the program have its turn while one child writes without end.
 *
 * As long as there is something to read, Bun gives it to the reader before any timer, signal or other
 * connection: a reader that takes its time starves them all (measured: a timer of 50 ms ran once in
 * seven seconds). So a reader that has worked for a while stands back for one turn of the loop.
 */

/** Short enough that nobody notices, long enough that it costs nothing. */
const LONGEST_WORK_MS = 10;

export class FairTurn {
  #workMs = 0;

  /** Counts time that was spent on what was read; a promise to wait for when it was enough. */
  spent(ms: number): Promise<void> | undefined {
    this.#workMs += ms;
    if (this.#workMs < LONGEST_WORK_MS) return undefined;
    this.#workMs = 0;
    return new Promise((resolve) => setImmediate(resolve));
  }
}
