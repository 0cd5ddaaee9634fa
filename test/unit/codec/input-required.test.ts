/** A server's questions: requests of their own in one era, part of a result in the other. */
import { describe, expect, test } from "bun:test";
import {
  inputKey,
  inputKind,
  inputRequiredResult,
  MAX_INPUT_REQUESTS,
  readInputRequired,
  replaceRequestState,
  urlRequests,
  withElicitationId,
  type InputKind,
} from "../../../src/codec/input-required.ts";
import { textOf } from "../../../src/wire/key-text.ts";
import { jsonBytes } from "../../../src/wire/message.ts";
import { META_SERVER_INFO } from "../../../src/wire/meta.ts";

const request = (key: string, method: string, params?: string) => ({
  key,
  method,
  params: params === undefined ? undefined : jsonBytes(params),
});

describe("a legacy child's requests become a result", () => {
  test("with all that was asked, less what only a request has", () => {
    const requests = [
      request(
        inputKey(1),
        "elicitation/create",
        '{"message":"é","requestedSchema":{"n":1.0},"_meta":{"progressToken":0},"task":{},"elicitationId":"e"}',
      ),
      request(inputKey(2), "sampling/createMessage", '{"messages":[{"_meta":1}],"maxTokens":1E2}'),
      request(inputKey(3), "roots/list"),
    ];
    expect(textOf(inputRequiredResult(requests, 'sealed"', '{"name":"s"}'))).toBe(
      '{"resultType":"input_required","inputRequests":{' +
        '"i1":{"method":"elicitation/create","params":{"message":"é","requestedSchema":{"n":1.0}}},' +
        '"i2":{"method":"sampling/createMessage","params":{"messages":[{"_meta":1}],"maxTokens":1E2}},' +
        '"i3":{"method":"roots/list"}},' +
        `"requestState":"sealed\\"","_meta":{"${META_SERVER_INFO}":{"name":"s"}}}`,
    );
  });

  test("without questions, and without a name", () => {
    expect(textOf(inputRequiredResult([], "s", undefined))).toBe(
      '{"resultType":"input_required","requestState":"s"}',
    );
  });

  test("that is read back", () => {
    const asked = [request("i1", "roots/list", '{"x":1.0}'), request("i2", "roots/list")];
    const read = readInputRequired(inputRequiredResult(asked, "s", undefined));
    expect(read).toEqual({ ok: true, value: { requests: asked, requestState: jsonBytes('"s"') } });
  });
});

describe("a modern child's result becomes requests", () => {
  const read = (members: string): string => {
    const result = readInputRequired(jsonBytes(`{"resultType":"input_required"${members}}`));
    if (result === undefined) return "not asked";
    if (!result.ok) return result.error;
    const { requests, requestState } = result.value;
    const texts = requests.map(
      ({ key, method, params }) =>
        `${key}=${method}${params === undefined ? "" : ` ${textOf(params)}`}`,
    );
    return [...texts, requestState === undefined ? "no state" : textOf(requestState)].join("; ");
  };
  const rows: readonly [members: string, expected: string][] = [
    [',"requestState":"s"', '"s"'],
    [',"requestState":"\\u0041\\/\\ud800é"', '"\\u0041\\/\\ud800é"'],
    [',"inputRequests":{"a":{"method":"roots/list"}}', "a=roots/list; no state"],
    [
      ',"inputRequests":{"a":{"method":"x","params":{ "n":1.0 }}, "\\u0062":{"method":"y"}},"requestState":""',
      'a=x { "n":1.0 }; b=y; ""',
    ],
    [
      ',"inputRequests":{"__proto__":{"method":"x"},"a":{"method":"y"},"a":{"method":"z"}}',
      "__proto__=x; a=z; no state",
    ],
    [',"inputRequests":{}', "no state"],
    ["", "there is neither inputRequests nor requestState"],
    [',"requestState":7', "requestState is no string"],
    [',"inputRequests":[]', "inputRequests is no object"],
    [',"inputRequests":{"a":7}', 'the input request "a" is malformed'],
    [',"inputRequests":{"a":{"method":7}}', 'the input request "a" is malformed'],
    [',"inputRequests":{"a":{"method":"x","params":[]}}', 'the input request "a" is malformed'],
  ];
  for (const [members, expected] of rows) {
    test(members || "nothing", () => expect(read(members)).toBe(expected));
  }

  test("of so many questions at most", () => {
    const asked = (count: number): string => {
      const names = Array.from({ length: count }, (_, n) => `"k${n}":{"method":"roots/list"}`);
      return read(`,"inputRequests":{${names.join(",")}}`);
    };
    expect(asked(MAX_INPUT_REQUESTS)).toEndWith("no state");
    expect(asked(MAX_INPUT_REQUESTS + 1)).toBe("there are too many input requests");
  });

  test("the state outlives its line", () => {
    const line = jsonBytes('{"resultType":"input_required","requestState":"s"}');
    const result = readInputRequired(line);
    line.fill(0x20);
    expect(result?.ok === true && textOf(result.value.requestState ?? line)).toBe('"s"');
  });

  for (const other of ['{"resultType":"complete"}', "{}", '{"resultType":7}', "null"]) {
    test(`${other} asks nothing`, () =>
      expect(readInputRequired(jsonBytes(other))).toBeUndefined());
  }
});

