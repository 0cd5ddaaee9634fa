/**
 * Pure. What became of the calls of one client: its own right answer, a clear error, or something
 * that must never be.
 */

/** Counts, and samples of what must never be. */
export interface Tally {
  right: number;
  /** By the beginning of their words. */
  readonly errors: Record<string, number>;
  /** Answers of somebody else, or to nothing that was asked. */
  readonly foreign: string[];
  /** Calls without an answer: the connection broke, or nothing came in time. */
  readonly lost: string[];
}

/** Nothing has happened yet. */
export function emptyTally(): Tally {
  return { right: 0, errors: {}, foreign: [], lost: [] };
}

/** All of them in one. */
export function sum(tallies: readonly Tally[]): Tally {
  const total = emptyTally();
  for (const { right, errors, foreign, lost } of tallies) {
    total.right += right;
    for (const [words, count] of Object.entries(errors))
      total.errors[words] = (total.errors[words] ?? 0) + count;
    total.foreign.push(...foreign);
    total.lost.push(...lost);
  }
  return total;
}
