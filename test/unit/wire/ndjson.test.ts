/** Bytes into lines: every way to cut a text gives the same lines. */
import { describe, expect, test } from "bun:test";
import { textOf } from "../../../src/wire/key-text.ts";
import { LineSplitter, sampleOf } from "../../../src/wire/ndjson.ts";

const encoder = new TextEncoder();
const NO_CAP = 1_000_000;

interface Seen {
  readonly lines: string[];
  readonly tooLong: { readonly head: string; readonly tail: string; readonly size: number }[];
}

function split(chunks: readonly Uint8Array[], maxBytes = NO_CAP): Seen {
  const seen: Seen = { lines: [], tooLong: [] };
  const splitter = new LineSplitter(maxBytes, {
    line: (line) => void seen.lines.push(textOf(line)),
    tooLong: (head, tail, size) =>
      void seen.tooLong.push({ head: textOf(head), tail: textOf(tail), size }),
  });
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return seen;
}

/** The bytes in pieces of `size`; views of one buffer would hide that chunks are kept. */
function cut(bytes: Uint8Array, size: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.slice(at, at + size));
  return pieces;
}

const text = '{"a":"żółw 🐢"}\n\r\n\n{"b":2}\r\nno json \r inside\nlast 漢';
const lines = ['{"a":"żółw 🐢"}', '{"b":2}', "no json \r inside", "last 漢"];

describe("splitting", () => {
  test("in one chunk", () => {
    expect(split([encoder.encode(text)])).toEqual({ lines, tooLong: [] });
  });

  test("at every place", () => {
    const bytes = encoder.encode(text);
    for (let at = 0; at <= bytes.length; at++) {
      expect([at, split([bytes.slice(0, at), bytes.slice(at)]).lines]).toEqual([at, lines]);
    }
  });

  test("at every pair of places", () => {
    const bytes = encoder.encode('{"é":1}\r\n{}\n');
    for (let one = 0; one <= bytes.length; one++) {
      for (let two = one; two <= bytes.length; two++) {
        const pieces = [bytes.slice(0, one), bytes.slice(one, two), bytes.slice(two)];
        expect([one, two, split(pieces).lines]).toEqual([one, two, ['{"é":1}', "{}"]]);
      }
    }
  });

  for (const size of [1, 2, 3, 7, 16]) {
    test(`in chunks of ${size}`, () => {
      expect(split(cut(encoder.encode(text), size))).toEqual({ lines, tooLong: [] });
    });
  }

  const rows: readonly [name: string, text: string, lines: readonly string[]][] = [
    ["nothing", "", []],
    ["empty lines only", "\n\r\n\n", []],
    ["a last line without its break", "a\nb", ["a", "b"]],
    ["a last line that is a carriage return", "a\n\r", ["a"]],
    ["two carriage returns: one belongs to the line", "a\r\r\n", ["a\r"]],
    ["a line separator of Unicode is no break", "a\u2028b\n", ["a\u2028b"]],
    ["a byte order mark stays", "\ufeffa\n", ["\ufeffa"]],
  ];
  for (const [name, input, expected] of rows) {
    test(name, () => {
      expect(split([encoder.encode(input)]).lines).toEqual([...expected]);
      expect(split(cut(encoder.encode(input), 1)).lines).toEqual([...expected]);
    });
  }

  test("nothing is handed out before its line ends", () => {
    const seen: string[] = [];
    const splitter = new LineSplitter(NO_CAP, {
      line: (line) => void seen.push(textOf(line)),
      tooLong: () => void seen.push("too long"),
    });
    splitter.push(encoder.encode("abc"));
    expect(seen).toEqual([]);
    splitter.push(encoder.encode("d\nrest"));
    expect(seen).toEqual(["abcd"]);
    splitter.end();
    splitter.end();
    expect(seen).toEqual(["abcd", "rest"]);
  });
});

describe("lines over the cap", () => {
  const long = `{"id":7,${"x".repeat(9_000)},"end":7}`;
  const whole = { head: long.slice(0, 4_096), tail: long.slice(-4_096), size: long.length };

  for (const size of [1, 5, 100, 4_095, 4_096, 4_097, 8_999, 100_000]) {
    test(`both ends are whole in chunks of ${size}`, () => {
      const bytes = encoder.encode(`before\n${long}\nafter\n`);
      expect(split(cut(bytes, size), 8_192)).toEqual({
        lines: ["before", "after"],
        tooLong: [whole],
      });
    });
  }

  test("the first piece may be a single byte, as when the chunk before ended there", () => {
    const seen = split([encoder.encode(`before\n{`), encoder.encode(`${long.slice(1)}\n`)], 8_192);
    expect(seen.tooLong).toEqual([whole]);
  });

  test("the piece that goes over the cap may be the last byte", () => {
    const cap = long.length - 1;
    const seen = split([encoder.encode(long.slice(0, cap)), encoder.encode("}\n")], cap);
    expect(seen.tooLong).toEqual([whole]);
  });

  test("a cap below the size of the ends", () => {
    const short = "0123456789abcdef";
    for (const size of [1, 3, 100]) {
      const seen = split(cut(encoder.encode(`${short}\nok\n`), size), 8);
      expect(seen).toEqual({ lines: ["ok"], tooLong: [{ head: short, tail: short, size: 16 }] });
    }
  });

  const borders: readonly [name: string, line: string, fits: boolean][] = [
    ["exactly the cap", "12345678", true],
    ["one byte more", "123456789", false],
  ];
  for (const [name, line, fits] of borders) {
    for (const size of [1, 4, 100]) {
      test(`${name}, in chunks of ${size}`, () => {
        const seen = split(cut(encoder.encode(`${line}\n`), size), 8);
        expect([seen.lines.length, seen.tooLong.length]).toEqual(fits ? [1, 0] : [0, 1]);
      });
    }
  }

  test("the stream ends inside one", () => {
    expect(split([encoder.encode(long)], 8_192).tooLong).toEqual([whole]);
  });

  test("two of them do not mix", () => {
    const one = "a".repeat(20);
    const two = "b".repeat(30);
    const seen = split(cut(encoder.encode(`${one}\n${two}\n`), 6), 8);
    expect(seen.tooLong).toEqual([
      { head: one, tail: one, size: 20 },
      { head: two, tail: two, size: 30 },
    ]);
  });
});

describe("sampleOf", () => {
  test("cuts and never throws in the middle of a character", () => {
    expect(sampleOf(encoder.encode("abc"), 2)).toBe("ab");
    expect(sampleOf(encoder.encode("żółw"), 1)).toBe("\ufffd");
    expect(sampleOf(encoder.encode("abc"))).toBe("abc");
  });
});
