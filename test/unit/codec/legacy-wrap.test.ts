/** Output schemas and structured values that are no objects, for clients that know objects only. */
import { describe, expect, test } from "bun:test";
import {
  outputSchemaEdits,
  structuredContentEdits,
  wrapSchema,
} from "../../../src/codec/legacy-wrap.ts";
import { textOf } from "../../../src/wire/key-text.ts";
import { jsonBytes } from "../../../src/wire/message.ts";
import { objectAt, type ObjectAt } from "../../../src/wire/object-edit.ts";
import { applyEdits } from "../../../src/wire/splice.ts";

const wrapped = (inner: string, head = ""): string =>
  `{${head}"type":"object","properties":{"result":${inner}},"required":["result"]}`;
const moved = "#/properties/result";

describe("a schema", () => {
  const rows: readonly [name: string, schema: string, expected: string | undefined][] = [
    ["of an object stays", '{"type":"object","properties":{}}', undefined],
    ["of an object, in escapes, stays", '{"type":"\\u006fbject"}', undefined],
    [
      "of an array",
      '{ "type":"array","minItems":1.0}',
      wrapped('{ "type":"array","minItems":1.0}'),
    ],
    ["without a type", '{"anyOf":[{"type":"object"}]}', wrapped('{"anyOf":[{"type":"object"}]}')],
    ["of several types", '{"type":["object","null"]}', wrapped('{"type":["object","null"]}')],
    ["that is empty", "{}", wrapped("{}")],
    ["true", "true", wrapped("true")],
    ["false", "false", wrapped("false")],
    ["that is none", "null", undefined],
    ["that is a text", '"object"', undefined],
    [
      "with a dialect",
      '{"type":"array","$schema":"http://json-schema.org/draft-07/schema#","items":{}}',
      wrapped(
        '{"type":"array","items":{}}',
        '"$schema":"http://json-schema.org/draft-07/schema#",',
      ),
    ],
  ];
  for (const [name, schema, expected] of rows) {
    test(name, () => {
      const bytes = wrapSchema(jsonBytes(schema));
      expect(bytes === undefined ? undefined : textOf(bytes)).toBe(expected);
    });
  }
});

describe("references", () => {
  const rows: readonly [name: string, schema: string, inner: string][] = [
    ["to the root", '{"items":{"$ref":"#"}}', `{"items":{"$ref":"${moved}"}}`],
    ["to a definition", '{"$ref":"#/$defs/a"}', `{"$ref":"${moved}/$defs/a"}`],
    ["in escapes", '{"$ref":"\\u0023/$defs/a\\"b"}', `{"$ref":"${moved}/$defs/a\\"b"}`],
    [
      "in a list",
      '{"anyOf":[{"$ref":"#/$defs/a"},{"type":"null"}]}',
      `{"anyOf":[{"$ref":"${moved}/$defs/a"},{"type":"null"}]}`,
    ],
    [
      "in definitions",
      '{"$defs":{"a":{"items":{"$ref":"#/$defs/b"}}}}',
      `{"$defs":{"a":{"items":{"$ref":"${moved}/$defs/b"}}}}`,
    ],
    ["that are dynamic", '{"$dynamicRef":"#/$defs/a"}', `{"$dynamicRef":"${moved}/$defs/a"}`],
    [
      "to an anchor stay",
      '{"$ref":"#a","items":{"$dynamicRef":"#a"}}',
      '{"$ref":"#a","items":{"$dynamicRef":"#a"}}',
    ],
    [
      "to another document stay",
      '{"$ref":"https://x.test/s#/a"}',
      '{"$ref":"https://x.test/s#/a"}',
    ],
    ["that are no strings stay", '{"$ref":7}', '{"$ref":7}'],
    ["that recurse", '{"items":{"$recursiveRef":"#"}}', `{"items":{"$ref":"${moved}"}}`],
    [
      "that recurse dynamically stay",
      '{"$recursiveAnchor":true,"items":{"$recursiveRef":"#"}}',
      '{"$recursiveAnchor":true,"items":{"$recursiveRef":"#"}}',
    ],
    [
      "below an $id stay",
      '{"items":{"$id":"https://x.test/a","$ref":"#/$defs/a"}}',
      '{"items":{"$id":"https://x.test/a","$ref":"#/$defs/a"}}',
    ],
    [
      "below a root $id stay",
      '{"$id":"https://x.test/a","$ref":"#/$defs/a"}',
      '{"$id":"https://x.test/a","$ref":"#/$defs/a"}',
    ],
    [
      "below an anchor spelled $id move",
      '{"$id":"#a","$ref":"#/b"}',
      `{"$id":"#a","$ref":"${moved}/b"}`,
    ],
    [
      "that are data stay",
      '{"const":{"$ref":"#"},"enum":[{"$ref":"#"}],"default":{"$ref":"#/a"},"examples":[{"$ref":"#"}]}',
      '{"const":{"$ref":"#"},"enum":[{"$ref":"#"}],"default":{"$ref":"#/a"},"examples":[{"$ref":"#"}]}',
    ],
    [
      "under a property called like a keyword",
      '{"properties":{"const":{"$ref":"#/a"},"$id":{"$ref":"#"}}}',
      `{"properties":{"const":{"$ref":"${moved}/a"},"$id":{"$ref":"${moved}"}}}`,
    ],
    [
      "called like a property stay",
      '{"properties":{"$ref":{"type":"string"}}}',
      '{"properties":{"$ref":{"type":"string"}}}',
    ],
    [
      "in draft-07 dependencies",
      '{"dependencies":{"a":["b"],"c":{"$ref":"#/d"}}}',
      `{"dependencies":{"a":["b"],"c":{"$ref":"${moved}/d"}}}`,
    ],
  ];
  for (const [name, schema, inner] of rows) {
    test(name, () => {
      expect(textOf(wrapSchema(jsonBytes(schema)) ?? new Uint8Array())).toBe(wrapped(inner));
    });
  }

  test("below two hundred levels stay, and cost no stack", () => {
    const deep = `${'{"items":'.repeat(5000)}{"$ref":"#"}${"}".repeat(5000)}`;
    expect(textOf(wrapSchema(jsonBytes(deep)) ?? new Uint8Array())).toBe(wrapped(deep));
    const flat = `${'{"items":'.repeat(150)}{"$ref":"#"}${"}".repeat(150)}`;
    expect(textOf(wrapSchema(jsonBytes(flat)) ?? new Uint8Array())).toContain(moved);
  });
});

