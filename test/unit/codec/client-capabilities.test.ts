/** What clients declare: reading it, who can share a child, and what a child is told of roots. */
import { describe, expect, test } from "bun:test";
import {
  canBeAsked,
  canonical,
  NO_CAPABILITIES,
  ownInitializeParams,
  readClientCapabilities,
  openingParams,
  staticRootsResult,
} from "../../../src/codec/client-capabilities.ts";
import type { RootsPolicy } from "../../../src/config/model.ts";
import { textOf } from "../../../src/wire/key-text.ts";
import { jsonBytes } from "../../../src/wire/message.ts";

const params = (capabilities: string): Uint8Array =>
  jsonBytes(`{"protocolVersion":"2025-11-25","capabilities":${capabilities}}`);

describe("readClientCapabilities", () => {
  const rows: readonly [capabilities: string, declared: string, fingerprint: string][] = [
    ["{}", "", "{}"],
    ['{"sampling":{}}', "sampling", "{}"],
    ['{"elicitation":{}}', "elicitation", "{}"],
    ['{"elicitation":{"form":{}}}', "elicitation", "{}"],
    ['{"elicitation":{"form":{},"url":{}}}', "elicitation elicitationUrl", "{}"],
    ['{"roots":{"listChanged":true}}', "roots", "{}"],
    ['{"\\u0072oots":{}}', "roots", "{}"],
    ['{"sampling":true,"elicitation":null,"roots":[]}', "", "{}"],
    ['{"experimental":{}}', "", "{}"],
    [
      '{"experimental":{"b":1,"a":{"d":[2,{}],"c":null}}}',
      "",
      '{"experimental":{"a":{"c":null,"d":[2,{}]},"b":1}}',
    ],
    [
      '{"extensions":{"x/y":{}},"experimental":{"z":1}}',
      "",
      '{"experimental":{"z":1},"extensions":{"x/y":{}}}',
    ],
    ['{"unknown":{"x":1}}', "", "{}"],
    ["[]", "", "{}"],
    ["null", "", "{}"],
  ];
  for (const [capabilities, declared, fingerprint] of rows) {
    test(capabilities, () => {
      const read = readClientCapabilities(params(capabilities), "none");
      const { sampling, elicitation, elicitationUrl, roots } = read;
      const names = Object.entries({ sampling, elicitation, elicitationUrl, roots })
        .filter(([, value]) => value)
        .map(([name]) => name);
      expect(names.join(" ")).toBe(declared);
      expect(read.fingerprint).toBe(fingerprint);
    });
  }

  test("no params, no object, no capabilities: nothing declared", () => {
    for (const bytes of [undefined, jsonBytes("{}"), jsonBytes("[]"), jsonBytes("x")]) {
      expect(readClientCapabilities(bytes, "none")).toEqual(NO_CAPABILITIES);
    }
  });

  test("the order in which things are declared makes no other child", () => {
    const one = readClientCapabilities(
      params('{"experimental":{"a":1,"b":{"x":1,"y":2}}}'),
      "none",
    );
    const two = readClientCapabilities(
      params('{"experimental":{"b":{"y":2,"x":1},"a":1}}'),
      "none",
    );
    expect(one.fingerprint).toBe(two.fingerprint);
  });

  test("configured roots are declared to every shared child", () => {
    const roots = ["file:///srv"];
    expect(readClientCapabilities(undefined, roots).fingerprint).toBe('{"roots":{}}');
    expect(readClientCapabilities(params("{}"), roots).fingerprint).toBe('{"roots":{}}');
    expect(
      readClientCapabilities(params('{"roots":{},"experimental":{"a":1}}'), roots).fingerprint,
    ).toBe('{"experimental":{"a":1},"roots":{}}');
  });

  test("something deep hides nothing that stands beside it", () => {
    const deep = `${"[".repeat(150)}${"]".repeat(150)}`;
    const read = readClientCapabilities(params(`{"sampling":{},"x":${deep}}`), "none");
    expect(read.sampling).toBe(true);
  });
});

