/** Edits in bytes: what is replaced, and that the rest stays. */
import { describe, expect, test } from "bun:test";
import { arrayElements, objectMembers } from "../../../src/wire/json-scan.ts";
import { textOf } from "../../../src/wire/key-text.ts";
import { jsonBytes } from "../../../src/wire/message.ts";
import {
  applyEdits,
  flattenLineBreaks,
  joinElements,
  keepMembers,
  progressTokenOf,
  type Edit,
} from "../../../src/wire/splice.ts";

describe("applyEdits", () => {
  const rows: readonly [name: string, edits: readonly Edit[], expected: string][] = [
    ["none", [], "0123456789"],
    ["at the start", [{ start: 0, end: 1, text: "AB" }], "AB123456789"],
    ["at the end", [{ start: 9, end: 10, text: "" }], "012345678"],
    ["everything", [{ start: 0, end: 10, text: "x" }], "x"],
    ["an insertion", [{ start: 5, end: 5, text: "-" }], "01234-56789"],
    [
      "side by side",
      [
        { start: 2, end: 4, text: "b" },
        { start: 4, end: 6, text: "c" },
      ],
      "01bc6789",
    ],
    ["of several bytes a character", [{ start: 3, end: 4, text: "ż🐢" }], "012ż🐢456789"],
    ["by bytes", [{ start: 3, end: 4, text: jsonBytes("é") }], "012é456789"],
  ];
  for (const [name, edits, expected] of rows) {
    test(name, () => {
      expect(textOf(applyEdits(jsonBytes("0123456789"), edits))).toBe(expected);
    });
  }
  test("without edits it is the same array, and with them the source stays", () => {
    const source = jsonBytes("abc");
    expect(applyEdits(source, [])).toBe(source);
    applyEdits(source, [{ start: 0, end: 1, text: "x" }]);
    expect(textOf(source)).toBe("abc");
  });
});

describe("keepMembers and joinElements", () => {
  test("what stays is written as it was", () => {
    const bytes = jsonBytes('{ "a" : 1.0 , "\\u0062":[1, 2],"c":{} }');
    const members = objectMembers(bytes, 0, 9) ?? [];
    expect(keepMembers(bytes, members, (one) => one.key !== "c")).toBe(
      '{"a" : 1.0,"\\u0062":[1, 2]}',
    );
    expect(keepMembers(bytes, members, () => false)).toBe("{}");
  });
  test("elements are joined as they were", () => {
    const bytes = jsonBytes('[ 1.0 , {"a" : 2}, "\ufeff" ]');
    expect(joinElements(bytes, arrayElements(bytes, 0, 9) ?? [])).toBe('[1.0,{"a" : 2},"\ufeff"]');
    expect(joinElements(bytes, [])).toBe("[]");
  });
});

describe("progressTokenOf", () => {
  const rows: readonly [params: string, token: string | undefined][] = [
    ['{"_meta":{"progressToken":7}}', "7"],
    ['{"_meta":{"progressToken":"7"}}', '"7"'],
    ['{"_meta":{"progressToken":0}}', "0"],
    ['{"_meta":{"progressToken":""}}', '""'],
    ['{"_meta" : { "x":1, "progressToken" : 1.0 } }', "1.0"],
    ['{"_meta":{"progressToken":1,"progressToken":2}}', "2"],
    ['{"_meta":{}}', undefined],
    ['{"_meta":null}', undefined],
    ['{"progressToken":7}', undefined],
    ['{"arguments":{"_meta":{"progressToken":7}}}', undefined],
    ["{}", undefined],
  ];
  for (const [params, token] of rows) {
    test(params, () => {
      const bytes = jsonBytes(params);
      const found = progressTokenOf(bytes, objectMembers(bytes, 0, 9) ?? [], 9);
      expect(found?.text).toBe(token);
      if (found !== undefined)
        expect(textOf(bytes, found.span.start, found.span.end)).toBe(found.text);
    });
  }
});

describe("flattenLineBreaks", () => {
  const rows: readonly [text: string, expected: string][] = [
    ['{"a":1}', '{"a":1}'],
    ['\n{\r\n"a"\n:\r1}\n\n', ' {  "a" : 1}  '],
    ['{"a":"\\n\\r"}', '{"a":"\\n\\r"}'],
    ["", ""],
  ];
  for (const [text, expected] of rows) {
    test(JSON.stringify(text), () => {
      const bytes = jsonBytes(text);
      flattenLineBreaks(bytes);
      expect(textOf(bytes)).toBe(expected);
      if (text !== "") expect(JSON.parse(expected) as unknown).toEqual(JSON.parse(text));
    });
  }
});
