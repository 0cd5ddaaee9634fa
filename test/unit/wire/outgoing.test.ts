/** Writing a message: exact bytes, the payload untouched between a head and a tail. */
import { describe, expect, test } from "bun:test";
import { textOf } from "../../../src/wire/key-text.ts";
import {
  encodeOutgoing,
  jsonBytes,
  outgoingAnswer,
  outgoingCall,
  textError,
  textResult,
  type Outgoing,
} from "../../../src/wire/message.ts";

const payload = jsonBytes('{"n":1.0,"é":"\\ud800"}');

const rows: readonly [name: string, message: Outgoing, text: string][] = [
  [
    "a request",
    outgoingCall("7", "a/b", payload),
    '{"jsonrpc":"2.0","id":7,"method":"a/b","params":{"n":1.0,"é":"\\ud800"}}',
  ],
  [
    "a request without params",
    outgoingCall('"7"', "a/b", undefined),
    '{"jsonrpc":"2.0","id":"7","method":"a/b"}',
  ],
  ["id 0", outgoingCall("0", "ping", undefined), '{"jsonrpc":"2.0","id":0,"method":"ping"}'],
  [
    "a notification",
    outgoingCall(undefined, "n", payload),
    '{"jsonrpc":"2.0","method":"n","params":{"n":1.0,"é":"\\ud800"}}',
  ],
  [
    "a method with a quote and a line break",
    outgoingCall("1", 'a"\n', undefined),
    '{"jsonrpc":"2.0","id":1,"method":"a\\"\\n"}',
  ],
  [
    "a result",
    outgoingAnswer("1.0", "result", payload),
    '{"jsonrpc":"2.0","id":1.0,"result":{"n":1.0,"é":"\\ud800"}}',
  ],
  [
    "an error",
    outgoingAnswer('""', "error", payload),
    '{"jsonrpc":"2.0","id":"","error":{"n":1.0,"é":"\\ud800"}}',
  ],
  ["a result made here", textResult("1", "{}"), '{"jsonrpc":"2.0","id":1,"result":{}}'],
  [
    "an error made here",
    textError("1", -32603, 'a "b"'),
    '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"a \\"b\\""}}',
  ],
  [
    "an error with data",
    textError("1", -1, "m", { gateway: { code: "X" } }),
    '{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"m","data":{"gateway":{"code":"X"}}}}',
  ],
  [
    "an error without id",
    textError(undefined, -1, "m"),
    '{"jsonrpc":"2.0","error":{"code":-1,"message":"m"}}',
  ],
];

describe("encodeOutgoing", () => {
  for (const [name, message, text] of rows) {
    test(name, () => {
      expect(textOf(encodeOutgoing(message))).toBe(text);
      expect(textOf(encodeOutgoing(message, "data: ", "\n\n"))).toBe(`data: ${text}\n\n`);
    });
  }

  test("the payload passes byte for byte, also what is no UTF-8", () => {
    const odd = Uint8Array.of(0x22, 0xff, 0xfe, 0xef, 0xbb, 0xbf, 0x22);
    const whole = encodeOutgoing(outgoingAnswer("1", "result", odd));
    const at = '{"jsonrpc":"2.0","id":1,"result":'.length;
    expect([...whole.subarray(at, at + odd.length)]).toEqual([...odd]);
  });
});
