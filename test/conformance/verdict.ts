/**
 * Pure. Judges what a scenario found: passed, failed, failed as foreseen, or, where a leg expects it,
 * refused cleanly.
 */
import { compareFailures, type ExpectedFailure } from "./expected-failures.ts";
import type { ScenarioCount } from "./legs.ts";

/** One thing that a scenario looked at. */
export interface Check {
  readonly id: string;
  readonly status: "SUCCESS" | "FAILURE" | "WARNING" | "INFO" | "SKIPPED";
  readonly errorMessage?: string;
  readonly details?: unknown;
}

/** What one scenario found; no checks when it did not run. */
export interface ScenarioOutcome {
  readonly scenario: string;
  readonly isScored: boolean;
  readonly checks: readonly Check[];
}

/** Whether a scenario counts as passed, and what is to be said about it. */
export interface Verdict {
  readonly scenario: string;
  readonly passed: boolean;
  /** Passed only because its failures are those on the list. */
  readonly isForeseen?: boolean;
  /** Why not, or what to know although it passed; empty when there is nothing to say. */
  readonly notes: readonly string[];
}

const WIRE_CHECK = "wire-schema-valid";
/** What the suite says when a tool call settled and the client was never asked. */
const NOT_ASKED = /did not request (sampling|elicitation) from client/;

/**
 * All checks must hold but those in `expected`, and those must fail. Warnings are shown and do not
 * count, as in the suite.
 */
export function judgePassed(
  { scenario, checks }: ScenarioOutcome,
  expected: readonly ExpectedFailure[] = [],
): Verdict {
  if (checks.length === 0) return { scenario, passed: false, notes: ["did not run"] };
  const failures = checks.filter(({ status }) => status === "FAILURE");
  const warnings = checks.filter(({ status }) => status === "WARNING");
  const { foreseen, unforeseen, stale } = compareFailures(failures, expected);
  return {
    scenario,
    passed: unforeseen.length === 0 && stale.length === 0,
    isForeseen: foreseen.length > 0,
    notes: [
      ...unforeseen.map(describe),
      ...stale.map(({ checkId }) => `${checkId}: expected to fail so, and does not`),
      ...foreseen.map(({ checkId, says }) => `as expected: ${checkId}: ${says}`),
      ...warnings.map((check) => `warning: ${describe(check)}`),
      ...checks.filter(({ status }) => status === "SKIPPED").map(({ id }) => `skipped: ${id}`),
    ],
  };
}

/** Whether as many scenarios were there as a leg has; undefined when so, else what is wrong. */
export function judgeCount(
  scenarios: readonly ScenarioOutcome[],
  expected: ScenarioCount,
): string | undefined {
  const scored = scenarios.filter(({ isScored }) => isScored).length;
  const unscored = scenarios.length - scored;
  if (scored === expected.scored && unscored === expected.unscored) return undefined;
  const wanted = `${expected.scored} scored and ${expected.unscored} other scenarios`;
  return `the suite has ${scored} and ${unscored}, not ${wanted}`;
}

/**
 * The server must have been unable to ask: its call settled with an answer, so that the suite's one
 * complaint is that the client was not asked, and every message was valid. A call that hung, or an
 * answer of the wrong shape, is no clean refusal; neither is a scenario that passes.
 */
export function judgeRefused({ scenario, checks }: ScenarioOutcome): Verdict {
  if (checks.length === 0) return { scenario, passed: false, notes: ["did not run"] };
  const failures = checks.filter(({ status }) => status === "FAILURE");
  if (failures.length === 0)
    return { scenario, passed: false, notes: ["passed, but a refusal was expected"] };
  const wire = checks.find(({ id }) => id === WIRE_CHECK);
  const others = failures.filter(({ errorMessage }) => !NOT_ASKED.test(errorMessage ?? ""));
  const notes = [
    ...others.map(describe),
    ...(wire?.status === "SUCCESS" ? [] : ["the messages were not found valid"]),
  ];
  return notes.length === 0
    ? { scenario, passed: true, notes: ["refused, as it must be"] }
    : { scenario, passed: false, notes };
}

function describe({ id, errorMessage, details }: Check): string {
  const isWire = id === WIRE_CHECK;
  const more = isWire ? ` ${JSON.stringify(details)}` : "";
  return `${id}: ${errorMessage ?? "failed"}${more}`;
}
