/** Header values that repeat the body: encoded, decoded strictly, compared. */
import { describe, expect, test } from "bun:test";
import {
  decodeHeaderValue,
  encodeHeaderValue,
  isSameNumber,
  quoted,
  trimBlanks,
} from "../../../src/codec/standard-headers.ts";

describe("a text as a header value", () => {
  const rows: readonly [text: string, value: string][] = [
    ["us-west1", "us-west1"],
    ["two words", "two words"],
    ["", ""],
    ["file:///a%20b?c=d", "file:///a%20b?c=d"],
    ["a, b", "a, b"],
    ["Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="],
    [" padded ", "=?base64?IHBhZGRlZCA=?="],
    ["line1\nline2", "=?base64?bGluZTEKbGluZTI=?="],
    ["a\tb", "=?base64?YQli?="],
    ["\u007f", "=?base64?fw==?="],
    ["é", "=?base64?w6k=?="],
    ["\ufeffa", "=?base64?77u/YQ==?="],
    ["\u0000", "=?base64?AA==?="],
    ["=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="],
    ["=?base64??=", "=?base64?PT9iYXNlNjQ/Pz0=?="],
    ["=?base64?=", "=?base64?PT9iYXNlNjQ/PQ==?="],
    ["=?base64?open", "=?base64?open"],
    ["shut?=", "shut?="],
    ["=?BASE64?YQ==?=", "=?BASE64?YQ==?="],
  ];
  for (const [text, value] of rows) {
    test(JSON.stringify(text), () => {
      expect(encodeHeaderValue(text)).toBe(value);
      expect(decodeHeaderValue(value)).toBe(text);
      expect(decodeHeaderValue(`\t ${value} \t`)).toBe(text);
    });
  }
});

describe("other values that can be read", () => {
  const rows: readonly [reason: string, value: string, text: string][] = [
    ["plain text in Base64 all the same", "=?base64?ZWNobw==?=", "echo"],
    ["nothing in Base64", "=?base64??=", ""],
    ["a tab inside", "a\tb", "a\tb"],
    ["blanks only", " \t ", ""],
    ["Base64 without its marks", "SGVsbG8=", "SGVsbG8="],
    ["plus and slash", "=?base64?fn5+fn4/?=", "~~~~~?"],
  ];
  for (const [reason, value, text] of rows) {
    test(reason, () => {
      expect(decodeHeaderValue(value)).toBe(text);
    });
  }
});

describe("values that are refused", () => {
  const rows: readonly [reason: string, value: string][] = [
    ["no padding", "=?base64?SGVsbG8?="],
    ["too much padding", "=?base64?SGVsbG8==?="],
    ["half the padding", "=?base64?ZWNobw=?="],
    ["padding alone", "=?base64?=?="],
    ["characters outside the alphabet", "=?base64?SGVs!!!bG8=?="],
    ["the alphabet of URLs", "=?base64?fn5-fn4_?="],
    ["a blank inside", "=?base64?SGVs bG8=?="],
    ["one character", "=?base64?S?="],
    ["bits left over", "=?base64?ZWNobx==?="],
    ["text after the padding", "=?base64?ZQ==ZQ==?="],
    ["no UTF-8 inside", "=?base64?/w==?="],
    ["half a character inside", "=?base64?5pc=?="],
    ["a surrogate inside", "=?base64?7aCA?="],
    ["marks that share a character", "=?base64?="],
    ["a byte above ASCII", "caf\u00e9"],
    ["a delete", "a\u007f"],
    ["a line break", "a\nb"],
    ["a null", "a\u0000"],
    ["a no-break space around", "\u00a0a"],
  ];
  for (const [reason, value] of rows) {
    test(reason, () => {
      expect(decodeHeaderValue(value)).toBeUndefined();
    });
  }
});

describe("numbers", () => {
  const same: readonly [one: string, other: string][] = [
    ["42", "42"],
    ["42.0", "42"],
    ["042", "42"],
    ["4.2e1", "42"],
    ["4200e-2", "42"],
    ["-7", "-7.00"],
    ["0", "-0.0"],
    ["0e5", "0"],
    ["1000", "1E+3"],
    ["1.5", "1.50"],
    ["9007199254740993", "9007199254740993.0"],
  ];
  for (const [one, other] of same) {
    test(`${one} is ${other}`, () => {
      expect(isSameNumber(one, other)).toBe(true);
      expect(isSameNumber(other, one)).toBe(true);
    });
  }
  const different: readonly [one: string, other: string][] = [
    ["42", "43"],
    ["42", "-42"],
    ["42", "420"],
    ["42", "4.2"],
    ["", "0"],
    ["0x2a", "42"],
    [" 42", "42"],
    ["+42", "42"],
    ["42.", "42"],
    ["4_2", "42"],
    ["Infinity", "1e999"],
    ["9007199254740993", "9007199254740992"],
    [`1${"0".repeat(99)}`, "1e99"],
  ];
  for (const [one, other] of different) {
    test(`${one || "nothing"} is not ${other}`, () => {
      expect(isSameNumber(one, other)).toBe(false);
      expect(isSameNumber(other, one)).toBe(false);
    });
  }
});

describe("trimBlanks and quoted", () => {
  test("only blanks and tabs are taken off", () => {
    expect(trimBlanks(" \t a b\t ")).toBe("a b");
    expect(trimBlanks("\u00a0a\n")).toBe("\u00a0a\n");
    expect(trimBlanks("  ")).toBe("");
  });
  test("a value in a refusal is short", () => {
    expect(quoted('a"b')).toBe('"a\\"b"');
    expect(quoted("x".repeat(10_000)).length).toBeLessThan(110);
  });
});
