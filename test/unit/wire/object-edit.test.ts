/** Members dropped and set in an object's bytes; the bytes of the others stay. */
import { describe, expect, test } from "bun:test";
import { textOf } from "../../../src/wire/key-text.ts";
import { jsonBytes } from "../../../src/wire/message.ts";
import {
  changeEdits,
  changeObject,
  inOrder,
  objectAt,
  objectNamed,
  objectOf,
  type Change,
} from "../../../src/wire/object-edit.ts";
import { applyEdits } from "../../../src/wire/splice.ts";
import { JsonWriter, randomFrom } from "./random-json.ts";

const dropping = (...keys: string[]): ((key: string) => boolean) => {
  return (key) => keys.includes(key);
};

describe("a change", () => {
  const rows: readonly [name: string, given: string, change: Change, expected: string][] = [
    ["nothing to do", '{ "a" : 1.0 }', {}, '{ "a" : 1.0 }'],
    ["the first goes", '{ "a":1 , "b":2.50 }', { drop: dropping("a") }, '{ "b":2.50 }'],
    ["the last goes", '{ "a":1 , "b":2 }', { drop: dropping("b") }, '{ "a":1 }'],
    ["one in the middle", '{"a":1, "b":2 ,"c":3}', { drop: dropping("b") }, '{"a":1 ,"c":3}'],
    ["a run", '{"a":1,"b":2,"c":3,"d":4}', { drop: dropping("b", "c") }, '{"a":1,"d":4}'],
    ["two runs", '{"a":1,"b":2,"c":3,"d":4}', { drop: dropping("a", "c") }, '{"b":2,"d":4}'],
    ["the only one", '{ "a":1 }', { drop: dropping("a") }, "{  }"],
    ["all of them", '{"a":1,"b":2}', { drop: () => true }, "{}"],
    ["a key in escapes", '{"\\u0061":1,"b":2}', { drop: dropping("a") }, '{"b":2}'],
    ["every copy of a key", '{"a":1,"b":2,"a":3}', { drop: dropping("a") }, '{"b":2}'],
    ["not deeper down", '{"b":{"a":1}}', { drop: dropping("a") }, '{"b":{"a":1}}'],
    ["one comes into an empty object", "{}", { set: [["a", "1"]] }, '{"a":1}'],
    ["one comes first", '{"b":2}', { set: [["a", "1"]] }, '{"a":1,"b":2}'],
    [
      "two come",
      '{ "b":2}',
      {
        set: [
          ["a", "1"],
          ["c", jsonBytes("[1.0]")],
        ],
      },
      '{"a":1,"c":[1.0], "b":2}',
    ],
    ["one is replaced", '{"a":1,"b":2}', { set: [["b", "3"]] }, '{"b":3,"a":1}'],
    ["the only one is replaced", '{"a":1}', { set: [["a", "3"]] }, '{"a":3}'],
    ["both copies are replaced", '{"a":1,"a":2}', { set: [["a", "3"]] }, '{"a":3}'],
    ["a key that needs escapes", "{}", { set: [['"\n', "1"]] }, '{"\\"\\n":1}'],
    ["set and drop", '{"a":1,"b":2}', { set: [["c", "3"]], drop: dropping("a") }, '{"c":3,"b":2}'],
    ["set, and drop all", '{"a":1}', { set: [["c", "3"]], drop: dropping("a") }, '{"c":3}'],
    [
      "a number form stays",
      '{"a":1,"b":1E+2,"c":"\\ud800"}',
      { drop: dropping("a") },
      '{"b":1E+2,"c":"\\ud800"}',
    ],
    ["no object", "[1]", { set: [["a", "1"]] }, "[1]"],
  ];
  for (const [name, given, change, expected] of rows) {
    test(name, () => {
      expect(textOf(changeObject(jsonBytes(given), change))).toBe(expected);
    });
  }

  test("without effect gives the same array", () => {
    const bytes = jsonBytes('{ "_meta":{"x":1} }');
    expect(changeObject(bytes, { drop: dropping("a"), dropMeta: dropping("y") })).toBe(bytes);
  });

  test("leaves bytes that are no UTF-8 alone", () => {
    const bytes = Uint8Array.from([...jsonBytes('{"a":1,"b":"'), 0xff, 0xfe, ...jsonBytes('"}')]);
    const expected = [...jsonBytes('{"b":"'), 0xff, 0xfe, ...jsonBytes('"}')];
    expect([...changeObject(bytes, { drop: dropping("a") })]).toEqual(expected);
  });
});

