/** `x-mcp-header`: what a schema asks for, and a call's headers held to its arguments. */
import { describe, expect, test } from "bun:test";
import {
  checkParamHeaders,
  readParamAnnotations,
  type ParamAnnotation,
} from "../../../src/codec/param-headers.ts";
import { encodeHeaderValue } from "../../../src/codec/standard-headers.ts";
import { jsonBytes } from "../../../src/wire/message.ts";

const properties = (inner: string): string => `{"type":"object","properties":{${inner}}}`;
const REGION = '{"type":"string","x-mcp-header":"Region"}';

describe("readParamAnnotations", () => {
  const valid: readonly [reason: string, schema: string, seen: string][] = [
    ["a string", properties(`"region":${REGION}`), "Mcp-Param-Region=region"],
    ["an integer", properties('"n":{"type":"integer","x-mcp-header":"N"}'), "Mcp-Param-N=n"],
    ["a boolean", properties('"b":{"type":"boolean","x-mcp-header":"b"}'), "Mcp-Param-b=b"],
    [
      "several, in their order",
      properties(
        '"z":{"type":"string","x-mcp-header":"A"},"a":{"type":"string","x-mcp-header":"B"}',
      ),
      "Mcp-Param-A=z Mcp-Param-B=a",
    ],
    [
      "nested",
      properties(`"a":${properties(`"b":${properties(`"c":${REGION}`)}`)}`),
      "Mcp-Param-Region=a.b.c",
    ],
    [
      "nested without a type",
      `{"properties":{"a":{"properties":{"b":${REGION}}}}}`,
      "Mcp-Param-Region=a.b",
    ],
    [
      "every character of a token",
      properties('"a":{"type":"string","x-mcp-header":"!#$%&\'*+-.^_`|~09Az"}'),
      "Mcp-Param-!#$%&'*+-.^_`|~09Az=a",
    ],
    [
      "written in escapes",
      properties('"a":{"type":"string","x-mcp\\u002dheader":"A"}'),
      "Mcp-Param-A=a",
    ],
    ["a property of that name is none", properties('"x-mcp-header":{"type":"object"}'), ""],
    [
      "a property of that name may have one",
      properties(`"x-mcp-header":${REGION}`),
      "Mcp-Param-Region=x-mcp-header",
    ],
    ["a default is no schema", properties('"a":{"default":{"x-mcp-header":"A"}}'), ""],
    [
      "an enum is no schema",
      properties('"a":{"enum":[{"x-mcp-header":"A"}],"const":{"x-mcp-header":"A"}}'),
      "",
    ],
    ["a text that mentions it", properties('"a":{"description":"x-mcp-header"}'), ""],
    ["a required list", '{"required":["x-mcp-header"],"dependencies":{"a":["x-mcp-header"]}}', ""],
    ["none", properties('"a":{"type":"string"}'), ""],
    [
      "a property called like a method of objects",
      properties(`"constructor":${REGION}`),
      "Mcp-Param-Region=constructor",
    ],
    [
      "a property called __proto__",
      properties(`"__proto__":${REGION}`),
      "Mcp-Param-Region=__proto__",
    ],
    ["beside a true schema", properties(`"t":true,"a":${REGION}`), "Mcp-Param-Region=a"],
    ["an array for properties", `{"properties":[${REGION}]}`, ""],
    ["no object", '"x-mcp-header"', ""],
    ["no JSON inside", properties('"a":{"type":"string","x-mcp-header":"\\x"}'), ""],
  ];
  for (const [reason, schema, seen] of valid) {
    test(reason, () => {
      const read = readParamAnnotations(jsonBytes(schema));
      if (!read.ok) throw new Error(read.error);
      expect(read.value.map((one) => `${one.header}=${one.path.join(".")}`).join(" ")).toBe(seen);
    });
  }

  const annotated = (type: string, name: string): string =>
    properties(`"a":{"type":${type},"x-mcp-header":${name}}`);
  const under = (keyword: string, value: string): string =>
    properties(`"p":{"${keyword}":${value}}`);
  const single = [
    "items",
    "additionalItems",
    "contains",
    "additionalProperties",
    "unevaluatedProperties",
    "unevaluatedItems",
    "propertyNames",
    "contentSchema",
    "not",
    "if",
    "then",
    "else",
  ];
  const listed = ["prefixItems", "oneOf", "anyOf", "allOf"];
  const mapped = ["patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions"];
  const invalid: readonly [reason: string, schema: string][] = [
    ["a number", annotated('"number"', '"A"')],
    ["an object", annotated('"object"', '"A"')],
    ["an array", annotated('"array"', '"A"')],
    ["null", annotated('"null"', '"A"')],
    ["several types", annotated('["string","null"]', '"A"')],
    ["no type", properties('"a":{"x-mcp-header":"A"}')],
    ["an empty name", annotated('"string"', '""')],
    ["a blank in the name", annotated('"string"', '"A B"')],
    ["a colon in the name", annotated('"string"', '"A:"')],
    ["a line break in the name", annotated('"string"', '"A\\n"')],
    ["another alphabet", annotated('"string"', '"Región"')],
    ["a name that is no string", annotated('"string"', "7")],
    ["a name that is null", annotated('"string"', "null")],
    ["the same name twice", properties(`"a":${REGION},"b":${REGION}`)],
    [
      "the same name in another case, deeper down",
      properties(
        `"a":${REGION},"b":${properties('"c":{"type":"string","x-mcp-header":"rEGION"}')}`,
      ),
    ],
    ["at the root", '{"type":"string","x-mcp-header":"A"}'],
    ["one of two is enough", properties(`"a":${REGION},"b":{"type":"number","x-mcp-header":"B"}`)],
    ["in a list of items", under("items", `[{},${REGION}]`)],
    ["in $defs", `{"$defs":{"a":${REGION}},"properties":{"a":{"$ref":"#/$defs/a"}}}`],
    ["in definitions", `{"definitions":{"a":${REGION}}}`],
    ["in properties of something unreachable", under("anyOf", `[${properties(`"a":${REGION}`)}]`)],
    ["in anyOf of the root", `{"anyOf":[${properties(`"a":${REGION}`)}]}`],
  ];
  const elsewhere: readonly (readonly [reason: string, schema: string])[] = [
    ...single.map((keyword) => [keyword, under(keyword, REGION)] as const),
    ...listed.map((keyword) => [keyword, under(keyword, `[{},${REGION}]`)] as const),
    ...mapped.map((keyword) => [keyword, under(keyword, `{"k":${REGION}}`)] as const),
  ];
  for (const [reason, schema] of [...invalid, ...elsewhere]) {
    test(`invalid: ${reason}`, () => {
      const read = readParamAnnotations(jsonBytes(schema));
      expect(read).toEqual({ ok: false, error: expect.stringContaining("x-mcp-header") });
    });
  }

  test("a schema deeper than the stack", () => {
    const depth = 5_000;
    const deep = `${'{"properties":{"a":'.repeat(depth)}${REGION}${"}}".repeat(depth)}`;
    const read = readParamAnnotations(jsonBytes(deep));
    if (!read.ok) throw new Error(read.error);
    expect(read.value[0]?.path.length).toBe(depth);
  });

  test("bytes in the middle of a result", () => {
    const schema = properties(`"region":${REGION}`);
    const before = " ".repeat(1_000);
    const bytes = jsonBytes(`${before}${schema}   `);
    const view = bytes.subarray(before.length, before.length + schema.length);
    expect(readParamAnnotations(view)).toEqual({
      ok: true,
      value: [{ header: "Mcp-Param-Region", path: ["region"] }],
    });
    expect(readParamAnnotations(bytes.subarray(0, 10))).toEqual({ ok: true, value: [] });
  });
});