describe("the kind of a question", () => {
  const rows: readonly [method: string, params: string | undefined, kind: InputKind][] = [
    ["sampling/createMessage", "{}", "sampling"],
    ["roots/list", undefined, "roots"],
    ["elicitation/create", "{}", "elicitation"],
    ["elicitation/create", undefined, "elicitation"],
    ["elicitation/create", '{"mode":"form"}', "elicitation"],
    ["elicitation/create", '{"mode":"url"}', "elicitation-url"],
    ["elicitation/create", '{"mode":"telepathy"}', undefined],
    ["elicitation/create", '{"mode":null}', undefined],
    ["tools/call", "{}", undefined],
  ];
  for (const [method, params, kind] of rows) {
    test(`${method} ${params}`, () => {
      expect(inputKind(method, params === undefined ? undefined : jsonBytes(params))).toBe(kind);
    });
  }
});

describe("-32042 of a legacy child", () => {
  const read = (error: string): string[] | undefined =>
    urlRequests(jsonBytes(error))?.map(
      ({ key, method, params }) => `${key} ${method} ${textOf(params ?? new Uint8Array())}`,
    );
  const error = (elicitations: string): string =>
    `{"code":-32042,"message":"m","data":{"elicitations":${elicitations}}}`;

  test("becomes a question for each page", () => {
    const pages =
      '[{"mode":"url","elicitationId":"e","url":"https://a.test/","message":"m","n":1.0},{"url":"https://b.test/"}]';
    expect(read(error(pages))).toEqual([
      'i1 elicitation/create {"mode":"url","elicitationId":"e","url":"https://a.test/","message":"m","n":1.0}',
      'i2 elicitation/create {"mode":"url","message":"Open this page to go on","url":"https://b.test/"}',
    ]);
    const asked = inputRequiredResult(urlRequests(jsonBytes(error(pages))) ?? [], "s", undefined);
    expect(textOf(asked)).not.toContain("elicitationId");
    expect(textOf(asked)).toContain(
      '"i1":{"method":"elicitation/create","params":{"mode":"url","url"',
    );
  });

  const none = [
    error("[]"),
    error("{}"),
    error("[7,{}]"),
    '{"code":-32042,"message":"m"}',
    '{"code":-32603,"data":{"elicitations":[{"url":"a"}]}}',
    "null",
  ];
  for (const text of none) {
    test(`${text} names no page`, () => expect(read(text)).toBeUndefined());
  }
});

test("an elicitation gets the id that legacy clients want", () => {
  const params = jsonBytes('{"mode":"url","url":"https://a.test/","elicitationId":"old","n":1.0}');
  expect(textOf(withElicitationId(params, "new"))).toBe(
    '{"elicitationId":"new","mode":"url","url":"https://a.test/","n":1.0}',
  );
});

test("a state is wrapped and unwrapped where it stands", () => {
  const result = jsonBytes('{"resultType":"input_required","requestState":"\\u0041","x":1.0}');
  expect(textOf(replaceRequestState(result, '"sealed"'))).toBe(
    '{"requestState":"sealed","resultType":"input_required","x":1.0}',
  );
});
