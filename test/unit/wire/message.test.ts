/** Reading a message: ids of all forms, envelopes of all kinds, and what is refused with which code. */
import { describe, expect, test } from "bun:test";
import { INVALID_REQUEST, PARSE_ERROR } from "../../../src/wire/error-codes.ts";
import { textOf } from "../../../src/wire/key-text.ts";
import {
  CHECKED_BYTES,
  idKey,
  parseMessage,
  plainOf,
  plainText,
} from "../../../src/wire/message.ts";
import { JsonWriter, randomFrom } from "./random-json.ts";

const encoder = new TextEncoder();
const MAX_DEPTH = 50;

/** What was read, in a form that a table can hold: the message, or `[code, id]` of the fault. */
function read(text: string): unknown {
  const parsed = parseMessage(encoder.encode(text), MAX_DEPTH);
  if ("fault" in parsed) return [parsed.fault.code, parsed.fault.id];
  const { kind, id, method, payload } = parsed.message;
  return { kind, id, method, payload: payload === undefined ? undefined : textOf(payload) };
}

describe("ids of requests", () => {
  const ids: readonly [id: string, accepted: boolean][] = [
    ["0", true],
    ['""', true],
    ['"1"', true],
    ["1", true],
    ["1.0", true],
    ["-1", true],
    ["1e2", true],
    ["12345678901234567890123", true],
    ['"a\\u0041\\"\\n"', true],
    [`"${"x".repeat(500)}"`, true],
    ["null", false],
    ["true", false],
    ["{}", false],
    ["[1]", false],
    ['"\\x"', false],
  ];
  for (const [id, accepted] of ids) {
    test(`${id.slice(0, 30)} ${accepted ? "is kept as it is written" : "is refused"}`, () => {
      const kept = { kind: "request", id, method: "ping", payload: undefined };
      expect(read(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`)).toEqual(
        accepted ? kept : [INVALID_REQUEST, undefined],
      );
    });
  }
});

describe("envelopes", () => {
  const v = '"jsonrpc":"2.0"';
  const call = (payload: string | undefined, id: string | undefined = "1"): unknown => ({
    kind: id === undefined ? "notification" : "request",
    id,
    method: "a/b",
    payload,
  });
  const answer = (kind: string, id: string | undefined, payload: string): unknown => ({
    kind,
    id,
    method: "",
    payload,
  });
  const refused = (id?: string): unknown => [INVALID_REQUEST, id];
  const broken = [PARSE_ERROR, undefined];
  const rows: readonly [name: string, text: string, expected: unknown][] = [
    ["a request", `{${v},"id":1,"method":"a/b","params":{"x":1.0}}`, call('{"x":1.0}')],
    ["members in any order", `{"params":{},"method":"a/b","id":1,${v}}`, call("{}")],
    ["white space everywhere", ` \n{ ${v} , "id" : 1 ,\t"method" : "a/b" }\r\n`, call(undefined)],
    [
      "a notification",
      `{${v},"method":"a/b"}`,
      { ...(call(undefined) as object), kind: "notification", id: undefined },
    ],
    [
      "unknown members of the envelope",
      `{${v},"id":1,"method":"a/b","extra":[{}]}`,
      call(undefined),
    ],
    ["an escaped method", `{${v},"id":1,"method":"a\\/b"}`, call(undefined)],
    ["escaped keys", `{${v},"\\u0069d":1,"m\\u0065thod":"a/b"}`, call(undefined)],
    [
      "the last of two members counts",
      `{${v},"id":9,"id":1,"method":"x","method":"a/b"}`,
      call(undefined),
    ],
    [
      "an id inside params is not the message's",
      `{${v},"method":"a/b","params":{"id":7}}`,
      { ...(call('{"id":7}') as object), kind: "notification", id: undefined },
    ],
    ["a result of any type", `{${v},"id":"x","result":null}`, answer("result", '"x"', "null")],
    ["an error", `{${v},"id":1,"error":{"code":1}}`, answer("error", "1", '{"code":1}')],
    ["an error without id", `{${v},"error":{}}`, answer("error", undefined, "{}")],
    ["an error with id null", `{${v},"id":null,"error":{}}`, answer("error", undefined, "{}")],
    ["an error with an id that is none", `{${v},"id":{},"error":{}}`, refused()],
    ["a result without id", `{${v},"result":{}}`, refused()],
    ["a result with id null", `{${v},"id":null,"result":{}}`, refused()],
    ["result and error", `{${v},"id":1,"result":{},"error":{}}`, refused("1")],
    ["neither method nor answer", `{${v},"id":1}`, refused("1")],
    ["no version", '{"id":1,"method":"a/b"}', refused("1")],
    ["an older version", '{"jsonrpc":"1.0","id":1,"method":"a/b"}', refused("1")],
    ["a version that is a number", '{"jsonrpc":2.0,"id":1,"method":"a/b"}', refused("1")],
    ["a number that looks like it", '{"jsonrpc":12.03,"id":1,"method":"a/b"}', refused("1")],
    ["a method that is no string", `{${v},"id":1,"method":7}`, refused("1")],
    ["params that are an array", `{${v},"id":1,"method":"a/b","params":[1]}`, refused("1")],
    ["params that are null", `{${v},"id":1,"method":"a/b","params":null}`, call(undefined)],
    [
      "a result beside an error that is null",
      `{${v},"id":1,"result":{},"error":null}`,
      answer("result", "1", "{}"),
    ],
    [
      "an error beside a result that is null",
      `{${v},"id":1,"result":null,"error":{}}`,
      answer("error", "1", "{}"),
    ],
    ["a batch", `[{${v},"method":"a/b"}]`, refused()],
    ["other JSON", '"text"', refused()],
    ["an empty object", "{}", refused()],
    ["no JSON", "hello", broken],
    ["nothing", "", broken],
    ["an object cut short", `{${v},"id":1`, broken],
    ["two objects", `{${v},"method":"a/b"}{}`, broken],
    ["a byte order mark in front", `\ufeff{${v},"method":"a/b"}`, broken],
    [
      "too deep",
      `{${v},"id":1,"method":"a/b","params":{"a":${"[".repeat(50)}${"]".repeat(50)}}}`,
      refused(),
    ],
  ];
  for (const [name, text, expected] of rows) {
    test(name, () => {
      expect(read(text)).toEqual(expected);
    });
  }

  test("the payload is a view of the bytes that came in", () => {
    const bytes = encoder.encode('{"jsonrpc":"2.0","id":1,"result":{"a":1}}');
    const parsed = parseMessage(bytes, MAX_DEPTH);
    expect("message" in parsed && parsed.message.payload?.buffer === bytes.buffer).toBe(true);
  });

  test("a long text that is no object is refused without being parsed", () => {
    expect(read(`[${"1,".repeat(CHECKED_BYTES)}1]`)).toEqual(broken);
  });

  test("random objects never throw, nor do their ids", () => {
    const writer = new JsonWriter(randomFrom(7));
    for (let i = 0; i < 3_000; i++) {
      const { text, root } = writer.write(3);
      const parsed = parseMessage(encoder.encode(text), MAX_DEPTH);
      if ("fault" in parsed && parsed.fault.code === PARSE_ERROR) {
        throw new Error(`refused as no JSON: ${text}`);
      }
      if (root.kind === "object") for (const child of root.children) idKey(child.key ?? "");
    }
  });
});

describe("idKey", () => {
  const rows: readonly [name: string, one: string, other: string, same: boolean][] = [
    ["a number and its text", "1", '"1"', false],
    ["two ways to write a number", "1", "1.0", true],
    ["an exponent", "100", "1e2", true],
    ["zero and minus zero", "0", "-0", true],
    ["two ways to write a string", '"a"', '"\\u0061"', true],
    ["two strings", '"a"', '"A"', false],
    ["an escaped quote", '"\\""', '"\\u0022"', true],
    ["neighbours beyond the exact doubles", "9007199254740992", "9007199254740993", false],
    ["nanoseconds as ids", "1763729999000000001", "1763729999000000002", false],
    ["a broken escape, only equal to itself", '"\\x"', '"x"', false],
    ["no id at all", "null", "nonsense", false],
    ["an object", "{}", "[]", false],
  ];
  for (const [name, one, other, same] of rows) {
    test(name, () => {
      expect(idKey(one) === idKey(other)).toBe(same);
      expect(idKey(one)).toBe(idKey(one));
    });
  }
});

describe("the text of a message", () => {
  const plain = (text: string | Uint8Array): string | undefined =>
    plainText(typeof text === "string" ? encoder.encode(text) : text);

  test("is there for short ASCII only, so that its indices are those of the bytes", () => {
    expect(plain('{"a":"\\u00e9"}')).toBe('{"a":"\\u00e9"}');
    expect(plain("x".repeat(16 * 1024))?.length).toBe(16 * 1024);
    expect(plain("x".repeat(16 * 1024 + 1))).toBeUndefined();
    for (const other of ["é", "€", "😀", "\uFFFD"]) expect(plain(`"${other}"`)).toBeUndefined();
  });

  test("is none for bytes that are no UTF-8, which pass as they are", () => {
    for (const broken of [[0xff], [0xc3], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0x80, 0x80]])
      expect(plain(new Uint8Array([0x22, ...broken, 0x22]))).toBeUndefined();
  });

  test("has no string with a control character in it, as bytes have none", () => {
    for (const text of [
      '{"jsonrpc":"2.0","id":"a\tb","method":"ping"}',
      '{"jsonrpc":"2.0","id":1,"method":"pi\u0001ng"}',
    ]) {
      const bytes = encoder.encode(text);
      expect(parseMessage(bytes, MAX_DEPTH, plainText(bytes))).toEqual(
        parseMessage(bytes, MAX_DEPTH),
      );
    }
  });

  test("reads the same message as bytes do", () => {
    const texts = [
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}',
      '{"method":"a\\u0062","params":{"x":[1,{"id":7}]},"jsonrpc":"2.0","id":"k\\"1"}',
      '{"jsonrpc":"2.0","id":"3","result":{"content":[]}}',
      '{"jsonrpc":"2.0","id":4,"error":{"code":-1,"message":"no"}}',
    ];
    for (const text of texts) {
      const bytes = encoder.encode(text);
      const byText = parseMessage(bytes, MAX_DEPTH, plainText(bytes));
      const byBytes = parseMessage(bytes, MAX_DEPTH);
      if (!("message" in byText) || !("message" in byBytes)) throw new Error("it is a message");
      const { payload, plain: given, ...rest } = byText.message;
      expect<object>({ payload, ...rest, plain: undefined }).toEqual(byBytes.message);
      if (payload === undefined) throw new Error("there is a payload");
      expect(plainOf(payload, given)).toBe(textOf(payload));
      expect(plainOf(payload.slice(), given)).toBeUndefined();
    }
  });
});
