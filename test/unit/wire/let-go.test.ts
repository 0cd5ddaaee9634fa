/** Memory is given back for what is one message's own, and for nothing that others still look at. */
import { describe, expect, test } from "bun:test";
import { textOf } from "../../../src/wire/key-text.ts";
import { declareOwn, letGo } from "../../../src/wire/let-go.ts";
import { LineSplitter } from "../../../src/wire/ndjson.ts";

const encoder = new TextEncoder();
const LARGE = "x".repeat(200_000);

/** Splits the chunks; each line is let go of as soon as `done` has seen it. */
function passOn(chunks: readonly Uint8Array[]): readonly (readonly [string, number])[] {
  const seen: (readonly [string, number])[] = [];
  const splitter = new LineSplitter(1_000_000, {
    line: (line) => {
      const text = textOf(line);
      letGo(line);
      seen.push([text, line.byteLength]);
    },
    tooLong: () => void seen.push(["too long", -1]),
  });
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return seen;
}

describe("a line of several chunks", () => {
  const [first, second] = [LARGE.slice(0, 120_000), LARGE.slice(120_000)];

  test("is empty once it was let go of, and so are its chunks", () => {
    const chunk = encoder.encode(first);
    expect(passOn([chunk, encoder.encode(`${second}\n`)])).toEqual([[LARGE, 0]]);
    expect(chunk.byteLength).toBe(0);
  });

  test("leaves what follows in its last chunk", () => {
    const rest = `${second}\n{"id":1}\n${LARGE}`;
    const seen = passOn([
      encoder.encode(first),
      encoder.encode(rest),
      encoder.encode(`${LARGE}\n`),
    ]);
    expect(seen.map(([text]) => text)).toEqual([LARGE, '{"id":1}', LARGE + LARGE]);
  });
});

test("lines of one chunk stay: their memory is not theirs alone", () => {
  const seen = passOn([encoder.encode(`${LARGE}\n{"id":1}\n${LARGE}\n`)]);
  expect(seen).toEqual([
    [LARGE, LARGE.length],
    ['{"id":1}', 8],
    [LARGE, LARGE.length],
  ]);
});

test("small memory is left to the collector", () => {
  const bytes = declareOwn(encoder.encode("small"));
  letGo(bytes);
  expect(textOf(bytes)).toBe("small");
});
