/** Long texts are judged without decoding them, as the JSON parser judges them. */
import { expect, test } from "bun:test";
import { isJson } from "../../../src/wire/message.ts";
import { hasSoundStrings } from "../../../src/wire/sound-strings.ts";
import { randomFrom } from "./random-json.ts";

const encoder = new TextEncoder();

function judge(text: string): boolean | undefined {
  return hasSoundStrings(encoder.encode(text));
}

test("sound strings are sound", () => {
  for (const inner of [
    "",
    "plain",
    "é€😀",
    '\\"\\\\\\/\\b\\f\\n\\r\\t',
    "\\u00e9\\uD83d\\ude00",
    "\\\\u12",
    "\x7f",
  ])
    expect([inner, judge(`{"a":"${inner}"}`)]).toEqual([inner, true]);
});

test("what JSON has not is found wherever it stands", () => {
  for (let at = 0; at < 70; at++) {
    const around = (what: string): string =>
      `{"a":"${"x".repeat(at)}${what}${"x".repeat(69 - at)}"}`;
    for (const wrong of ["\\x", "\\u12", "\\u12g4", "\\ ", "\\U1234"])
      expect([wrong, at, judge(around(wrong))]).toEqual([wrong, at, false]);
    for (const control of ["\0", "\x01", "\x1f", "\n", "\t"])
      expect([control, at, judge(around(control))]).toEqual([control, at, undefined]);
  }
});

test("very many escapes are left to the parser", () => {
  expect(judge(`"${"\\n".repeat(4_000)}"`)).toBe(true);
  expect(judge(`"${"\\n".repeat(5_000)}"`)).toBeUndefined();
});

test("a view that begins anywhere is judged as itself alone", () => {
  const bytes = encoder.encode(`\n\n\n\n"${"y".repeat(41)}"\n\n\n\n`);
  for (let from = 0; from < 4; from++) {
    expect(hasSoundStrings(bytes.subarray(4 + from, 47))).toBe(true);
    expect(hasSoundStrings(bytes.subarray(from, 47))).toBeUndefined();
  }
  expect(hasSoundStrings(bytes.subarray(4, 48))).toBeUndefined();
});

test("it agrees with the parser on random strings", () => {
  const parts = ["a", "é", "\\\\", "\\", '\\"', "u", "\\u", "0041", "\\n", "\u0001", " ", "/"];
  for (let seed = 1; seed <= 3_000; seed++) {
    const random = randomFrom(seed);
    const inner = Array.from(
      { length: 1 + Math.floor(random() * 12) },
      () => parts[Math.floor(random() * parts.length)] ?? "",
    ).join("");
    const text = `"${inner}"`;
    // Only a text whose structure is sound is asked about: here, one string and nothing behind it.
    if (!/^"(?:[^"\\]|\\[^])*"$/.test(text)) continue;
    const said = judge(text);
    if (said !== undefined) expect([text, said]).toEqual([text, isJson(encoder.encode(text))]);
  }
});
