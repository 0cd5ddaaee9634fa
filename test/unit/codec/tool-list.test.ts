/** tools/list results: names and hidden tools change, every other byte stays. */
import { describe, expect, test } from "bun:test";
import { exposeToolList, readToolList, type ExposeTool } from "../../../src/codec/tool-list.ts";
import { snakeCase } from "../../../src/codec/tool-names.ts";
import { textOf } from "../../../src/wire/key-text.ts";
import { jsonBytes } from "../../../src/wire/message.ts";

const hide =
  (...hidden: string[]): ExposeTool =>
  (name) =>
    hidden.includes(name) ? undefined : snakeCase(name);

describe("exposeToolList", () => {
  const rows: readonly [reason: string, result: string, expose: ExposeTool, expected: string][] = [
    [
      "only the name's bytes change",
      '{ "x": 1.0, "tools" : [ {"name" : "a-b", "n": 1E2, "u":"\\ud800"} ,{"name":"c"}] , "nextCursor":"é" }',
      snakeCase,
      '{ "x": 1.0, "tools" : [ {"name" : "a_b", "n": 1E2, "u":"\\ud800"} ,{"name":"c"}] , "nextCursor":"é" }',
    ],
    [
      "a name deeper down is not the tool's",
      '{"tools":[{"inputSchema":{"name":"a-b"},"name":"c-d","_meta":{"name":"e-f"}}]}',
      snakeCase,
      '{"tools":[{"inputSchema":{"name":"a-b"},"name":"c_d","_meta":{"name":"e-f"}}]}',
    ],
    [
      "an escaped name",
      '{"tools":[{"name":"a\\u002db"}]}',
      snakeCase,
      '{"tools":[{"name":"a_b"}]}',
    ],
    [
      "a hidden tool in the middle",
      '{"tools":[{"name":"a"}, {"name":"b"} ,{"name":"c"}],"z":0}',
      hide("b"),
      '{"tools":[{"name":"a"},{"name":"c"}],"z":0}',
    ],
    [
      "the first and a rename",
      '{"tools":[{"name":"a"},{"v":1.0,"name":"b-c"}]}',
      hide("a"),
      '{"tools":[{"v":1.0,"name":"b_c"}]}',
    ],
    [
      "all of them",
      '{"tools":[{"name":"a"},{"name":"b"}],"nextCursor":"2"}',
      hide("a", "b"),
      '{"tools":[],"nextCursor":"2"}',
    ],
    [
      "a tool without a name stays",
      '{"tools":[{"x":1},{"name":7},{"name":"a"}]}',
      hide("a"),
      '{"tools":[{"x":1},{"name":7}]}',
    ],
    [
      "the last of two lists counts",
      '{"tools":[{"name":"a-b"}],"tools":[{"name":"c-d"}]}',
      snakeCase,
      '{"tools":[{"name":"a-b"}],"tools":[{"name":"c_d"}]}',
    ],
  ];
  for (const [reason, result, expose, expected] of rows) {
    test(reason, () => {
      const shown = textOf(exposeToolList(jsonBytes(result), expose));
      expect(shown).toBe(expected);
    });
  }

  test("the same array when nothing changes", () => {
    for (const result of ['{"tools":[{"name":"a"}]}', '{"tools":{}}', "{}", "[]", "null"]) {
      const bytes = jsonBytes(result);
      expect(exposeToolList(bytes, snakeCase)).toBe(bytes);
    }
  });

  test("deep schemas hide no tool from the filter", () => {
    const depth = 5_000;
    const deep = `{"tools":[{"name":"bad"},{"name":"a","s":${"[".repeat(depth)}${"]".repeat(depth)}}]}`;
    const shown = exposeToolList(jsonBytes(deep), hide("bad"));
    expect(readToolList(shown).names).toEqual(["a"]);
  });
});

describe("readToolList", () => {
  const rows: readonly [
    result: string,
    names: readonly string[],
    nextCursor: string | undefined,
  ][] = [
    ['{"tools":[{"name":"a"},{"name":"\\u0062"},{"x":1}],"nextCursor":"c\\n"}', ["a", "b"], "c\n"],
    ['{"tools":[],"nextCursor":""}', [], ""],
    ['{"tools":[],"nextCursor":7}', [], undefined],
    ['{"tools":null}', [], undefined],
    ["{}", [], undefined],
    ["7", [], undefined],
  ];
  for (const [result, names, nextCursor] of rows) {
    test(result, () => {
      expect(readToolList(jsonBytes(result))).toEqual({ names: [...names], nextCursor });
    });
  }
});
