/** The rungs and how they fit a budget. */
import { describe, expect, test } from "bun:test";
import { DEFAULT_STOP_TIMES, orphanWaitMs, planStop } from "../../../src/supervisor/stop-ladder.ts";

const rows: readonly [string, number, readonly [number, number, number]][] = [
  ["a single stop has all its time", Number.POSITIVE_INFINITY, [2_000, 3_000, 1_000]],
  ["a budget that suffices changes nothing", 6_000, [2_000, 3_000, 1_000]],
  ["a short budget shortens all waits alike", 3_000, [1_000, 1_500, 500]],
  ["no budget leaves no waits", 0, [0, 0, 0]],
  ["a budget that is overdrawn is none", -50, [0, 0, 0]],
];

describe("planStop", () => {
  for (const [name, budgetMs, waits] of rows) {
    test(name, () => {
      const rungs = planStop(DEFAULT_STOP_TIMES, budgetMs);
      expect(rungs.map(({ action }) => action)).toEqual(["close-stdin", "SIGTERM", "SIGKILL"]);
      expect(rungs.map(({ waitMs }) => waitMs)).toEqual([...waits]);
    });
  }
});

test("orphans of a leader that ended get half a second, never more than the rung has left", () => {
  expect(orphanWaitMs(3_000)).toBe(500);
  expect(orphanWaitMs(200)).toBe(200);
  expect(orphanWaitMs(-5)).toBe(0);
});