describe("checkParamHeaders", () => {
  const one: readonly ParamAnnotation[] = [{ header: "Mcp-Param-Region", path: ["region"] }];
  const deep: readonly ParamAnnotation[] = [
    { header: "Mcp-Param-Region", path: ["a", "region"] },
    { header: "Mcp-Param-Zone", path: ["a", "zone"] },
  ];
  const passes = undefined;
  const missing = "missing";
  const differs = "not the value";
  const broken = "not a valid";

  const rows: readonly [
    reason: string,
    args: string | undefined,
    header: string | null,
    verdict: string | undefined,
  ][] = [
    ["equal strings", '{"region":"us-west1"}', "us-west1", passes],
    ["blanks around the header", '{"region":"us-west1"}', " us-west1\t", passes],
    ["a value with blanks, encoded", '{"region":" a "}', "=?base64?IGEg?=", passes],
    ["a value with blanks, plain", '{"region":" a "}', " a ", differs],
    ["another string", '{"region":"us-west1"}', "eu-west1", differs],
    ["another case", '{"region":"us-west1"}', "US-WEST1", differs],
    ["no header", '{"region":"us-west1"}', null, missing],
    ["an empty header", '{"region":"us-west1"}', "", differs],
    ["an empty string", '{"region":""}', "", passes],
    ["an empty string without a header", '{"region":""}', null, missing],
    ["Base64", '{"region":"Hello"}', "=?base64?SGVsbG8=?=", passes],
    ["Base64 without its padding", '{"region":"Hello"}', "=?base64?SGVsbG8?=", broken],
    ["Base64 outside the alphabet", '{"region":"Hello"}', "=?base64?SGVs!!!bG8=?=", broken],
    ["Base64 without its marks is a text", '{"region":"SGVsbG8="}', "SGVsbG8=", passes],
    [
      "Base64 without its end is a text",
      '{"region":"=?base64?SGVsbG8="}',
      "=?base64?SGVsbG8=",
      passes,
    ],
    ["a byte above ASCII", '{"region":"é"}', "Ã©", broken],
    ["an escaped string", '{"region":"us\\u002dwest1"}', "us-west1", passes],
    ["a broken string", '{"region":"\\x"}', "x", differs],
    ["a broken string without a header", '{"region":"\\x"}', null, missing],
    ["null", '{"region":null}', null, passes],
    ["null with a header", '{"region":null}', "x", passes],
    ["absent", '{"other":"x"}', null, passes],
    ["absent with a header", "{}", "x", passes],
    ["no arguments", undefined, null, passes],
    ["no arguments with a header", undefined, "x", passes],
    ["arguments that are no object", '["region"]', null, passes],
    ["the last of two members", '{"region":"a","region":"b"}', "b", passes],
    ["the first of two members", '{"region":"a","region":"b"}', "a", differs],
    ["the key in escapes", '{"r\\u0065gion":"a"}', null, missing],
    ["not deeper down", '{"x":{"region":"a"}}', null, passes],
    ["white space", ' { "region" : "a" } ', "a", passes],
    ["an integer", '{"region":42}', "42", passes],
    ["an integer as a decimal", '{"region":42}', "42.0", passes],
    ["a decimal as an integer", '{"region":42.0}', "42", passes],
    ["a power of ten", '{"region":4.2e1}', "42", passes],
    ["another integer", '{"region":42}', "43", differs],
    ["a negative one", '{"region":-7}', "-7", passes],
    ["zero", '{"region":0}', null, missing],
    ["a text for a number", '{"region":42}', "forty-two", differs],
    ["hexadecimal for a number", '{"region":42}', "0x2a", differs],
    ["a number for a string of digits", '{"region":"42"}', "42.0", differs],
    ["beyond the safe range, without", '{"region":9007199254740993}', null, passes],
    ["beyond the safe range, equal", '{"region":9007199254740993}', "9007199254740993", passes],
    ["beyond the safe range, nearly", '{"region":9007199254740993}', "9007199254740992", differs],
    ["infinite, without", '{"region":1e999}', null, passes],
    ["very long, without", `{"region":${"9".repeat(5_000)}}`, null, passes],
    ["a fraction, without", '{"region":1.5}', null, missing],
    ["true", '{"region":true}', "true", passes],
    ["true in capitals", '{"region":true}', "True", differs],
    ["false", '{"region":false}', "true", differs],
    ["false without", '{"region":false}', null, missing],
    ["one for true", '{"region":true}', "1", differs],
    ["an object, without", '{"region":{"a":1}}', null, passes],
    ["an object, with", '{"region":{"a":1}}', '{"a":1}', differs],
    ["an array, without", '{"region":["a"]}', null, passes],
    ["an array, with", '{"region":["a"]}', "a", differs],
  ];
  for (const [reason, args, header, verdict] of rows) {
    test(reason, () => {
      const seen = checkParamHeaders(
        one,
        args === undefined ? undefined : jsonBytes(args),
        (name) => (name === "Mcp-Param-Region" ? header : null),
      );
      if (verdict === undefined) expect(seen).toBeUndefined();
      else {
        expect(seen).toMatchObject({ status: 400, code: -32020 });
        expect(seen?.message).toContain(verdict);
        expect(seen?.message).toContain("Mcp-Param-Region");
      }
    });
  }

  test("nested values, and each annotation by itself", () => {
    const sent = new Headers({ "mcp-param-region": "r", "MCP-PARAM-ZONE": "z" });
    const check = (args: string, given: Headers): string | undefined =>
      checkParamHeaders(deep, jsonBytes(args), (name) => given.get(name))?.message;
    expect(check('{"a":{"region":"r","zone":"z"}}', sent)).toBeUndefined();
    expect(check('{"a":{"region":"r","zone":"x"}}', sent)).toContain("Mcp-Param-Zone");
    expect(check('{"a":{"region":"x","zone":"z"}}', sent)).toContain("Mcp-Param-Region");
    expect(check('{"a":{"zone":"z"}}', sent)).toBeUndefined();
    expect(check('{"a":"region"}', new Headers())).toBeUndefined();
    expect(check('{"region":"r"}', new Headers())).toBeUndefined();
  });

  test("keys that every object has are absent unless they are there", () => {
    const odd: readonly ParamAnnotation[] = [
      { header: "Mcp-Param-C", path: ["constructor", "name"] },
    ];
    expect(checkParamHeaders(odd, jsonBytes("{}"), () => null)).toBeUndefined();
  });

  test("what no annotation names is ignored", () => {
    expect(checkParamHeaders([], jsonBytes('{"region":"a"}'), () => "b")).toBeUndefined();
  });

  test("whatever the string, what a client encodes is what the arguments say", () => {
    for (const value of ["", " ", "a", "é", "\u0000", "日本\n", "=?base64?YQ==?=", "a\tb", "🙂"]) {
      const args = jsonBytes(JSON.stringify({ region: value }));
      expect(checkParamHeaders(one, args, () => encodeHeaderValue(value))).toBeUndefined();
      expect(checkParamHeaders(one, args, () => encodeHeaderValue(`${value}x`))).toBeDefined();
    }
  });
});
