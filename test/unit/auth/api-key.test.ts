/** The form of API keys, and what is not one. */
import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { createApiKey, idOfApiKey, isApiKey } from "../../../src/auth/api-key.ts";

const make = () => createApiKey((bytes) => randomBytes(bytes));

test("has a form that can be recognized, an id, and all the randomness it was given", () => {
  const zeros = createApiKey((bytes) => new Uint8Array(bytes));
  expect(zeros.text).toMatch(/^mgk_0{10}_0{43}[0-9A-Za-z]{6}$/);
  const asked: number[] = [];
  const ones = createApiKey((bytes) => {
    asked.push(bytes);
    return new Uint8Array(bytes).fill(255);
  });
  // 2 ** 256 - 1 with 62 digits.
  expect(ones.text.slice(15, 58)).toBe("yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1");
  expect(asked).toEqual([7, 32]);
  for (let round = 0; round < 200; round++) {
    const { id, text } = make();
    expect(text).toMatch(/^mgk_[0-9A-Za-z]{10}_[0-9A-Za-z]{49}$/);
    expect(idOfApiKey(text)).toBe(id);
  }
  expect(new Set(Array.from({ length: 200 }, () => make().text.slice(15, 58))).size).toBe(200);
});

test("different bytes are different keys", () => {
  const of = (last: number) =>
    createApiKey((bytes) => {
      const all = new Uint8Array(bytes);
      all[bytes - 1] = last;
      return all;
    }).text;
  expect(new Set(Array.from({ length: 256 }, (_, last) => of(last))).size).toBe(256);
});

describe("is none", () => {
  const { text } = make();
  test("with any one character changed, lost, doubled or swapped", () => {
    for (let at = 0; at < text.length; at++) {
      const [before, char = "", after] = [text.slice(0, at), text[at], text.slice(at + 1)];
      const other = char === "a" ? "b" : "a";
      for (const wrong of [before + other + after, before + after, before + char + char + after])
        expect([wrong, idOfApiKey(wrong)]).toEqual([wrong, undefined]);
      const next = after[0] ?? char;
      const swapped = before + next + char + after.slice(1);
      if (next !== char) expect(idOfApiKey(swapped)).toBeUndefined();
    }
  });

  test.each([
    "",
    "mgk_",
    "mgk__",
    `${text} `,
    ` ${text}`,
    `${text}\n`,
    text.toLowerCase(),
    "a.b.c",
  ])("%p", (wrong) => expect(idOfApiKey(wrong)).toBeUndefined());
});

test("what is meant as a key is told from a token by its beginning", () => {
  expect([make().text, "mgk_broken", "eyJhbGciOi", "", "MGK_x"].map(isApiKey)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});
