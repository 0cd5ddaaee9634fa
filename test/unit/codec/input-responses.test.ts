/** Answers to a server's questions: judged one by one, and spliced into the next round. */
import { describe, expect, test } from "bun:test";
import { toChildParams } from "../../../src/codec/client-params.ts";
import type { InputKind } from "../../../src/codec/input-required.ts";
import {
  isAccepted,
  isWellFormed,
  readRetry,
  retryParams,
  sortAnswers,
} from "../../../src/codec/input-responses.ts";
import { toModernParams } from "../../../src/codec/modern-params.ts";
import { textOf } from "../../../src/wire/key-text.ts";
import { jsonBytes } from "../../../src/wire/message.ts";

const request = (key: string, method: string, params?: string) => ({
  key,
  method,
  params: params === undefined ? undefined : jsonBytes(params),
});

describe("a retry", () => {
  const read = (params: string | undefined): unknown => {
    const retry = readRetry(params === undefined ? undefined : jsonBytes(params));
    if (!retry.ok) return retry.error;
    const responses = [...retry.value.responses].map(([key, bytes]) => `${key}=${textOf(bytes)}`);
    return [retry.value.requestState, ...responses];
  };
  const bad = (what: string) => ({ code: -32602, message: `Invalid params: ${what}` });
  const rows: readonly [params: string | undefined, expected: unknown][] = [
    [undefined, [undefined]],
    ["{}", [undefined]],
    ['{"name":"x","arguments":{"requestState":"s","inputResponses":{"a":1}}}', [undefined]],
    ['{"requestState":"\\u0041"}', ["A"]],
    ['{"requestState":""}', [""]],
    ['{"inputResponses":{}}', [undefined]],
    [
      '{"inputResponses":{"a":{ "n":1.0},"\\u0062":7},"requestState":"s"}',
      ["s", 'a={ "n":1.0}', "b=7"],
    ],
    ['{"inputResponses":{"__proto__":{}}}', [undefined, "__proto__={}"]],
    ['{"requestState":7}', bad("requestState must be a string")],
    ['{"requestState":null}', bad("requestState must be a string")],
    ['{"inputResponses":null}', bad("inputResponses must be an object")],
    ['{"inputResponses":[]}', bad("inputResponses must be an object")],
    ['{"inputResponses":"a"}', bad("inputResponses must be an object")],
  ];
  for (const [params, expected] of rows) {
    test(String(params), () => expect(read(params)).toEqual(expected));
  }
});

describe("an answer", () => {
  const rows: readonly [kind: InputKind, result: string, isGood: boolean][] = [
    ["elicitation", '{"action":"accept","content":{}}', true],
    ["elicitation", '{"action":"accept","content":{"a":1.0},"x":1}', true],
    ["elicitation", '{"action":"accept"}', false],
    ["elicitation", '{"action":"accept","content":[]}', false],
    ["elicitation", '{"action":"decline"}', true],
    ["elicitation", '{"action":"cancel"}', true],
    ["elicitation", '{"action":"Accept","content":{}}', false],
    ["elicitation", "{}", false],
    ["elicitation", "12345", false],
    ["elicitation", "null", false],
    ["elicitation", "[]", false],
    ["elicitation-url", '{"action":"accept"}', true],
    ["elicitation-url", '{"action":"decline"}', true],
    ["elicitation-url", '{"action":7}', false],
    ["sampling", '{"role":"assistant","content":{"type":"text"},"model":"m"}', true],
    ["sampling", '{"role":"user","content":[],"model":"m"}', true],
    ["sampling", '{"role":"system","content":{},"model":"m"}', false],
    ["sampling", '{"content":{},"model":"m"}', false],
    ["sampling", '{"role":"user","content":"x","model":"m"}', false],
    ["sampling", '{"role":"user","content":{}}', false],
    ["roots", '{"roots":[]}', true],
    ["roots", '{"roots":{}}', false],
    ["roots", "{}", false],
    [undefined, "{}", false],
  ];
  for (const [kind, result, isGood] of rows) {
    test(`to ${kind}: ${result} is ${isGood ? "one" : "none"}`, () => {
      expect(isWellFormed(kind, jsonBytes(result))).toBe(isGood);
    });
  }

  test("says whether the user agreed", () => {
    const agreed = ['{"action":"accept"}', '{"action":"decline"}', "{}", "7"];
    expect(agreed.map((text) => isAccepted(jsonBytes(text)))).toEqual([true, false, false, false]);
  });
});

test("answers are sorted by question; foreign keys are left aside", () => {
  const asked = [
    request("i1", "elicitation/create"),
    request("i2", "roots/list"),
    request("i3", "elicitation/create", '{"mode":"url"}'),
    request("i4", "sampling/createMessage"),
  ];
  const responses = new Map([
    ["i9", jsonBytes('{"action":"accept","content":{}}')],
    ["i1", jsonBytes("12345")],
    ["i2", jsonBytes('{"roots":[]}')],
    ["i3", jsonBytes('{"action":"accept"}')],
  ]);
  const { answers, unanswered } = sortAnswers(asked, responses);
  expect(answers.map((one) => `${one.request.key}=${textOf(one.result)}`)).toEqual([
    'i2={"roots":[]}',
    'i3={"action":"accept"}',
  ]);
  expect(unanswered.map((one) => one.key)).toEqual(["i1", "i4"]);
});

describe("the next round toward a modern child", () => {
  const envelope = {
    revision: "2026-07-28",
    clientInfo: undefined,
    capabilities: "{}",
    logLevel: undefined,
  };
  const META =
    '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"progressToken":5}';
  const first = toModernParams(
    jsonBytes('{"name":"a_b","_meta":{"progressToken":"p"},"arguments":{"n":1.0}}'),
    envelope,
  );
  const sent = (params: ReturnType<typeof retryParams>): string =>
    textOf(toChildParams(params, { token: "5", name: "A-b" }, 50));

  test("has the answers, the state in its own bytes, the child's name and a token of its own", () => {
    const answers = [
      {
        request: request('k"', "elicitation/create"),
        result: jsonBytes('{"action":"accept","content":{"n":1.0},"_meta":{"x":1}}'),
      },
      {
        request: request("s", "sampling/createMessage"),
        result: jsonBytes('{"role":"user","content":[],"model":"m","_meta":{"x":1}}'),
      },
      { request: request("r", "roots/list"), result: jsonBytes('{"roots":[],"_meta":{}}') },
    ];
    const state = jsonBytes('"\\u0041\\/é\\ud800"');
    expect(sent(retryParams(first, answers, state))).toBe(
      '{"inputResponses":{"k\\"":{"action":"accept","content":{"n":1.0}},' +
        '"s":{"role":"user","content":[],"model":"m","_meta":{"x":1}},"r":{"roots":[]}},' +
        `"requestState":"\\u0041\\/é\\ud800","name":"A-b",${META},"arguments":{"n":1.0}}`,
    );
  });

  test("has this round's answers only", () => {
    const one = [{ request: request("a", "roots/list"), result: jsonBytes('{"roots":[]}') }];
    const second = retryParams(first, one, jsonBytes('"s1"'));
    expect(sent(retryParams(second, [], jsonBytes('"s2"')))).toBe(
      `{"requestState":"s2","name":"A-b",${META},"arguments":{"n":1.0}}`,
    );
    expect(sent(retryParams(second, [], undefined))).toBe(sent(first));
  });
});
