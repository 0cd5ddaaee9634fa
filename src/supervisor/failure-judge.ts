/**
 * The failures of one instance that still count, and what follows from one more. The only writer of
 * that history; the judgement is restart-policy.ts's.
 */
import type { Clock } from "../kernel/clock.ts";
import type { GatewayError } from "../kernel/error.ts";
import type { ChildExit, InstanceOptions } from "./model.ts";
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

const FOR_GOOD: Verdict = { kind: "give-up", retryInMs: undefined };

/** Owns the history of one instance. */
export class FailureJudge {
  readonly #options: FailureJudgeOptions;
  #history: FailureHistory = [];

  /** @param own where the policy of this instance differs */
  constructor({ policy, clock, random }: FailureJudgeOptions, own: Partial<RestartPolicy> = {}) {
    this.#options = { policy: { ...policy, ...own }, clock, random };
  }

  /** What follows from an end that nobody ordered, or from the end of one that was of no use. */
  onExit({ exitCode, expected }: ChildExit, restart: InstanceOptions["restart"]): Verdict {
    if (restart === "on-failure") return this.#judge();
    return exitCode === 0 && !expected ? { kind: "rest" } : FOR_GOOD;
  }

  /** What follows from a start that was refused. */
  onRefusal(error: GatewayError | undefined, restart: InstanceOptions["restart"]): Verdict {
    return restart === "on-failure" && error?.retryable === true ? this.#judge() : FOR_GOOD;
  }

  /** One more failure, now. */
  #judge(): Verdict {
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
