/**
 * Runs checks round by round until the time is up. A check that fails is told once, with its seed
 * and round, and left out from then on.
 */
import { Chance } from "./chance.ts";

/** Something that must hold for every choice. */
export interface Check {
  readonly name: string;
  /** @throws Error that says what does not hold */
  readonly run: (chance: Chance) => void;
}

/** What came of one check. */
export interface Verdict {
  readonly name: string;
  /** Undefined when it held. */
  readonly failure: string | undefined;
}

/** What came of all rounds. */
export interface Rounds {
  readonly rounds: number;
  readonly verdicts: readonly Verdict[];
}

/** Rounds at least, however short the time is, so that nothing passes unseen. */
const LEAST_ROUNDS = 20;

/** Runs all checks in each round, for `durationMs`. */
export function runRounds(checks: readonly Check[], seed: number, durationMs: number): Rounds {
  const failures = new Map<string, string>();
  const endMs = performance.now() + durationMs;
  let round = 0;
  for (; round < LEAST_ROUNDS || performance.now() < endMs; round++) {
    for (const [index, { name, run }] of checks.entries()) {
      if (failures.has(name)) continue;
      try {
        run(new Chance(seed, round * checks.length + index));
      } catch (error) {
        const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
        failures.set(name, `seed ${seed}, round ${round}: ${words}`);
      }
    }
  }
  const verdicts = checks.map(({ name }) => ({ name, failure: failures.get(name) }));
  return { rounds: round, verdicts };
}
