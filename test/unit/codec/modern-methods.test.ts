/** What is particular to each method of the modern era (protocol.md 1.1, 1.4). */
import { describe, expect, test } from "bun:test";
import {
  isRemovedMethod,
  methodNotFound,
  modernMethod,
  TASKS_EXTENSION,
} from "../../../src/codec/modern-methods.ts";

describe("modernMethod", () => {
  const rows: readonly [method: string, traits: string][] = [
    ["server/discover", "cacheable"],
    ["tools/list", "cacheable"],
    ["prompts/list", "cacheable"],
    ["resources/list", "cacheable"],
    ["resources/templates/list", "cacheable"],
    ["resources/read", "cacheable asks uri"],
    ["tools/call", "asks name"],
    ["prompts/get", "asks name"],
    ["completion/complete", ""],
    ["subscriptions/listen", ""],
    ["tasks/get", `taskId ${TASKS_EXTENSION}`],
    ["tasks/update", `taskId ${TASKS_EXTENSION}`],
    ["tasks/cancel", `taskId ${TASKS_EXTENSION}`],
  ];
  for (const [method, traits] of rows) {
    test(method, () => {
      const found = modernMethod(method);
      if (found === undefined) throw new Error("not there");
      const seen = [
        ...(found.cacheable ? ["cacheable"] : []),
        ...(found.mayAsk ? ["asks"] : []),
        ...(found.nameMember === undefined ? [] : [found.nameMember]),
        ...(found.extension === undefined ? [] : [found.extension]),
      ];
      expect(seen.join(" ")).toBe(traits);
      expect(isRemovedMethod(method)).toBe(false);
    });
  }

  for (const method of [
    "initialize",
    "ping",
    "logging/setLevel",
    "resources/subscribe",
    "resources/unsubscribe",
    "tasks/list",
    "tasks/result",
  ]) {
    test(`${method} was removed`, () => {
      expect(modernMethod(method)).toBeUndefined();
      expect(isRemovedMethod(method)).toBe(true);
    });
  }

  test("what nobody knows was not removed either", () => {
    expect(modernMethod("valueOf")).toBeUndefined();
    expect(isRemovedMethod("valueOf")).toBe(false);
  });

  test("a method that does not exist is 404 with -32601", () => {
    expect(methodNotFound()).toMatchObject({ status: 404, code: -32601 });
  });
});
