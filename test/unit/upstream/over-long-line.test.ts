/** Whose answer was a line too long to keep: by the ends of it, as the SDKs write them. */
import { describe, expect, test } from "bun:test";
import { idInEnds } from "../../../src/upstream/over-long-line.ts";
import { jsonBytes } from "../../../src/wire/message.ts";

const rows: readonly [writer: string, head: string, tail: string, id: number | undefined][] = [
  ["Python, Go, Rust", '{"jsonrpc":"2.0","id":7,"result":{"a', '"}}', 7],
  ["with spaces", '{ "jsonrpc": "2.0", "id": 7, "result": {"a', '"}}', 7],
  ["an error", '{"jsonrpc":"2.0","id":7,"error":{"a', '"}}', 7],
  ["the id first", '{"id":7,"jsonrpc":"2.0","result":{"a', '"}}', 7],
  ["the id first, the version last", '{"id":7,"result":{"a', '"},"jsonrpc":"2.0"}', 7],
  ["TypeScript", '{"result":{"a', '"},"jsonrpc":"2.0","id":7}', 7],
  ["the id last", '{"jsonrpc":"2.0","result":{"a', '"},"id":7}', 7],
  ["the id last but one", '{"result":{"a', '"},"id":7,"jsonrpc":"2.0"}', 7],
  ["with a carriage return", '{"result":{"a', '"}, "jsonrpc": "2.0", "id": 7 }\r', 7],
  ["a large id", '{"jsonrpc":"2.0","id":123456789012,"result":"', '"}', 123_456_789_012],
  [
    "a request of the child",
    '{"jsonrpc":"2.0","id":7,"method":"sampling/createMessage","params":{"a',
    '"}}',
    undefined,
  ],
  [
    "its id last",
    '{"method":"sampling/createMessage","params":{"a',
    '"},"jsonrpc":"2.0","id":7}',
    undefined,
  ],
  [
    "its id last, after the version",
    '{"jsonrpc":"2.0","method":"x","params":{"a',
    '"},"id":7}',
    undefined,
  ],
  ["a notification", '{"jsonrpc":"2.0","method":"x","params":{"a', '"}}', undefined],
  ["an id inside the result", '{"jsonrpc":"2.0","result":{"a', '","id":7}}', undefined],
  ["a text id", '{"jsonrpc":"2.0","id":"7","result":{"a', '"}}', undefined],
  ["a negative id", '{"jsonrpc":"2.0","id":-7,"result":{"a', '"}}', undefined],
  ["a batch", '[{"jsonrpc":"2.0","id":7,"result":{"a', '"}}]', undefined],
  ["noise", "id 7 of the log", "and so on", undefined],
  ["noise that ends like one", "log {", '},"id":7}', undefined],
  ["nothing", "", "", undefined],
];

describe("idInEnds", () => {
  for (const [writer, head, tail, id] of rows) {
    test(writer, () => {
      expect(idInEnds(jsonBytes(head), jsonBytes(tail))).toBe(id);
    });
  }

  test("ends cut inside a character", () => {
    const cut = Uint8Array.of(0xa0, ...jsonBytes('"},"jsonrpc":"2.0","id":7}'));
    expect(idInEnds(jsonBytes('{"result":{"a'), cut)).toBe(7);
  });
});