describe("canBeAsked", () => {
  const rows: readonly [capabilities: string, roots: RootsPolicy, asked: boolean][] = [
    ["{}", "none", false],
    ['{"sampling":{}}', "none", true],
    ['{"elicitation":{}}', "none", true],
    ['{"roots":{}}', "none", false],
    ['{"roots":{}}', "forward", true],
    ['{"roots":{}}', ["file:///srv"], false],
    ["{}", "forward", false],
  ];
  for (const [capabilities, roots, asked] of rows) {
    test(`${capabilities} with roots ${JSON.stringify(roots)}`, () => {
      expect(canBeAsked(readClientCapabilities(params(capabilities), roots), roots)).toBe(asked);
    });
  }
});

describe("ownInitializeParams", () => {
  const start = '{ "protocolVersion":"2025-11-25","n":1.0, "capabilities" : ';
  const end = ',"clientInfo":{"name":"é"} }';
  const rows: readonly [given: string, roots: RootsPolicy, told: string][] = [
    ['{ "roots" : {} , "sampling":{} }', "forward", '{ "roots" : {} , "sampling":{} }'],
    ['{ "roots" : {} , "sampling":{"x":1.0} }', "none", '{"sampling":{"x":1.0}}'],
    ['{"sampling":{},"\\u0072oots":{}}', "none", '{"sampling":{}}'],
    ['{"roots":{},"roots":{}}', "none", "{}"],
    ['{"sampling":{}}', "none", '{"sampling":{}}'],
    ['{"roots":{"listChanged":true},"a":1}', ["file:///srv"], '{"a":1,"roots":{}}'],
    ["{}", ["file:///srv"], '{"roots":{}}'],
    ["null", "none", "null"],
  ];
  for (const [given, roots, told] of rows) {
    test(`${given} with roots ${JSON.stringify(roots)}`, () => {
      const bytes = ownInitializeParams(jsonBytes(`${start}${given}${end}`), roots);
      expect(textOf(bytes)).toBe(`${start}${told}${end}`);
    });
  }

  test("without capabilities it is the same array", () => {
    const bytes = jsonBytes('{"roots":{}}');
    expect(ownInitializeParams(bytes, "none")).toBe(bytes);
  });

  test("something deep does not carry roots past the policy", () => {
    const deep = `${"[".repeat(150)}${"]".repeat(150)}`;
    const bytes = ownInitializeParams(params(`{"roots":{},"x":${deep}}`), "none");
    expect(textOf(bytes)).not.toContain("roots");
  });
});

describe("texts made here", () => {
  test("params for a shared child", () => {
    const gateway = { name: 'a"b', version: "1" };
    expect(openingParams("legacy", '{"roots":{}}', gateway)).toBe(
      '{"protocolVersion":"2025-11-25","capabilities":{"roots":{}},"clientInfo":{"name":"a\\"b","version":"1"}}',
    );
  });
  test("configured roots", () => {
    expect(staticRootsResult(["file:///a", 'file:///"b'])).toBe(
      '{"roots":[{"uri":"file:///a"},{"uri":"file:///\\"b"}]}',
    );
    expect(staticRootsResult([])).toBe('{"roots":[]}');
  });

  const rows: readonly [value: unknown, text: string][] = [
    [{ b: 1, a: [{ d: 1, c: 2 }] }, '{"a":[{"c":2,"d":1}],"b":1}'],
    [[3, 1, 2], "[3,1,2]"],
    [JSON.parse('{"__proto__":1,"a":2}'), '{"__proto__":1,"a":2}'],
    [undefined, "null"],
    ['a"', '"a\\""'],
  ];
  for (const [value, text] of rows) {
    test(`canonical ${text}`, () => {
      expect(canonical(value)).toBe(text);
    });
  }
});
