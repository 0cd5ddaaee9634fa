/** The scanner: tables for single rules, and random texts against their writer and JSON.parse. */
import { describe, expect, test } from "bun:test";
import {
  arrayElements,
  MALFORMED,
  memberNamed,
  objectMembers,
  scanMembers,
  skipString,
  skipValue,
  stringValue,
  TOO_DEEP,
} from "../../../src/wire/json-scan.ts";
import { textOf } from "../../../src/wire/key-text.ts";
import { JsonWriter, randomFrom, type Node } from "./random-json.ts";

const encoder = new TextEncoder();
const bytes = (text: string): Uint8Array => encoder.encode(text);

describe("skipValue", () => {
  const rows: readonly [name: string, text: string, end: number][] = [
    ["a word", "true", 4],
    ["a word cut short", "tru", MALFORMED],
    ["a word misspelt", "nulL", MALFORMED],
    ["a number with all parts", "-12.5e+10", 9],
    ["a number ends where it ends", "0123", 1],
    ["a minus alone", "-", MALFORMED],
    ["a fraction without digits", "1.", MALFORMED],
    ["an exponent without digits", "1e+", MALFORMED],
    ["a plus in front", "+1", MALFORMED],
    ["a point in front", ".5", MALFORMED],
    ["an empty string", '""', 2],
    ["a string without its end", '"abc', MALFORMED],
    ["a string that ends in a backslash", '"abc\\', MALFORMED],
    ["a string whose last quote is escaped", '"abc\\"', MALFORMED],
    ["empty containers", "[{},[ ]]", 8],
    ["white space on all sides", ' \t{ "a" : [ 1 , 2 ] } ', 21],
    ["a comma before the bracket", "[1,]", MALFORMED],
    ["a comma before the brace", '{"a":1,}', MALFORMED],
    ["two commas", "[1,,2]", MALFORMED],
    ["no comma", "[1 2]", MALFORMED],
    ["no colon", '{"a" 1}', MALFORMED],
    ["no value", '{"a":}', MALFORMED],
    ["a key that is no string", "{a:1}", MALFORMED],
    ["the wrong bracket", '{"a":[1}]', MALFORMED],
    ["no end", '{"a":[1', MALFORMED],
    ["nothing", "", MALFORMED],
    ["white space only", " \n", MALFORMED],
    ["a single quote", "'a'", MALFORMED],
    ["a byte order mark", "\ufeff1", MALFORMED],
  ];
  for (const [name, text, end] of rows) {
    test(name, () => {
      expect(skipValue(bytes(text), 0, 100)).toBe(end);
    });
  }

  const depths: readonly [text: string, cap: number, end: number][] = [
    ["1", 0, 1],
    ["[]", 0, TOO_DEEP],
    ["[]", 1, 2],
    ["[[]]", 1, TOO_DEEP],
    ["[[]]", 2, 4],
    ['{"a":{"b":[]}}', 2, TOO_DEEP],
    ['{"a":{"b":[]}}', 3, 14],
    ["[[],[],[]]", 2, 10],
  ];
  for (const [text, cap, end] of depths) {
    test(`${text} with a depth of ${cap}`, () => {
      expect(skipValue(bytes(text), 0, cap)).toBe(end);
    });
  }

  test("a hundred thousand brackets cost no stack", () => {
    const open = bytes("[".repeat(100_000));
    expect(skipValue(open, 0, 1_000_000)).toBe(MALFORMED);
    expect(skipValue(open, 0, 200)).toBe(TOO_DEEP);
  });
});

describe("members and elements share one count of depth with skipValue", () => {
  const rows: readonly [text: string, cap: number, fits: boolean][] = [
    ['{"a":1}', 1, true],
    ['{"a":{}}', 1, false],
    ['{"a":{}}', 2, true],
    ['{"a":[[]]}', 2, false],
    ["[1]", 1, true],
    ["[[]]", 1, false],
  ];
  for (const [text, cap, fits] of rows) {
    test(`${text} with a depth of ${cap}`, () => {
      const read = text.startsWith("{") ? objectMembers : arrayElements;
      expect(read(bytes(text), 0, cap) !== undefined).toBe(fits);
      expect(skipValue(bytes(text), 0, cap) >= 0).toBe(fits);
    });
  }

  test("scanMembers tells too deep from malformed", () => {
    expect(scanMembers(bytes('{"a":[[1]]}'), 0, 2).end).toBe(TOO_DEEP);
    expect(scanMembers(bytes('{"a":[[1]}'), 0, 9).end).toBe(MALFORMED);
    expect(scanMembers(bytes("[]"), 0, 9).end).toBe(MALFORMED);
  });
});

describe("strings around the border of the byte walk", () => {
  // Every ending of a string at every place from well before to well after the border.
  const endings = [
    '"',
    '\\"x"',
    '\\\\"',
    '\\\\\\"y"',
    `${"\\\\".repeat(40)}"`,
    `${"\\\\".repeat(40)}\\"z"`,
  ];
  test("escaped quotes and runs of backslashes at every offset", () => {
    for (let offset = 0; offset <= 200; offset++) {
      for (const ending of endings) {
        const text = `"${"a".repeat(offset)}${ending}`;
        expect(JSON.parse(text)).toBeString();
        expect([text, skipString(bytes(`${text},"tail"`), 0)]).toEqual([text, text.length]);
        expect([text, skipString(bytes(text.slice(0, -1)), 0)]).toEqual([text, MALFORMED]);
      }
    }
  });

  test("a long string full of escaped quotes", () => {
    const text = JSON.stringify('say "hi" \\ '.repeat(5_000));
    expect(skipString(bytes(text), 0)).toBe(text.length);
  });
});

