/** Turns of the waiting flows. */
import { describe, expect, test } from "bun:test";
import { FairQueue } from "../../../src/upstream/fair-queue.ts";

/** Pushes `a1 a2 b1` as items of the flows `a` and `b`. */
function queueOf(items: string, capacity = 100): FairQueue<string> {
  const queue = new FairQueue<string>(capacity);
  for (const item of items.split(" ").filter((one) => one !== "")) queue.push(item[0] ?? "", item);
  return queue;
}

function drain(queue: FairQueue<string>): string {
  const items: string[] = [];
  for (;;) {
    const item = queue.shift();
    if (item === undefined) return items.join(" ");
    items.push(item);
  }
}

describe("turns", () => {
  const rows: readonly [reason: string, pushed: string, served: string][] = [
    ["nothing", "", ""],
    ["one flow in its order", "a1 a2 a3", "a1 a2 a3"],
    ["two flows in turn", "a1 a2 a3 b1 b2", "a1 b1 a2 b2 a3"],
    ["a late flow does not wait for all of an early one", "a1 a2 a3 a4 b1 c1", "a1 b1 c1 a2 a3 a4"],
    ["mixed", "b1 a1 b2 c1 a2", "b1 a1 c1 b2 a2"],
  ];
  for (const [reason, pushed, served] of rows) {
    test(reason, () => {
      const queue = queueOf(pushed);
      expect(drain(queue)).toBe(served);
      expect([queue.size, queue.shift()]).toEqual([0, undefined]);
    });
  }

  test("a flow that comes while others are served takes its place at the end", () => {
    const queue = queueOf("a1 a2 b1 b2");
    expect(queue.shift()).toBe("a1");
    queue.push("c", "c1");
    expect(drain(queue)).toBe("b1 a2 c1 b2");
  });
});

describe("capacity", () => {
  test("one more is refused, and a place that is free can be taken", () => {
    const queue = queueOf("a1 b1", 2);
    expect([queue.push("c", "c1"), queue.size]).toEqual([false, 2]);
    queue.shift();
    expect([queue.push("c", "c1"), queue.push("c", "c2")]).toEqual([true, false]);
    expect(drain(queue)).toBe("b1 c1");
  });

  test("of nothing", () => {
    expect(queueOf("", 0).push("a", "a1")).toBe(false);
  });
});

describe("remove", () => {
  const rows: readonly [match: RegExp, removed: string, left: string][] = [
    [/a2/, "a2", "a1 b1 a3 b2"],
    [/1/, "a1 b1", "a2 b2 a3"],
    [/a/, "a1 a2 a3", "b1 b2"],
    [/./, "a1 a2 a3 b1 b2", ""],
    [/x/, "", "a1 b1 a2 b2 a3"],
  ];
  for (const [match, removed, left] of rows) {
    test(`what matches ${match}`, () => {
      const queue = queueOf("a1 a2 a3 b1 b2");
      expect(queue.remove((item) => match.test(item)).join(" ")).toBe(removed);
      expect(queue.size).toBe(left === "" ? 0 : left.split(" ").length);
      expect(drain(queue)).toBe(left);
    });
  }

  test("frees places", () => {
    const queue = queueOf("a1 a2", 2);
    queue.remove((item) => item === "a1");
    expect([queue.push("b", "b1"), drain(queue)]).toEqual([true, "a2 b1"]);
  });
});
