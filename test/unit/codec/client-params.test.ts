/** Params toward a child: reserved members taken out, name and token replaced, the rest as it was. */
import { describe, expect, test } from "bun:test";
import {
  nameOf,
  readClientParams,
  restoreProgressToken,
  toChildParams,
} from "../../../src/codec/client-params.ts";
import { textOf } from "../../../src/wire/key-text.ts";
import { jsonBytes } from "../../../src/wire/message.ts";

const DEPTH = 50;
const RESERVED = "io.modelcontextprotocol/";

describe("what is taken out", () => {
  const rows: readonly [reason: string, given: string, sent: string, dropTask?: boolean][] = [
    [
      "a reserved key",
      `{"name":"x","_meta":{"${RESERVED}protocolVersion":"2026-07-28","a":1.0}}`,
      '{"name":"x","_meta":{"a":1.0}}',
    ],
    ["all of them", `{"_meta":{"${RESERVED}a":1,"${RESERVED}b":2}}`, '{"_meta":{}}'],
    [
      "with its slash escaped",
      '{"_meta":{"io.modelcontextprotocol\\/clientInfo":{}}}',
      '{"_meta":{}}',
    ],
    ["written in escapes", '{"_meta":{"\\u0069o.modelcontextprotocol/x":{}}}', '{"_meta":{}}'],
    [
      "not the related task",
      `{"_meta":{"${RESERVED}related-task":{"taskId":"1"},"${RESERVED}x":1}}`,
      `{"_meta":{"${RESERVED}related-task":{"taskId":"1"}}}`,
    ],
    [
      "not traceparent",
      `{"_meta":{ "traceparent" : "00-1", "${RESERVED}x":1 }}`,
      '{"_meta":{"traceparent" : "00-1"}}',
    ],
    [
      "not deeper down",
      `{"arguments":{"_meta":{"${RESERVED}x":1}}}`,
      `{"arguments":{"_meta":{"${RESERVED}x":1}}}`,
    ],
    [
      "not in arguments",
      '{"arguments":{"requestState":1,"task":{}}}',
      '{"arguments":{"requestState":1,"task":{}}}',
      true,
    ],
    [
      "answers of the modern wire",
      '{"inputResponses":{},"name":"x","requestState":"s"}',
      '{"name":"x"}',
    ],
    ["task, of a shared child", '{"name":"x","task":{"ttl":1}}', '{"name":"x"}', true],
    [
      "task stays for a child of its own",
      '{"name":"x","task":{"ttl":1}}',
      '{"name":"x","task":{"ttl":1}}',
    ],
    ["a _meta that is no object stays", '{"_meta":null,"requestState":1}', '{"_meta":null}'],
    [
      "number forms and spaces stay",
      `{ "a" : 1.0 , "b":1E2,"_meta":{"${RESERVED}x":1}, "c":"\\ud800" }`,
      '{"a" : 1.0,"b":1E2,"_meta":{},"c":"\\ud800"}',
    ],
  ];
  for (const [reason, given, sent, dropTask = false] of rows) {
    test(reason, () => {
      const read = readClientParams(jsonBytes(given), dropTask, DEPTH);
      expect(textOf(read.bytes)).toBe(sent);
      expect(textOf(toChildParams(read, { token: "1" }, DEPTH))).toBe(sent);
    });
  }

  test("nothing to take out: the same array, spaces and all", () => {
    const bytes = jsonBytes('{ "name" : "x" , "_meta" : { } }');
    const read = readClientParams(bytes, true, DEPTH);
    expect(read.bytes).toBe(bytes);
    expect(toChildParams(read, { token: "1" }, DEPTH)).toBe(bytes);
  });
});

describe("progress tokens", () => {
  const tokens = ["7", '"7"', "0", '""', "1.0", '"a\\u0041"', "-1"];
  for (const token of tokens) {
    test(`${token} becomes ours, and comes back as it was`, () => {
      const read = readClientParams(
        jsonBytes(`{"_meta":{ "progressToken" : ${token} , "a":1}}`),
        false,
        DEPTH,
      );
      expect(read.progressToken).toBe(token);
      expect(textOf(toChildParams(read, { token: "42" }, DEPTH))).toBe(
        '{"_meta":{ "progressToken" : 42 , "a":1}}',
      );
      const progress = jsonBytes('{ "progress":0.50,"progressToken":42, "message":"é"}');
      expect(textOf(restoreProgressToken(progress, token, DEPTH))).toBe(
        `{ "progress":0.50,"progressToken":${token}, "message":"é"}`,
      );
    });
  }

  test("also after something was taken out", () => {
    const given = `{"task":{},"_meta":{"${RESERVED}x":1,"progressToken":"p"},"name":"n"}`;
    const read = readClientParams(jsonBytes(given), true, DEPTH);
    expect(read.progressToken).toBe('"p"');
    expect(textOf(toChildParams(read, { token: "3", name: "m" }, DEPTH))).toBe(
      '{"_meta":{"progressToken":3},"name":"m"}',
    );
  });

  test("none is added, and none is invented", () => {
    const read = readClientParams(jsonBytes('{"progressToken":7}'), false, DEPTH);
    expect(read.progressToken).toBeUndefined();
    expect(textOf(toChildParams(read, { token: "3" }, DEPTH))).toBe('{"progressToken":7}');
    const bytes = jsonBytes('{"progress":1}');
    expect(restoreProgressToken(bytes, "7", DEPTH)).toBe(bytes);
  });
});

describe("names", () => {
  const rows: readonly [params: string, name: string | undefined, sent: string][] = [
    [
      '{"name":"a_b","arguments":{"name":"a_b"}}',
      "a_b",
      '{"name":"A-b","arguments":{"name":"a_b"}}',
    ],
    ['{"arguments":{}, "name" : "a_b"}', "a_b", '{"arguments":{}, "name" : "A-b"}'],
    ['{"name":"a\\u005fb"}', "a_b", '{"name":"A-b"}'],
    ['{"_meta":{"progressToken":1},"name":"a"}', "a", '{"_meta":{"progressToken":9},"name":"A-b"}'],
    ['{"name":"a","_meta":{"progressToken":1}}', "a", '{"name":"A-b","_meta":{"progressToken":9}}'],
    // The key with a byte order mark is another key: it must not stand in for the name.
    ['{"name":"a","\ufeffname":"b"}', "a", '{"name":"A-b","\ufeffname":"b"}'],
    ['{"name":7}', undefined, '{"name":"A-b"}'],
    ["{}", undefined, "{}"],
  ];
  for (const [params, name, sent] of rows) {
    test(params, () => {
      const read = readClientParams(jsonBytes(params), false, DEPTH);
      expect(nameOf(read)).toBe(name);
      expect(textOf(toChildParams(read, { token: "9", name: "A-b" }, DEPTH))).toBe(sent);
    });
  }
});
