/** Failure histories and what is decided about them; time is a number. */
import { describe, expect, test } from "bun:test";
import {
  DEFAULT_RESTART_POLICY,
  type FailureHistory,
  judgeFailure,
  type RestartPolicy,
} from "../../../src/supervisor/restart-policy.ts";

const PLAIN: RestartPolicy = { ...DEFAULT_RESTART_POLICY, jitter: 0 };
const MINUTE = 60_000;

/** Judges failures at these moments, one after the other, and says what was decided. */
function decisions(policy: RestartPolicy, moments: readonly number[], random = 0): string[] {
  let history: FailureHistory = [];
  return moments.map((nowMs) => {
    const judged = judgeFailure({ policy, history, nowMs, random });
    history = judged.history;
    expect(history.length).toBeLessThanOrEqual(policy.maxRestarts);
    const { verdict } = judged;
    if (verdict.kind === "retry") return `retry ${verdict.delayMs}`;
    return verdict.kind === "give-up" ? `give up ${verdict.retryInMs}` : "rest";
  });
}

const rows: readonly [string, readonly number[], readonly string[]][] = [
  ["a first failure is tried again soon", [0], ["retry 500"]],
  [
    "the fourth failure within five minutes gives up for five minutes",
    [0, 1_000, 2_000, 4_000],
    ["retry 500", "retry 1000", "retry 2000", "give up 300000"],
  ],
  [
    "the failure after the cool-down begins afresh",
    [0, 1_000, 2_000, 4_000, 4_000 + 5 * MINUTE],
    ["retry 500", "retry 1000", "retry 2000", "give up 300000", "retry 500"],
  ],
  [
    "one crash every two minutes is never given up",
    [0, 2 * MINUTE, 4 * MINUTE, 6 * MINUTE, 8 * MINUTE, 10 * MINUTE],
    ["retry 500", "retry 1000", "retry 2000", "retry 2000", "retry 2000", "retry 2000"],
  ],
  ["a crash a day is always a first", [0, 1_440 * MINUTE], ["retry 500", "retry 500"]],
  ["a failure exactly one window ago counts no more", [0, 5 * MINUTE], ["retry 500", "retry 500"]],
];

describe("default policy without jitter", () => {
  for (const [name, moments, expected] of rows) {
    test(name, () => {
      expect(decisions(PLAIN, moments)).toEqual([...expected]);
    });
  }
});

test("the delay never passes its maximum", () => {
  const policy = { ...PLAIN, maxRestarts: 20 };
  const delays = decisions(
    policy,
    Array.from({ length: 12 }, (_, at) => at),
  );
  expect(delays.slice(-3)).toEqual(["retry 60000", "retry 60000", "retry 60000"]);
});

test("jitter shortens the delay by at most its part", () => {
  const policy = { ...PLAIN, jitter: 0.2 };
  expect(decisions(policy, [0], 0)).toEqual(["retry 500"]);
  expect(decisions(policy, [0], 0.5)).toEqual(["retry 450"]);
  expect(decisions(policy, [0], 1)).toEqual(["retry 400"]);
});
