/**
 * The failures of one instance that still count, and what follows from one more. The only writer of
 * that history; the judgement is restart-policy.ts's.
 */
import type { Clock } from "../kernel/clock.ts";
import {
  type FailureHistory,
  judgeFailure,
  type RestartPolicy,
  type Verdict,
} from "./restart-policy.ts";

/** What judging needs. */
export interface FailureJudgeOptions {
  readonly policy: RestartPolicy;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
}

/** Owns the history of one instance. */
export class FailureJudge {
  readonly #options: FailureJudgeOptions;
  #history: FailureHistory = [];

  /** @param own where the policy of this instance differs */
  constructor({ policy, clock, random }: FailureJudgeOptions, own: Partial<RestartPolicy> = {}) {
    this.#options = { policy: { ...policy, ...own }, clock, random };
  }

  /** One more failure, now. */
  judge(): Verdict {
    const { policy, clock, random } = this.#options;
    const failure = { policy, history: this.#history, nowMs: clock.nowMs(), random: random() };
    const { history, verdict } = judgeFailure(failure);
    this.#history = history;
    return verdict;
  }

  /** From now on it has never failed. */
  forget(): void {
    this.#history = [];
  }
}
