/** The bounded memory of a stream: what is kept, what is missing, and what was never there. */
import { describe, expect, test } from "bun:test";
import { ByteBudget } from "../../../src/kernel/byte-budget.ts";
import { EventLog } from "../../../src/session/event-log.ts";

const sized = (size: number): Uint8Array => new Uint8Array(size);

/** Sequence numbers after `seq`, `gap` first when something is missing. */
function after(log: EventLog, seq: number): unknown {
  const replay = log.after(seq);
  if (replay === undefined) return undefined;
  return [...(replay.gap ? ["gap"] : []), ...replay.events.map((event) => event.seq)];
}

function logOf(maxEvents: number, maxBytes: number, sizes: readonly number[]): EventLog {
  const log = new EventLog(maxEvents, maxBytes, new ByteBudget(1_000_000));
  for (const size of sizes) log.append(sized(size), undefined);
  return log;
}

describe("after", () => {
  const five = [1, 1, 1, 1, 1];
  const rows: readonly [
    reason: string,
    caps: readonly [events: number, bytes: number],
    sizes: readonly number[],
    seq: number,
    expected: unknown,
  ][] = [
    ["everything from the start", [9, 99], five, 0, [1, 2, 3, 4, 5]],
    ["what is newer", [9, 99], five, 3, [4, 5]],
    ["nothing is newer", [9, 99], five, 5, []],
    ["nothing was sent", [9, 99], [], 0, []],
    ["an event that is still to come", [9, 99], five, 6, undefined],
    ["below zero", [9, 99], five, -1, undefined],
    ["before the first, nothing yet", [9, 99], [], 1, undefined],
    ["the count drops the oldest", [3, 99], five, 0, ["gap", 3, 4, 5]],
    ["asked for what is just kept", [3, 99], five, 2, [3, 4, 5]],
    ["asked for one less", [3, 99], five, 1, ["gap", 3, 4, 5]],
    ["the bytes drop the oldest", [9, 10], [4, 4, 4], 0, ["gap", 2, 3]],
    ["a large one drops all before it", [9, 10], [4, 4, 10], 0, ["gap", 3]],
    ["one too large leaves a hole", [9, 10], [4, 11, 4], 0, ["gap", 1, 3]],
    ["a hole that is behind is none", [9, 10], [4, 11, 4], 2, [3]],
    ["a hole at the end", [9, 10], [4, 11], 1, ["gap"]],
    ["one event is the least", [1, 99], five, 3, ["gap", 5]],
    ["nothing is to be kept", [0, 99], five, 3, ["gap"]],
  ];
  for (const [reason, [maxEvents, maxBytes], sizes, seq, expected] of rows) {
    test(reason, () => {
      expect(after(logOf(maxEvents, maxBytes, sizes), seq)).toEqual(expected);
    });
  }
});

describe("append", () => {
  test("the numbers go on, kept or not", () => {
    const log = new EventLog(2, 10, new ByteBudget(1_000_000));
    expect([log.lastSeq, log.nextSeq]).toEqual([0, 1]);
    log.append(sized(11), undefined);
    expect([log.lastSeq, log.nextSeq]).toEqual([1, 2]);
  });

  test("a substitute stands in for what is too large, and for that only", () => {
    const log = new EventLog(9, 20, new ByteBudget(1_000_000));
    const substitute = sized(3);
    log.append(sized(10), substitute);
    log.append(sized(21), substitute);
    expect(log.after(0)?.gap).toBe(false);
    expect(log.after(1)?.events.map((event) => event.bytes.length)).toEqual([3]);
    expect(log.after(1)?.events[0]?.bytes).toBe(substitute);
  });

  test("ten thousand events stay within both caps", () => {
    const log = new EventLog(100, 1_000, new ByteBudget(1_000_000));
    for (let i = 1; i <= 10_000; i++) log.append(sized(i % 50), sized(1));
    const kept = log.after(0)?.events ?? [];
    expect(kept.length).toBeLessThanOrEqual(100);
    expect(kept.reduce((sum, event) => sum + event.bytes.length, 0)).toBeLessThanOrEqual(1_000);
    expect(kept.at(-1)?.seq).toBe(10_000);
  });
});
