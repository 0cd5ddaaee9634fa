/** The judgement over the official suite: it must be able to say no. */
import { describe, expect, test } from "bun:test";
import {
  type Check,
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
