/** Errors between the eras (protocol.md 3.1). */
import { describe, expect, test } from "bun:test";
import { downError, errorCode, refusal, upError } from "../../../src/codec/error-fields.ts";
import { textOf } from "../../../src/wire/key-text.ts";
import { jsonBytes } from "../../../src/wire/message.ts";

const original = (code: number, message: string, error: string): string =>
  `error {"code":${code},"message":${JSON.stringify(message)},"data":{"original":${error}}}`;

describe("up", () => {
  const up = (error: string, uri?: string): string => {
    const answer = upError(jsonBytes(error), uri);
    return `${answer.kind} ${textOf(answer.payload)}`;
  };
  const same = [
    "-32601",
    "-32602",
    "-32603",
    "-32700",
    "-32000",
    "-32001",
    "-32019",
    "-32100",
    "-1",
    "0",
    "1.0",
  ];
  for (const code of same) {
    test(`${code} stays`, () => {
      const error = `{ "code": ${code},"message":"m","data":{"x":1.0},"y":2 }`;
      expect(up(error)).toBe(`error ${error}`);
    });
  }

  for (const code of ["-32020", "-32021", "-32022", "-32042", "-32099", "-32021.0"]) {
    test(`${code} is not the child's to say`, () => {
      const error = `{"code":${code},"message":"m \\" é","data":{"x":1.0}}`;
      expect(up(error)).toBe(original(-32603, 'm " é', error));
    });
  }

  const rows: readonly [name: string, given: string, uri: string | undefined, expected: string][] =
    [
      [
        "with its uri",
        '{"code":-32002,"message":"m","data":{"uri":"a","x":1.0}}',
        "b",
        '{"code":-32602,"message":"m","data":{"uri":"a","x":1.0}}',
      ],
      [
        "with the uri that was asked for",
        '{"code":-32002,"message":"m"}',
        "b",
        '{"code":-32602,"data":{"uri":"b"},"message":"m"}',
      ],
      [
        "with other data",
        '{"data":"x","code":-32002,"message":"m"}',
        "b",
        '{"code":-32602,"data":"x","message":"m"}',
      ],
      ["without one", '{"code":-32002,"message":"m"}', undefined, '{"code":-32602,"message":"m"}'],
      [
        "in another number form",
        '{"code":-3.2002e4,"message":"m"}',
        undefined,
        '{"code":-32602,"message":"m"}',
      ],
    ];
  for (const [name, given, uri, expected] of rows) {
    test(`resource not found ${name}`, () => expect(up(given, uri)).toBe(`error ${expected}`));
  }

  for (const error of ["null", '"x"', "{}", '{"code":"-32002"}', '{"code":null}', '{"code":1.5}']) {
    test(`${error} is no error`, () => {
      expect(up(error)).toBe(original(-32603, "an error without a code", error));
    });
  }

  test("without a message the code is named", () => {
    expect(up('{"code":-32050}')).toBe(original(-32603, "error -32050", '{"code":-32050}'));
  });
});

describe("down", () => {
  const down = (method: string, error: string): string => {
    const answer = downError(method, jsonBytes(error));
    return `${answer.kind} ${textOf(answer.payload)}`;
  };
  const failed = (text: string): string =>
    `result {"content":[{"type":"text","text":${JSON.stringify(text)}}],"isError":true}`;
  const missing = (data: string): string => `{"code":-32021,"message":"m","data":${data}}`;
  const capabilities: readonly [data: string, named: string][] = [
    ['{"requiredCapabilities":{"sampling":{}}}', "sampling"],
    ['{"requiredCapabilities":{"elicitation":{"url":{}},"roots":{}}}', "elicitation.url, roots"],
    ['{"requiredCapabilities":{}}', "a client capability"],
    ["7", "a client capability"],
  ];
  for (const [data, named] of capabilities) {
    test(`a capability is missing: ${data}`, () => {
      const text = `This needs what the client did not declare: ${named}`;
      expect(down("tools/call", missing(data))).toBe(failed(text));
      expect(down("prompts/get", missing(data))).toBe(original(-32603, text, missing(data)));
    });
  }

  for (const code of [-32020, -32022]) {
    test(`${code} is ours`, () => {
      const error = `{"code":${code},"message":"m","data":{"x":1.0}}`;
      const text = "The server did not accept the gateway's request";
      expect(down("tools/call", error)).toBe(original(-32603, text, error));
    });
  }

  const rows: readonly [name: string, method: string, given: string, expected: string][] = [
    [
      "resource not found",
      "resources/read",
      '{"code":-32602,"message":"m","data":{"uri":"a","x":1.0}}',
      '{"code":-32002,"message":"m","data":{"uri":"a","x":1.0}}',
    ],
    [
      "of another method",
      "tools/call",
      '{"code":-32602,"message":"m","data":{"uri":"a"}}',
      '{"code":-32602,"message":"m","data":{"uri":"a"}}',
    ],
    [
      "without a uri",
      "resources/read",
      '{"code":-32602,"message":"m","data":{}}',
      '{"code":-32602,"message":"m","data":{}}',
    ],
    [
      "without data",
      "resources/read",
      '{"code":-32602,"message":"m"}',
      '{"code":-32602,"message":"m"}',
    ],
    [
      "another code",
      "resources/read",
      '{"code":-32601,"data":{"uri":"a"}}',
      '{"code":-32601,"data":{"uri":"a"}}',
    ],
    ["no object", "resources/read", "null", "null"],
  ];
  for (const [name, method, given, expected] of rows) {
    test(name, () => expect(down(method, given)).toBe(`error ${expected}`));
  }
});

test("a refusal is a failed result for a tool, an error else", () => {
  expect(refusal("tools/call", "no").kind).toBe("result");
  const answer = refusal("prompts/get", 'no "way"');
  expect(textOf(answer.payload)).toBe('{"code":-32603,"message":"no \\"way\\""}');
  expect(answer.kind).toBe("error");
});

test("errorCode reads integers only", () => {
  const codes = ["-32042", "-32042.0", "1e2", '"1"', "true", "1.5", "1e999"];
  const read = codes.map((code) => errorCode(jsonBytes(`{"code":${code}}`)));
  expect(read).toEqual([-32042, -32042, 100, undefined, undefined, undefined, undefined]);
});
