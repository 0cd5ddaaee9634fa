/** Results between the eras: what is put on and what is taken off (protocol.md 3.1). */
import { describe, expect, test } from "bun:test";
import { downResult, upResult, type UpContext } from "../../../src/codec/result-fields.ts";
import { textOf } from "../../../src/wire/key-text.ts";
import { jsonBytes } from "../../../src/wire/message.ts";
import { META_SERVER_INFO, META_SUBSCRIPTION_ID } from "../../../src/wire/meta.ts";

const INFO = '{"name":"s","version":"1.0","x":1.0}';
const META = `"_meta":{"${META_SERVER_INFO}":${INFO}}`;

function up(method: string, result: string, context: UpContext = { serverInfo: INFO }): string {
  const answer = upResult(method, jsonBytes(result), context);
  return `${answer.kind} ${textOf(answer.payload)}`;
}

type Row = readonly [name: string, method: string, given: string, expected: string];

describe("up", () => {
  const FRESH = '"ttlMs":0,"cacheScope":"private"';
  const COMPLETE = '"resultType":"complete"';
  const rows: readonly Row[] = [
    ["an empty result", "x/y", "{}", `{${COMPLETE},${META}}`],
    [
      "unknown members stay",
      "tools/call",
      '{ "content":[],"n":1E+2 }',
      `{${COMPLETE},${META}, "content":[],"n":1E+2 }`,
    ],
    [
      "a resultType of its own goes",
      "tools/call",
      '{"resultType":"input_required","a":1}',
      `{${COMPLETE},${META},"a":1}`,
    ],
    [
      "a serverInfo of its own stays",
      "tools/call",
      `{"_meta":{"${META_SERVER_INFO}":{"name":"own"}}}`,
      `{${COMPLETE},"_meta":{"${META_SERVER_INFO}":{"name":"own"}}}`,
    ],
    [
      "beside other _meta",
      "tools/call",
      '{"_meta":{"a":1.0}}',
      `{${COMPLETE},"_meta":{"${META_SERVER_INFO}":${INFO},"a":1.0}}`,
    ],
    ...[
      "tools/list",
      "prompts/list",
      "resources/list",
      "resources/templates/list",
      "resources/read",
      "server/discover",
    ].map(
      (method) =>
        [
          `${method} is cacheable`,
          method,
          '{"a":1}',
          `{${COMPLETE},${FRESH},${META},"a":1}`,
        ] as const,
    ),
    ...["prompts/get", "completion/complete", "tools/call"].map(
      (method) => [`${method} is not`, method, '{"a":1}', `{${COMPLETE},${META},"a":1}`] as const,
    ),
    [
      "its own freshness stays",
      "prompts/list",
      '{"ttlMs":5,"cacheScope":"public"}',
      `{${COMPLETE},${META},"ttlMs":5,"cacheScope":"public"}`,
    ],
    [
      "unless it is none",
      "prompts/list",
      '{"ttlMs":-1,"cacheScope":"all"}',
      `{${COMPLETE},${FRESH},${META}}`,
    ],
    [
      "execution goes",
      "tools/list",
      '{"tools":[{"name":"a","execution":{"taskSupport":"required"},"inputSchema":{"type":"object"},"x":1.0}]}',
      `{${COMPLETE},${FRESH},${META},"tools":[{"name":"a","inputSchema":{"type":"object"},"x":1.0}]}`,
    ],
    [
      "a schema gets its type",
      "tools/list",
      '{"tools":[{"inputSchema":{"properties":{"type":{}}}},{"inputSchema":{}},{"inputSchema":{"type":"array"}},{"name":"a"},7]}',
      `{${COMPLETE},${FRESH},${META},"tools":[{"inputSchema":{"type":"object","properties":{"type":{}}}},{"inputSchema":{"type":"object"}},{"inputSchema":{"type":"array"}},{"name":"a"},7]}`,
    ],
    [
      "tools elsewhere stay",
      "prompts/list",
      '{"tools":[{"execution":{}}]}',
      `{${COMPLETE},${FRESH},${META},"tools":[{"execution":{}}]}`,
    ],
  ];
  for (const [name, method, given, expected] of rows) {
    test(name, () => expect(up(method, given)).toBe(`result ${expected}`));
  }

  test("without a serverInfo none is made up", () => {
    expect(up("x", '{"a":1}', { serverInfo: undefined })).toBe(`result {${COMPLETE},"a":1}`);
  });

  test("freshness may be raised", () => {
    const raised = up("tools/list", '{"tools":[]}', { serverInfo: undefined, ttlMs: 300_000 });
    expect(raised).toContain('"ttlMs":300000');
    expect(up("tools/list", '{"ttlMs":7}', { serverInfo: undefined, ttlMs: 300_000 })).toContain(
      '"ttlMs":7',
    );
  });

  test("taskSupport is remembered, and forgotten", () => {
    const taskSupport = new Map<string, string>([["b", "required"]]);
    const tools = '{"name":"a","execution":{"taskSupport":"required"}},{"name":"b"}';
    up("tools/list", `{"tools":[${tools},{"execution":{"taskSupport":"x"}}]}`, {
      serverInfo: INFO,
      taskSupport,
    });
    expect([...taskSupport]).toEqual([["a", "required"]]);
  });

  test("the memory has a cap", () => {
    const taskSupport = new Map(Array.from({ length: 10_000 }, (_, n) => [`t${n}`, "optional"]));
    const list = (name: string): string =>
      up("tools/list", `{"tools":[{"name":"${name}","execution":{"taskSupport":"required"}}]}`, {
        serverInfo: INFO,
        taskSupport,
      });
    list("one more");
    list("t1");
    expect(taskSupport.size).toBe(10_000);
    expect(taskSupport.get("t1")).toBe("required");
  });

  for (const result of ["null", '"x"', "[]", "7"]) {
    test(`${result} is no result`, () => {
      expect(up("tools/call", result)).toBe(
        'error {"code":-32603,"message":"The server answered tools/call with a result that is no object"}',
      );
    });
  }
});