describe("a change of _meta", () => {
  const rows: readonly [name: string, given: string, change: Change, expected: string][] = [
    ["is made", '{"a":1}', { setMeta: [["k", "1"]] }, '{"_meta":{"k":1},"a":1}'],
    ["is filled", '{"_meta":{},"a":1}', { setMeta: [["k", "1"]] }, '{"_meta":{"k":1},"a":1}'],
    [
      "is added to",
      '{"a":1,"_meta":{ "x":2}}',
      { setMeta: [["k", "1"]] },
      '{"a":1,"_meta":{"k":1, "x":2}}',
    ],
    [
      "is replaced in",
      '{"_meta":{"k":2,"x":3}}',
      { setMeta: [["k", "1"]] },
      '{"_meta":{"k":1,"x":3}}',
    ],
    ["was no object", '{"_meta":null,"a":1}', { setMeta: [["k", "1"]] }, '{"_meta":{"k":1},"a":1}'],
    ["loses one", '{"_meta":{"k":1,"x":2}}', { dropMeta: dropping("k") }, '{"_meta":{"x":2}}'],
    ["loses all and goes", '{"_meta":{"k":1}}', { dropMeta: dropping("k") }, "{}"],
    ["was empty and stays", '{"_meta":{}}', { dropMeta: dropping("k") }, '{"_meta":{}}'],
    [
      "an earlier copy goes",
      '{"_meta":{"k":1},"_meta":{"x":2}}',
      { dropMeta: dropping("k") },
      '{"_meta":{"x":2}}',
    ],
    [
      "with other changes",
      '{"r":1,"_meta":{"k":1,"x":2},"s":3}',
      { drop: dropping("r"), dropMeta: dropping("k"), set: [["n", "0"]] },
      '{"n":0,"_meta":{"x":2},"s":3}',
    ],
    [
      "is dropped and made",
      '{"_meta":{"k":1}}',
      { drop: dropping("_meta"), setMeta: [["x", "2"]] },
      '{"_meta":{"x":2}}',
    ],
    ["is set as a whole", '{"_meta":{"k":1}}', { set: [["_meta", "{}"]] }, '{"_meta":{}}'],
  ];
  for (const [name, given, change, expected] of rows) {
    test(name, () => {
      expect(textOf(changeObject(jsonBytes(given), change))).toBe(expected);
    });
  }
});

test("edits of an object and of one inside it go together", () => {
  const bytes = jsonBytes('{"a":{"x":1,"y":2},"b":3}');
  const object = objectAt(bytes);
  const inner = objectNamed(bytes, object, "a");
  if (object === undefined || inner === undefined) throw new Error("there is no object");
  const edits = [
    ...changeEdits(bytes, object, { drop: dropping("b") }),
    ...changeEdits(bytes, inner, { drop: dropping("x"), set: [["z", "0"]] }),
  ];
  expect(textOf(applyEdits(bytes, inOrder(edits)))).toBe('{"a":{"z":0,"y":2}}');
});

test("objectOf makes an object", () => {
  const made = objectOf([
    ["a", "1"],
    ["b", objectOf([["c", '"d"']])],
    ["e", objectOf([])],
  ]);
  expect(textOf(made)).toBe('{"a":1,"b":{"c":"d"},"e":{}}');
});

test("random objects lose what is dropped and nothing else", () => {
  const random = randomFrom(7);
  let seen = 0;
  for (let round = 0; round < 2000; round++) {
    const { text, root } = new JsonWriter(random).write(3);
    if (root.kind !== "object") continue;
    seen++;
    const keys = root.children.map((child) => child.key ?? "");
    const dropped = new Set(keys.filter(() => random() < 0.5));
    const isSet = random() < 0.5;
    const changed = changeObject(jsonBytes(text), {
      drop: (key) => dropped.has(key),
      set: isSet ? [["set here", "[true]"]] : [],
    });
    const expected = JSON.parse(text) as Record<string, unknown>;
    for (const key of dropped) delete expected[key];
    if (isSet) expected["set here"] = [true];
    expect(JSON.parse(textOf(changed))).toEqual(expected);
  }
  expect(seen).toBeGreaterThan(300);
});
