/** The quick way to read a message says what the careful one says, or nothing. */
import { describe, expect, test } from "bun:test";
import { isJson, parseMessage, type Message } from "../../../src/wire/message.ts";
import { readShort } from "../../../src/wire/short-message.ts";
import { JsonWriter, randomFrom } from "./random-json.ts";

const MAX_DEPTH = 200;
const encoder = new TextEncoder();

function careful(bytes: Uint8Array, text: string): Message | undefined {
  const parsed = parseMessage(bytes, MAX_DEPTH, text);
  return "message" in parsed && isJson(bytes) ? parsed.message : undefined;
}

/** What the quick way said, after it was compared with the careful one. */
function read(text: string): Message | undefined {
  const bytes = encoder.encode(text);
  const short = readShort(bytes, text, MAX_DEPTH);
  if (short === undefined) return undefined;
  const { plain, ...rest } = short;
  const { plain: given, ...expected } = careful(bytes, text) ?? { plain: undefined };
  expect<object>(rest).toEqual(expected);
  expect(plain?.text).toBe(given?.text ?? "");
  expect(plain?.value).toEqual(JSON.parse(plain?.text ?? ""));
  return short;
}

describe("the usual forms are read", () => {
  for (const text of [
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"x":"}"}}}',
    '{"method":"tools/call","params":{"name":"a"},"jsonrpc":"2.0","id":"ab-1"}',
    '{"jsonrpc":"2.0","id":0,"result":{}}',
    '{"result":{"content":[{"type":"text","text":",\\"jsonrpc\\":\\"2.0\\""}]},"jsonrpc":"2.0","id":3}',
  ]) {
    test(text.slice(0, 60), () => expect(read(text)).toBeDefined());
  }
});

test("a long text may nest as deep as a careful reader lets it", () => {
  const nested = (levels: number): string =>
    `{"jsonrpc":"2.0","id":1,"result":{"pad":"${"x".repeat(500)}","a":${"[".repeat(levels)}${"]".repeat(levels)}}}`;
  for (let levels = 190; levels < 210; levels++) {
    const text = nested(levels);
    const isTaken = careful(encoder.encode(text), text) !== undefined;
    expect([levels, read(text) !== undefined]).toEqual([levels, isTaken]);
  }
  expect(read(nested(198))).toBeDefined();
  expect(read(nested(199))).toBeUndefined();
});

describe("others are left to the careful way", () => {
  for (const text of [
    '{"jsonrpc":"2.0","id":01,"result":{}}',
    '{"jsonrpc":"2.0","id":1,"result":{},"result":{"a":1}}',
    '{"jsonrpc":"2.0","id":1,"method":"x","params":{},"params":{}}',
    '{"jsonrpc":"2.0","id":1,"result":{}}}',
    '{"jsonrpc":"2.0","id":1,"result":{"a":1},"x":{}}',
    '{"result":{},"jsonrpc":"2.0","id":1,"id":2}',
    '{"result":{},"id":9,"jsonrpc":"2.0","id":1}',
    '{"method":"x","params":{},"jsonrpc":"2.0","id":null}',
    '{"jsonrpc":"2.0","id":1,"result":[1]}',
    '{"jsonrpc":"2.0","id":1,"result":{"a":\n1}}',
    '{"jsonrpc":"2.0","id":1,"result":{"a":tru}}',
    '{"jsonrpc":"2.0","id":1,"result":{}} ',
    '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}',
    '{"jsonrpc":"2.0","method":"notifications/initialized"}',
    `{"jsonrpc":"2.0","id":1,"result":{"a":${"[".repeat(201)}${"]".repeat(201)}}}`,
  ]) {
    test(text.slice(0, 60), () => expect(read(text)).toBeUndefined());
  }
});

test("both ways agree on random messages, whole and damaged", () => {
  let taken = 0;
  for (let seed = 1; seed <= 3_000; seed++) {
    const random = randomFrom(seed);
    const { text } = new JsonWriter(random).write(2);
    const payload = `{"v":${text.replace(/[^\x20-\x7e]/g, " ")}}`;
    const whole =
      seed % 2 === 0
        ? `{"jsonrpc":"2.0","id":${seed},"result":${payload}}`
        : `{"method":"a/b","params":${payload},"jsonrpc":"2.0","id":"${seed}"}`;
    if (read(whole) !== undefined) taken++;
    const at = Math.floor(random() * whole.length);
    read(whole.slice(0, at) + whole.slice(at + 1));
    read(`${whole.slice(0, at)}${'{}[]",:1\\'.charAt(seed % 9)}${whole.slice(at)}`);
  }
  expect(taken).toBeGreaterThan(500);
});