describe("down", () => {
  const down = (
    method: string,
    result: string,
    tool?: string,
    known = new Set<string>(),
  ): string => {
    const context = tool === undefined ? { wrappedTools: known } : { wrappedTools: known, tool };
    const answer = downResult(method, jsonBytes(result), context);
    return `${answer.kind} ${textOf(answer.payload)}`;
  };
  const rows: readonly [name: string, given: string, expected: string][] = [
    ["an empty result is empty", `{"resultType":"complete",${META}}`, "{}"],
    ["also of a listen", `{"_meta":{"${META_SUBSCRIPTION_ID}":"a"},"resultType":"complete"}`, "{}"],
    [
      "freshness goes",
      '{"ttlMs":1,"a":1.0,"cacheScope":"public","resultType":"complete"}',
      '{"a":1.0}',
    ],
    [
      "other _meta stays",
      `{"_meta":{"a":1,"${META_SERVER_INFO}":{}},"resultType":"complete"}`,
      '{"_meta":{"a":1}}',
    ],
    ["no resultType is complete", '{"content":[]}', '{"content":[]}'],
    [
      "deeper down stays",
      '{"resultType":"complete","structuredContent":{"ttlMs":1}}',
      '{"structuredContent":{"ttlMs":1}}',
    ],
  ];
  for (const [name, given, expected] of rows) {
    test(name, () => expect(down("tools/call", given)).toBe(`result ${expected}`));
  }

  for (const type of ['"input_required"', '"task"', '"Complete"', "7", "null"]) {
    test(`the type ${type} cannot be given`, () => {
      const text = `The server answered tools/call with a result of the type ${type}`;
      expect(down("tools/call", `{"resultType":${type},"a":1}`)).toBe(
        `error ${JSON.stringify({ code: -32603, message: text })}`,
      );
    });
  }

  test("schema and value are wrapped together", () => {
    const known = new Set<string>();
    const list =
      '{"resultType":"complete","tools":[{"name":"a","outputSchema":{"anyOf":[{}]}}],"ttlMs":0}';
    expect(down("tools/list", list, undefined, known)).toBe(
      'result {"tools":[{"name":"a","outputSchema":{"type":"object","properties":{"result":{"anyOf":[{}]}},"required":["result"]}}]}',
    );
    const result = '{"resultType":"complete","structuredContent":{"b":1.0}}';
    expect(down("tools/call", result, "a", known)).toBe(
      'result {"structuredContent":{"result":{"b":1.0}}}',
    );
    expect(down("tools/call", result, "c", known)).toBe('result {"structuredContent":{"b":1.0}}');
    expect(down("prompts/get", result, "a", known)).toBe('result {"structuredContent":{"b":1.0}}');
  });

  test("what is no object is an error", () => {
    expect(down("prompts/get", "null")).toStartWith('error {"code":-32603');
  });
});

test("up, then down, gives the same members back", () => {
  const given = '{"contents":[{"uri":"a","text":"\\ud800"}],"n":1.0,"_meta":{"x":1}}';
  const there = upResult("resources/read", jsonBytes(given), { serverInfo: INFO });
  const back = downResult("resources/read", there.payload, { wrappedTools: new Set() });
  expect(textOf(back.payload)).toBe(given);
});
