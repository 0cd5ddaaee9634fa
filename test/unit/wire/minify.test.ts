/** White space between tokens goes, everything else stays as it was written. */
import { describe, expect, test } from "bun:test";
import { textOf } from "../../../src/wire/key-text.ts";
import { jsonBytes } from "../../../src/wire/message.ts";
import { minifyJson } from "../../../src/wire/minify.ts";
import { JsonWriter, randomFrom } from "./random-json.ts";

const rows: readonly [reason: string, json: string, minified: string][] = [
  ["nothing to do", '{"a":[1,2]}', '{"a":[1,2]}'],
  ["every kind of white space", ' {\t"a" :\r\n [ 1 , 2 ] } ', '{"a":[1,2]}'],
  ["white space inside a string stays", '{"a b": "c  d\t"}', '{"a b":"c  d\t"}'],
  ["an escaped quote does not end a string", '["\\" ,  \\\\" , 1 ]', '["\\" ,  \\\\",1]'],
  [
    "number forms stay",
    "[ 1.0 , 1e2 , -0 , 12345678901234567890 ]",
    "[1.0,1e2,-0,12345678901234567890]",
  ],
  ["escapes stay", '[ "\\u00e9" , "é" ]', '["\\u00e9","é"]'],
  ["the order of members and doubles stay", '{"b":1, "a":2, "b":3}', '{"b":1,"a":2,"b":3}'],
  ["a scalar", "  true  ", "true"],
  ["empty containers", "[ { } , [ ] ]", "[{},[]]"],
  ["nothing", "", ""],
  ["only white space", " \n ", ""],
  ["a string that does not end", '[ "a b', '["a b'],
];

describe("minifyJson", () => {
  for (const [reason, json, minified] of rows) {
    test(reason, () => {
      expect(textOf(minifyJson(jsonBytes(json)))).toBe(minified);
    });
  }

  test("gives the same array back when there is nothing to take out", () => {
    const bytes = jsonBytes('{"a":"b c"}');
    expect(minifyJson(bytes)).toBe(bytes);
  });

  test("agrees with a search by pattern on random texts", () => {
    for (let seed = 1; seed <= 300; seed++) {
      const { text } = new JsonWriter(randomFrom(seed)).write(4);
      const expected = text.replace(/("(?:[^"\\]|\\.)*")|[ \t\r\n]+/g, "$1");
      expect(textOf(minifyJson(jsonBytes(text)))).toBe(expected);
    }
  });
});