function place(bytes: Uint8Array): ObjectAt {
  const object = objectAt(bytes);
  if (object === undefined) throw new Error("there is no object");
  return object;
}

describe("the memory of wrapped tools", () => {
  const list = (tool: string, known: Set<string>): string => {
    const bytes = jsonBytes(tool);
    return textOf(applyEdits(bytes, outputSchemaEdits(bytes, place(bytes), known)));
  };

  test("follows what the list says last", () => {
    const known = new Set<string>(["b"]);
    expect(list('{"name":"a","outputSchema":{"type":"array"},"x":1.0}', known)).toBe(
      `{"name":"a","outputSchema":${wrapped('{"type":"array"}')},"x":1.0}`,
    );
    const plain = '{"name":"b","outputSchema":{"type":"object"}}';
    expect(list(plain, known)).toBe(plain);
    expect([...known]).toEqual(["a"]);
    list('{"name":"a"}', known);
    expect([...known]).toEqual([]);
  });

  test("has a cap", () => {
    const known = new Set<string>(Array.from({ length: 10_000 }, (_, n) => `t${n}`));
    list('{"name":"one more","outputSchema":{"type":"array"}}', known);
    expect(known.size).toBe(10_000);
  });
});

describe("a structured value", () => {
  const rows: readonly [given: string, isWrapped: boolean, expected: string][] = [
    ['{"structuredContent":{"a":1.0}}', false, '{"structuredContent":{"a":1.0}}'],
    ['{"structuredContent":{"a":1.0}}', true, '{"structuredContent":{"result":{"a":1.0}}}'],
    [
      '{"structuredContent": [1.0] ,"x":1}',
      false,
      '{"structuredContent": {"result":[1.0]} ,"x":1}',
    ],
    ['{"structuredContent":null}', false, '{"structuredContent":{"result":null}}'],
    ['{"structuredContent":"a"}', true, '{"structuredContent":{"result":"a"}}'],
    ['{"content":[{"structuredContent":1}]}', true, '{"content":[{"structuredContent":1}]}'],
  ];
  for (const [given, isWrapped, expected] of rows) {
    test(`${given} ${isWrapped ? "of a wrapped tool" : "of another tool"}`, () => {
      const bytes = jsonBytes(given);
      const edits = structuredContentEdits(bytes, place(bytes), isWrapped);
      expect(textOf(applyEdits(bytes, edits))).toBe(expected);
    });
  }
});
