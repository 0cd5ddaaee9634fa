/** Words of the command line as the arguments that a tool wants. */
import { describe, expect, test } from "bun:test";
import { toolArguments } from "../../../src/cli/call-arguments.ts";

const properties = {
  text: { type: "string" },
  count: { type: "integer" },
  ratio: { type: "number" },
  flag: { type: "boolean" },
  list: { type: "array" },
  object: { type: "object" },
  maybe: { type: ["number", "null"] },
  either: { anyOf: [{ type: "boolean" }, { type: "string" }] },
  choice: { anyOf: [{ type: "boolean" }, { type: "integer" }] },
  open: {},
};

describe("an argument", () => {
  test.each([
    ["text=5", { text: "5" }],
    ["text=", { text: "" }],
    ["text=a=b", { text: "a=b" }],
    ["text=line 1\nline 2", { text: "line 1\nline 2" }],
    ["count=5", { count: 5 }],
    ["count=-5", { count: -5 }],
    ["ratio=5", { ratio: 5 }],
    ["ratio=0.5", { ratio: 0.5 }],
    ["flag=true", { flag: true }],
    ['list=["a",1]', { list: ["a", 1] }],
    ['object={"a":1}', { object: { a: 1 } }],
    ["maybe=null", { maybe: null }],
    ["either=true", { either: "true" }],
    ["choice=true", { choice: true }],
    ["choice=5", { choice: 5 }],
    ["open=5", { open: "5" }],
    ["unknown=5", { unknown: "5" }],
    ["unknown:=5", { unknown: 5 }],
    ['text:="a"', { text: "a" }],
    ["a:b=5", { "a:b": "5" }],
    ["a:b:=5", { "a:b": 5 }],
  ])("%s", (word, expected) => {
    expect(toolArguments([word], properties)).toEqual({ ok: true, value: expected });
  });

  test.each([
    ["text", '"text" is no argument: write key=value, or key:=JSON'],
    ["=5", '"=5" is no argument: write key=value, or key:=JSON'],
    ["count=5.5", 'count: "5.5" is none of: integer'],
    ["count=five", 'count: "five" is none of: integer'],
    ["flag=yes", 'flag: "yes" is none of: boolean'],
    ["list={}", 'list: "{}" is none of: array'],
    ["maybe=true", 'maybe: "true" is none of: number, null'],
    ["text:=a", 'text: "a" is no JSON'],
  ])("%s is wrong", (word, message) => {
    expect(toolArguments([word], properties)).toEqual({ ok: false, error: message });
  });
});

test("of two for one key the last counts, and a strange key is only a key", () => {
  const read = toolArguments(["text=a", "text=b", "__proto__=c"], properties);
  if (!read.ok) throw new Error(read.error);
  expect(Object.entries(read.value)).toEqual([
    ["text", "b"],
    ["__proto__", "c"],
  ]);
});