describe("members", () => {
  test("keys are unescaped, the last of two wins, and nested ones are not seen", () => {
    const text = '{"\\u0069d":1,"args":{"id":2},"id" : 3}';
    const members = objectMembers(bytes(text), 0, 9) ?? [];
    expect(members.map((member) => member.key)).toEqual(["id", "args", "id"]);
    const last = memberNamed(members, "id");
    expect(text.slice(last?.start, last?.end)).toBe("3");
    expect(memberNamed(members, "Id")).toBeUndefined();
  });

  const keys: readonly [name: string, raw: string, key: string][] = [
    ["a known key", "progressToken", "progressToken"],
    ["of a known key's length", "idd", "idd"],
    ["empty", "", ""],
    ["several bytes a character", "żółw", "żółw"],
    ["an escaped slash", "io\\/x", "io/x"],
    ["a broken escape keeps its raw text", "\\x", "\\x"],
    ["a byte order mark is part of the key", "\ufeffname", "\ufeffname"],
  ];
  for (const [name, raw, key] of keys) {
    test(`key: ${name}`, () => {
      expect(objectMembers(bytes(`{"${raw}":0}`), 0, 9)?.[0]?.key).toBe(key);
    });
  }

  test("no array is an object and no object an array", () => {
    expect(objectMembers(bytes("[1]"), 0, 9)).toBeUndefined();
    expect(arrayElements(bytes('{"a":1}'), 0, 9)).toBeUndefined();
    expect(arrayElements(bytes("[ ]"), 0, 9)).toEqual([]);
    expect(objectMembers(bytes("{ }"), 0, 9)).toEqual([]);
  });
});

describe("stringValue", () => {
  const rows: readonly [text: string, value: string | undefined][] = [
    ['"a\\u0041\\n"', "aA\n"],
    ['"\\x"', undefined],
    ["7", undefined],
    ["null", undefined],
    ['["a"]', undefined],
  ];
  for (const [text, value] of rows) {
    test(text, () => {
      expect(stringValue(bytes(text), { start: 0, end: bytes(text).length })).toBe(value);
    });
  }
  test("absent", () => {
    expect(stringValue(bytes("1"), undefined)).toBeUndefined();
  });
});

const SEED = 20_261_121;
const TEXTS = 3_000;

/** Compares what the scanner finds with what was written, all the way down. */
function compare(source: Uint8Array, node: Node): void {
  expect(skipValue(source, node.start, 64)).toBe(node.end);
  if (node.kind === "object") {
    const written = node.children.map(({ key, keyStart, start, end }) => ({
      key,
      keyStart,
      start,
      end,
    }));
    expect(objectMembers(source, node.start, 64) as unknown).toEqual(written);
    expect(arrayElements(source, node.start, 64)).toBeUndefined();
  } else if (node.kind === "array") {
    const written = node.children.map(({ start, end }) => ({ start, end }));
    expect(arrayElements(source, node.start, 64)).toEqual(written);
    expect(objectMembers(source, node.start, 64)).toBeUndefined();
  }
  for (const child of node.children) compare(source, child);
}

describe("random texts", () => {
  test("every value is found where it was written, and parses to what stands there", () => {
    const writer = new JsonWriter(randomFrom(SEED));
    for (let i = 0; i < TEXTS; i++) {
      const { text, root } = writer.write(6);
      const source = bytes(text);
      compare(source, root);
      expect(JSON.parse(textOf(source, root.start, root.end)) as unknown).toEqual(JSON.parse(text));
    }
  });

  test("broken texts are never accepted against JSON.parse, and sound ones never refused", () => {
    const random = randomFrom(SEED + 1);
    const writer = new JsonWriter(random);
    let accepted = 0;
    for (let i = 0; i < TEXTS * 3; i++) {
      const broken = damage(bytes(writer.write(4).text), random);
      const text = textOf(broken);
      const end = skipValue(broken, 0, 64);
      const rest = end < 0 ? "" : textOf(broken, end).trim();
      if (parses(text)) expect([text, end >= 0, rest]).toEqual([text, true, ""]);
      // The three ways in judge alike.
      const first = text.trimStart()[0];
      if (first === "{") expect([text, scanMembers(broken, 0, 64).end]).toEqual([text, end]);
      if (first === "[")
        expect([text, arrayElements(broken, 0, 64) !== undefined]).toEqual([text, end >= 0]);
      if (end < 0) continue;
      accepted++;
      const span = textOf(broken, 0, end);
      expect([span, parses(withoutStrings(span))]).toEqual([span, true]);
    }
    expect(accepted).toBeGreaterThan(TEXTS / 10);
  });
});

const DAMAGE = bytes('{}[]",:\\ 09.-etn');

/** One to three bytes cut, added or replaced, or the end cut off. */
function damage(source: Uint8Array, random: () => number): Uint8Array {
  let result = [...source];
  const times = 1 + Math.floor(random() * 3);
  for (let i = 0; i < times; i++) {
    const at = Math.floor(random() * result.length);
    const byte = DAMAGE[Math.floor(random() * DAMAGE.length)] ?? 0;
    const kind = random();
    if (kind < 0.25) result = result.slice(0, at);
    else if (kind < 0.5) result.splice(at, 1);
    else if (kind < 0.75) result.splice(at, 0, byte);
    else result[at] = byte;
  }
  return Uint8Array.from(result);
}

/** The inside of strings is not the scanner's business: all strings become empty ones. */
function withoutStrings(text: string): string {
  return text.replace(/"(?:[^"\\]|\\[\s\S])*"/g, '""');
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // that is the answer
  }
}
