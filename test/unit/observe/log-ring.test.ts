/** The last lines in memory: kept by server, capped, and told to listeners. */
import { describe, expect, test } from "bun:test";
import type { LogLine } from "../../../src/observe/log-line.ts";
import { DEFAULT_RING_LIMITS, LogRings } from "../../../src/observe/log-ring.ts";

function line(text: string, server?: string): LogLine {
  return { timeMs: 0, level: "INFO", server, event: "child.stderr", text, fields: undefined };
}

function texts(rings: LogRings, query?: Parameters<LogRings["tail"]>[0]): string[] {
  return rings.tail(query).map((one) => one.text);
}

describe("what is kept", () => {
  test("lines of each server, of the gateway, and of all in order", () => {
    const rings = new LogRings();
    for (const [text, server] of [["a", "one"], ["b"], ["c", "two"], ["d", "one"]] as const) {
      rings.add(line(text, server));
    }
    expect(texts(rings, { server: "one" })).toEqual(["a", "d"]);
    expect(texts(rings, { server: null })).toEqual(["b"]);
    expect(texts(rings)).toEqual(["a", "b", "c", "d"]);
    expect(texts(rings, { maxLines: 2 })).toEqual(["c", "d"]);
    expect(texts(rings, { server: "other" })).toEqual([]);
  });

  test("only what came after a number", () => {
    const rings = new LogRings();
    for (const text of ["a", "b", "c"]) rings.add(line(text, "one"));
    const [first] = rings.tail();
    expect(texts(rings, { server: "one", after: first?.number ?? -1 })).toEqual(["b", "c"]);
  });

  test("the newest within the cap of lines, however many came", () => {
    const rings = new LogRings({ ...DEFAULT_RING_LIMITS, maxLines: 100 });
    for (let count = 0; count < 1_000; count++) rings.add(line(String(count), "one"));
    const kept = texts(rings, { server: "one" });
    expect(kept.length).toBe(100);
    expect(kept[0]).toBe("900");
    expect(kept.at(-1)).toBe("999");
  });

  test("the newest within the cap of characters, and always the last", () => {
    const rings = new LogRings({ ...DEFAULT_RING_LIMITS, maxChars: 2_000 });
    for (let count = 0; count < 10; count++) rings.add(line(`${count}`.repeat(400), "one"));
    expect(rings.tail().length).toBe(4);
    rings.add(line("x".repeat(10_000), "one"));
    expect(rings.tail().length).toBe(1);
  });

  test("servers within their cap: the longest silent goes", () => {
    const rings = new LogRings({ ...DEFAULT_RING_LIMITS, maxServers: 2 });
    for (const server of ["one", "two", "one", "three"]) rings.add(line(server, server));
    expect(texts(rings)).toEqual(["one", "one", "three"]);
  });
});

describe("listeners", () => {
  test("hear new lines of their server, of the gateway, or of all", () => {
    const rings = new LogRings();
    const heard: Record<string, string[]> = { one: [], gateway: [], all: [] };
    rings.subscribe("one", ({ text }) => heard["one"]?.push(text));
    rings.subscribe(null, ({ text }) => heard["gateway"]?.push(text));
    rings.subscribe(undefined, ({ text }) => heard["all"]?.push(text));
    for (const [text, server] of [["a", "one"], ["b"], ["c", "two"]] as const) {
      rings.add(line(text, server));
    }
    expect(heard).toEqual({ one: ["a"], gateway: ["b"], all: ["a", "b", "c"] });
  });

  test("hear nothing after their end, and numbers join the tail to what follows", () => {
    const rings = new LogRings();
    const numbers: number[] = [];
    const end = rings.subscribe("one", ({ number }) => numbers.push(number));
    rings.add(line("a", "one"));
    end?.();
    rings.add(line("b", "one"));
    expect(numbers).toEqual(
      rings
        .tail({ maxLines: 2 })
        .slice(0, 1)
        .map((one) => one.number),
    );
  });

  test("are capped", () => {
    const rings = new LogRings({ ...DEFAULT_RING_LIMITS, maxListeners: 1 });
    const end = rings.subscribe("one", () => undefined);
    expect(rings.subscribe("one", () => undefined)).toBeUndefined();
    end?.();
    expect(rings.subscribe("one", () => undefined)).toBeDefined();
  });
});
