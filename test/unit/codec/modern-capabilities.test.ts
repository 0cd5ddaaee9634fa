/** What a modern client declares with a request, read from its JSON text. */
import { describe, expect, test } from "bun:test";
import { readModernCapabilities } from "../../../src/codec/modern-capabilities.ts";

describe("readModernCapabilities", () => {
  const rows: readonly [text: string, flags: string, declared?: string][] = [
    ["{}", ""],
    ['{"sampling":{}}', "sampling"],
    ['{"sampling":{"tools":{}}}', "sampling"],
    ['{"elicitation":{}}', "form"],
    ['{"elicitation":{"form":{}}}', "form"],
    ['{"elicitation":{"url":{}}}', "url"],
    ['{"elicitation":{"form":{},"url":{}}}', "form url"],
    ['{"elicitation":{"form":null,"url":null}}', "form"],
    ['{"elicitation":{"form":null,"url":{}}}', "url"],
    ['{"elicitation":{"future":{}}}', ""],
    ['{"elicitation":{"form":true}}', ""],
    ['{"elicitation":null,"sampling":null,"extensions":null}', ""],
    ['{"roots":{"listChanged":true}}', "roots"],
    ['{"extensions":{"b/y":{},"a/x":{"z":1},"c":null,"d":true}}', "a/x b/y"],
    ['{"experimental":{"sampling":{}}}', ""],
    ['{"toString":{},"__proto__":{"sampling":{}}}', ""],
    [
      '{ "roots" : {"b":1,"a":[{"d":1,"c":2}]}, "elicitation":{} }',
      "form roots",
      '{"elicitation":{},"roots":{"a":[{"c":2,"d":1}],"b":1}}',
    ],
    ['{"sampling":{},"elicitation":{}}', "sampling form", '{"elicitation":{},"sampling":{}}'],
  ];
  for (const [text, flags, declared] of rows) {
    test(text, () => {
      const read = readModernCapabilities(text);
      if (typeof read === "string") throw new Error(read);
      const seen = [
        ...(read.sampling ? ["sampling"] : []),
        ...(read.elicitationForm ? ["form"] : []),
        ...(read.elicitationUrl ? ["url"] : []),
        ...(read.roots ? ["roots"] : []),
        ...read.extensions,
      ];
      expect(seen.join(" ")).toBe(flags);
      if (declared !== undefined) expect(read.declared).toBe(declared);
    });
  }

  for (const text of ["null", "[]", "true", '"{}"', "", "{", '{"a":"\\x"}', '{"roots":"x"}']) {
    test(`${text || "nothing"} is no declaration`, () => {
      expect(readModernCapabilities(text)).toBeString();
    });
  }
});
