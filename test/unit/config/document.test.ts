/** The text of a file as a tree with places. */
import { describe, expect, test } from "bun:test";
import { duplicatesIn, offsetOf, parseDocument, valueOf } from "../../../src/config/document.ts";
import { formatPath } from "../../../src/config/problem.ts";

describe("parsing", () => {
  test("accepts comments, trailing commas, CRLF and a byte order mark", () => {
    const { root, faults } = parseDocument('\uFEFF{ // a\r\n /* b */ "x": [1, 2,],\r\n}');
    expect(faults).toEqual([]);
    expect(JSON.stringify(valueOf(root))).toBe('{"x":[1,2]}');
  });

  test("gives objects without a prototype, whatever their keys", () => {
    const value = valueOf(parseDocument('{"__proto__": {"admin": true}}').root);
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect(({} as Record<string, unknown>)["admin"]).toBeUndefined();
  });

  test.each([
    ["", "is empty", 1, 1],
    ["  \n // nothing\n", "is empty", 1, 1],
    ['{"a": 1 "b": 2}', "a comma is missing", 1, 9],
    ['{\n  "a": \n}', "a value is missing", 3, 1],
    ['{"a": 1', "a closing } is missing", 1, 8],
    ["{'a': 1}", "texts stand in double quotes", 1, 2],
    ['{"a": 1, : 2}', "a key in double quotes is missing", 1, 10],
    ['{"a": undefined}', "a word here that JSON does not know", 1, 7],
    ['{"a": "x\ny"}', "a text is not closed", 1, 7],
    ['{"a": 1} x', "", 1, 10],
  ])("%j: %s", (text, words, line, column) => {
    const { faults, placeOf } = parseDocument(text);
    expect(faults[0]?.message).toContain(words);
    expect(placeOf(faults[0]?.offset ?? -1)).toEqual({ line, column });
  });

  test("survives nesting that uses up the stack, and bounds its faults", () => {
    expect(parseDocument("[".repeat(1_000_000)).faults.length).toBeGreaterThan(0);
    expect(parseDocument("? ".repeat(1_000)).faults.length).toBeLessThanOrEqual(20);
  });
});

describe("places", () => {
  const text = `{
  "mcpServers": {
    "a": { "args": ["x", "y"] }
  }
}`;
  const { root, placeOf } = parseDocument(text);
  test.each([
    [["mcpServers", "a", "args", 1], "value", 3, 26],
    [["mcpServers", "a", "args"], "key", 3, 12],
    [["mcpServers", "a", "args"], "value", 3, 20],
    // What is not there is placed where it should be.
    [["mcpServers", "a", "command"], "value", 3, 5],
    [["mcpServers", "zzz", "command"], "value", 2, 3],
    [[], "value", 1, 1],
  ] as const)("%j (%s) is at %d:%d", (path, part, line, column) => {
    expect(placeOf(offsetOf(root, path, part))).toEqual({ line, column });
  });

  test("finds keys that are there twice, at any depth, at their second place", () => {
    const { root: twice, placeOf: place } = parseDocument('{"a":1,\n"b":[{"c":1,"c":2}],\n"a":3}');
    const found = duplicatesIn(twice, []).map(({ path, offset }) => [
      formatPath(path),
      place(offset).line,
    ]);
    expect(found).toEqual([
      ["b[0].c", 2],
      ["a", 3],
    ]);
  });
});
