/** The judgement over the official suite: it must be able to say no. */
import { describe, expect, test } from "bun:test";
import type { ExpectedFailure } from "../../conformance/expected-failures.ts";
import {
  type Check,
  judgeCount,
  judgePassed,
  judgeRefused,
  type ScenarioOutcome,
} from "../../conformance/verdict.ts";

const good: Check = { id: "a", status: "SUCCESS" };
const valid: Check = { id: "wire-schema-valid", status: "SUCCESS" };
const info: Check = { id: "b", status: "INFO" };
const warning: Check = { id: "c", status: "WARNING", errorMessage: "should" };
const bad: Check = { id: "d", status: "FAILURE", errorMessage: "must" };
const notAsked: Check = {
  id: "e",
  status: "FAILURE",
  errorMessage: "Server did not request sampling from client",
};
const timedOut: Check = { id: "e", status: "FAILURE", errorMessage: "Failed: Request timed out" };
const invalid: Check = { id: "wire-schema-valid", status: "FAILURE", details: { violations: [1] } };

function outcome(checks: readonly Check[]): ScenarioOutcome {
  return { scenario: "s", isScored: true, checks };
}

describe("a scenario", () => {
  const rows: readonly [string, readonly Check[], boolean][] = [
    ["passes when all holds", [good, valid], true],
    ["passes with information only", [info], true],
    ["passes with a warning", [good, warning, valid], true],
    ["fails with one failure", [good, bad, valid], false],
    ["fails with an invalid message", [good, invalid], false],
    ["fails when it did not run", [], false],
  ];
  test.each(rows)("%s", (_, checks, passed) => {
    expect(judgePassed(outcome(checks)).passed).toBe(passed);
  });

  test("shows a warning although it passes", () => {
    expect(judgePassed(outcome([warning])).notes).toEqual(["warning: c: should"]);
  });
});

describe("a scenario with a failure that is foreseen", () => {
  const entry: ExpectedFailure = { scenario: "s", checkId: "d", says: "must", reason: "so it is" };
  const otherwise: Check = { ...bad, errorMessage: "hung" };
  const isGood: Check = { id: "d", status: "SUCCESS" };
  const isWarned: Check = { id: "d", status: "WARNING", errorMessage: "must" };
  const rows: readonly [string, readonly Check[], boolean][] = [
    ["passes when just that fails", [good, bad, valid], true],
    ["fails when it fails in other words", [good, otherwise, valid], false],
    ["fails when another check fails beside it", [bad, notAsked, valid], false],
    ["fails when the check fails twice", [bad, bad, valid], false],
    ["fails when the check holds now", [good, isGood, valid], false],
    ["fails when the check is a warning now", [good, isWarned, valid], false],
    ["fails when the check is gone", [good, valid], false],
    ["fails when it did not run", [], false],
  ];
  test.each(rows)("%s", (_, checks, passed) => {
    expect(judgePassed(outcome(checks), [entry]).passed).toBe(passed);
  });

  test("is known from one in which all holds, and names what failed", () => {
    const foreseen = judgePassed(outcome([bad, valid]), [entry]);
    expect(foreseen).toMatchObject({ isForeseen: true, notes: ["as expected: d: must"] });
    expect(judgePassed(outcome([good, valid])).isForeseen).toBe(false);
  });

  test("says which entry is stale", () => {
    const { notes } = judgePassed(outcome([isGood, valid]), [entry]);
    expect(notes).toEqual(["d: expected to fail so, and does not"]);
  });
});

describe("the number of scenarios", () => {
  const scored = outcome([good]);
  const unscored: ScenarioOutcome = { ...scored, isScored: false };

  test("is right", () => {
    expect(judgeCount([scored, unscored, scored], { scored: 2, unscored: 1 })).toBeUndefined();
  });

  test.each([
    ["too few", [scored, unscored]],
    ["too many", [scored, scored, unscored, unscored]],
    ["of the wrong kind", [scored, unscored, unscored]],
    ["none", []],
  ])("is wrong: %s", (_, scenarios) => {
    expect(judgeCount(scenarios, { scored: 2, unscored: 1 })).toContain("not 2 scored and 1 other");
  });
});

describe("a refusal", () => {
  const rows: readonly [string, readonly Check[], boolean][] = [
    ["is clean when the client was only not asked", [notAsked, valid], true],
    ["is none when the scenario passed", [good, valid], false],
    ["is not clean when the call hung", [timedOut, valid], false],
    ["is not clean with another failure beside it", [notAsked, bad, valid], false],
    ["is not clean with an invalid message", [notAsked, invalid], false],
    ["is not clean when nothing was validated", [notAsked], false],
    ["is none when nothing ran", [], false],
  ];
  test.each(rows)("%s", (_, checks, passed) => {
    expect(judgeRefused(outcome(checks)).passed).toBe(passed);
  });
});
