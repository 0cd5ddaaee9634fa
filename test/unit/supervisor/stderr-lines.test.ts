/** Bytes of stderr to lines: split, capped, redacted, limited. */
import { describe, expect, test } from "bun:test";
import { createRedactor } from "../../../src/kernel/redact.ts";
import { DEFAULT_STDERR_LIMITS, StderrLines } from "../../../src/supervisor/stderr-lines.ts";

const encoder = new TextEncoder();
const bytes = (text: string): Uint8Array => encoder.encode(text);
const LIMITS = { ...DEFAULT_STDERR_LIMITS, maxLineBytes: 16, keepLines: 3 };

/** Pushes all chunks at one moment and ends the stream. */
function linesOf(chunks: readonly Uint8Array[], secrets: readonly string[] = []): string[] {
  const lines = new StderrLines(secrets, LIMITS);
  return [...chunks.flatMap((chunk) => lines.push(chunk, 0)), ...lines.finish(0)];
}

const rows: readonly [string, readonly string[], readonly string[]][] = [
  ["lines of one chunk", ["a\nb\n"], ["a", "b"]],
  ["a line over several chunks", ["he", "l", "lo\n"], ["hello"]],
  ["CRLF and empty lines", ["a\r\n\r\n\nb\r\n"], ["a", "b"]],
  ["a last line without newline", ["a\nlast"], ["a", "last"]],
  ["a line that is too long is cut", ["0123456789abcdefgh\nnext\n"], ["0123456789abcdef…", "next"]],
  ["a line of exactly the limit stays", ["0123456789abcdef\n"], ["0123456789abcdef"]],
  ["nothing", [], []],
];

describe("splitting", () => {
  for (const [name, chunks, expected] of rows) {
    test(name, () => {
      expect(linesOf(chunks.map(bytes))).toEqual([...expected]);
    });
  }

  test("characters that are split between chunks stay whole", () => {
    const whole = bytes("żółw 🐢\n");
    const single = [...whole].map((byte) => Uint8Array.of(byte));
    expect(linesOf(single)).toEqual(["żółw 🐢"]);
  });

  test("a cut never falls into a character", () => {
    expect(linesOf([bytes(`${"a".repeat(14)}🐢🐢\n`)])).toEqual([`${"a".repeat(14)}…`]);
  });
});

describe("redaction", () => {
  test("blots out values of four characters and more, the longest first", () => {
    const redact = createRedactor(["abc", "pass", "password-1"]);
    expect(redact("abc pass password-1")).toBe("abc [redacted] [redacted]");
  });

  test("blots out the lines of a value of several lines", () => {
    const redact = createRedactor(["BEGIN-KEY\nabcdef\nEND-KEY"]);
    expect(redact("key is abcdef, then END-KEY")).toBe("key is [redacted], then [redacted]");
  });

  test("takes a secret as text, not as a pattern", () => {
    expect(createRedactor(["a.c$&"])("a.c$& abc$&")).toBe("[redacted] abc$&");
  });

  test("no part of a secret that straddles the cut is shown", () => {
    const shown = linesOf([bytes("0123456789 SECRETSECRET tail\n")], ["SECRETSECRET"]);
    expect(shown).toEqual(["0123456789 [reda…"]);
  });

  test("the tail is redacted too", () => {
    const lines = new StderrLines(["hunter22"], LIMITS);
    lines.push(bytes("key hunter22\n"), 0);
    expect(lines.tail).toEqual(["key [redacted]"]);
  });
});

describe("limits", () => {
  test("keeps the last lines only", () => {
    const lines = new StderrLines([], LIMITS);
    lines.push(bytes("1\n2\n3\n4\n5\n"), 0);
    expect(lines.tail).toEqual(["3", "4", "5"]);
  });

  test("emits a burst, then at the rate, and says how much was dropped", () => {
    const limits = { ...LIMITS, burstLines: 2, linesPerSecond: 1 };
    const lines = new StderrLines([], limits);
    expect(lines.push(bytes("1\n2\n3\n4\n"), 0)).toEqual(["1", "2"]);
    expect(lines.tail).toEqual(["2", "3", "4"]);
    expect(lines.push(bytes("5\n6\n"), 1_000)).toEqual([
      "[4 bytes of stderr were not shown: too many lines]",
      "5",
    ]);
    expect(lines.finish(1_000)).toEqual(["[2 bytes of stderr were not shown: too many lines]"]);
  });

  test("a flood keeps its true end in the tail and is counted to the byte", () => {
    const limits = { ...LIMITS, burstLines: 1, linesPerSecond: 0 };
    const lines = new StderrLines([], limits);
    const flood = `first\n${"x\n".repeat(100_000)}the end\n`;
    expect(lines.push(bytes(flood), 0)).toEqual(["first"]);
    expect(lines.push(bytes(flood), 0)).toEqual([]);
    expect(lines.tail.at(-1)).toBe("the end");
    const total = flood.length * 2 - "first\n".length;
    expect(lines.finish(0)).toEqual([`[${total} bytes of stderr were not shown: too many lines]`]);
  });

  test("a line without end takes no memory beyond its cap", () => {
    const lines = new StderrLines([], LIMITS);
    for (let part = 0; part < 1_000; part += 1) lines.push(bytes("y".repeat(1_000)), 0);
    expect(lines.finish(0)).toEqual([`${"y".repeat(16)}…`]);
  });
});
