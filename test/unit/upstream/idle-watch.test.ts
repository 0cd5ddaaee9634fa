/** Since when nobody has used a connection. */
import { expect, test } from "bun:test";
import { IdleWatch } from "../../../src/upstream/idle-watch.ts";

test("calls and running work begin the time anew, also calls that came and went between two looks", () => {
  const watch = new IdleWatch();
  watch.begin(1_000);
  const look = (nowMs: number, calls: number, isBusy = false) =>
    watch.idleMs({ calls, isBusy }, nowMs);
  expect([look(1_500, 0), look(2_000, 0)]).toEqual([500, 1_000]);
  expect([look(2_500, 1), look(3_000, 1)]).toEqual([0, 500]);
  expect([look(3_500, 1, true), look(4_000, 1, true), look(4_500, 1)]).toEqual([0, 0, 500]);
  watch.touch(4_600);
  expect(look(5_000, 1)).toBe(400);
});
