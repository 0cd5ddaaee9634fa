/** Where a child's message goes, for every combination of facts, and which log messages pass. */
import { describe, expect, test } from "bun:test";
import {
  chooseOutlet,
  logLevelIndex,
  logLevelName,
  passesLogLevel,
} from "../../../src/bridge/routing.ts";

describe("chooseOutlet", () => {
  const rows: readonly [
    prefer: "call" | "session",
    running: number,
    standalone: boolean,
    order: string,
    reason: string,
  ][] = [
    ["call", 0, false, "", "nobody to tell: it waits"],
    ["session", 0, false, "", "the same"],
    ["call", 0, true, "standalone", "no call runs"],
    ["session", 0, true, "standalone", "its own place"],
    ["call", 1, true, "call standalone", "it must be this call's"],
    ["call", 2, true, "standalone", "whose it is cannot be known"],
    ["session", 1, true, "standalone", "it is about no call"],
    ["session", 2, true, "standalone", "the same"],
    ["call", 1, false, "call", "the only way"],
    ["call", 2, false, "call", "hosted clients only post"],
    ["session", 1, false, "call", "the same"],
    ["session", 2, false, "call", "the same"],
  ];
  for (const [prefer, running, standalone, order, reason] of rows) {
    test(`${prefer}, ${running} running, ${standalone ? "" : "no "}stream: ${reason}`, () => {
      expect(chooseOutlet({ prefer, running, standalone }).join(" ")).toBe(order);
    });
  }
});

describe("log levels", () => {
  const names = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];
  test("are in the order of the specification, and lead back to their names", () => {
    expect(names.map((name) => logLevelIndex(name))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(names.map((_, index) => logLevelName(index))).toEqual(names);
  });
  test("others are none", () => {
    for (const name of [undefined, "", "INFO", "warn", "trace", "length"]) {
      expect(logLevelIndex(name)).toBeUndefined();
    }
    expect(logLevelName(99)).toBe("info");
  });

  const [debug, info, error] = [0, 1, 4];
  const rows: readonly [
    level: number | undefined,
    wanted: number | undefined,
    childLevel: number | undefined,
    passes: boolean,
    reason: string,
  ][] = [
    [debug, undefined, undefined, true, "nobody chose: the child's own choice"],
    [debug, undefined, debug, false, "another client asked for debug"],
    [info, undefined, debug, true, "what every client gets"],
    [debug, debug, debug, true, "asked for"],
    [info, error, debug, false, "below the client's level"],
    [error, error, debug, true, "just at it"],
    [debug, error, undefined, false, "the client's level counts by itself"],
    [undefined, error, debug, true, "no level that we know: relayed"],
  ];
  for (const [level, wanted, childLevel, passes, reason] of rows) {
    test(`${level} for ${wanted} from ${childLevel}: ${reason}`, () => {
      expect(passesLogLevel(level, wanted, childLevel)).toBe(passes);
    });
  }
});
