/** `subscriptions/listen`: filters, the acknowledgement and the mark of a stream. */
import { describe, expect, test } from "bun:test";
import {
  acknowledgedParams,
  honouredFilter,
  isListenedFor,
  listenParams,
  listenResult,
  MAX_LISTEN_URIS,
  readListenFilter,
  stampSubscription,
  unstampSubscription,
  type ListenFilter,
} from "../../../src/codec/listen.ts";
import { textOf } from "../../../src/wire/key-text.ts";
import { jsonBytes } from "../../../src/wire/message.ts";
import { META_SERVER_INFO, META_SUBSCRIPTION_ID } from "../../../src/wire/meta.ts";

const NOTHING: ListenFilter = { tools: false, prompts: false, resources: false, uris: [] };
const ALL: ListenFilter = { tools: true, prompts: true, resources: true, uris: ["a", "b"] };
const mark = (id: string): string => `"${META_SUBSCRIPTION_ID}":${id}`;

describe("a filter", () => {
  const rows: readonly [params: string, expected: ListenFilter | string][] = [
    ['{"notifications":{}}', NOTHING],
    ['{"notifications":{"toolsListChanged":true}}', { ...NOTHING, tools: true }],
    [
      '{"notifications":{"promptsListChanged":true,"toolsListChanged":false}}',
      { ...NOTHING, prompts: true },
    ],
    ['{"notifications":{"resourcesListChanged":true,"future":7}}', { ...NOTHING, resources: true }],
    [
      '{"notifications":{"resourceSubscriptions":["a","b","\\u0061"]}}',
      { ...NOTHING, uris: ["a", "b"] },
    ],
    ['{"notifications":{"resourceSubscriptions":[]},"_meta":{}}', NOTHING],
    ["{}", '"notifications" must be an object'],
    ['{"notifications":null}', '"notifications" must be an object'],
    ['{"notifications":{"toolsListChanged":"true"}}', '"toolsListChanged" must be true or false'],
    ['{"notifications":{"resourceSubscriptions":{}}}', '"resourceSubscriptions" must be an array'],
    [
      '{"notifications":{"resourceSubscriptions":["a",7]}}',
      '"resourceSubscriptions" must hold strings',
    ],
  ];
  for (const [params, expected] of rows) {
    test(params, () => {
      const read = readListenFilter(jsonBytes(params));
      if (typeof expected !== "string") expect(read).toEqual({ ok: true, value: expected });
      else
        expect(read).toEqual({
          ok: false,
          error: { code: -32602, message: `Invalid params: ${expected}` },
        });
    });
  }

  test("needs params", () => expect(readListenFilter(undefined).ok).toBeFalse());

  test("has a cap on its resources", () => {
    const uris = Array.from({ length: MAX_LISTEN_URIS + 1 }, (_, n) => `a:${n}`);
    const params = (some: readonly string[]): Uint8Array =>
      jsonBytes(JSON.stringify({ notifications: { resourceSubscriptions: some } }));
    expect(readListenFilter(params(uris)).ok).toBeFalse();
    expect(readListenFilter(params(uris.slice(1))).ok).toBeTrue();
  });

  test("is read back from what is written", () => {
    for (const filter of [NOTHING, ALL, { ...NOTHING, uris: ['é"'] }]) {
      expect(readListenFilter(jsonBytes(listenParams(filter)))).toEqual({
        ok: true,
        value: filter,
      });
      const acknowledged = acknowledgedParams(filter, "7");
      expect(readListenFilter(acknowledged)).toEqual({ ok: true, value: filter });
    }
  });

  test("is honoured as far as the server offers it", () => {
    const none = { tools: false, prompts: false, resources: false, subscribe: false };
    const all = { tools: true, prompts: true, resources: true, subscribe: true };
    expect(honouredFilter(ALL, none)).toEqual(NOTHING);
    expect(honouredFilter(ALL, all)).toEqual(ALL);
    expect(honouredFilter(NOTHING, all)).toEqual(NOTHING);
    expect(honouredFilter(ALL, { ...none, prompts: true, subscribe: true })).toEqual({
      ...NOTHING,
      prompts: true,
      uris: ["a", "b"],
    });
  });
});

describe("what a stream carries", () => {
  const rows: readonly [
    filter: ListenFilter,
    method: string,
    params: string | undefined,
    carried: boolean,
  ][] = [
    [{ ...NOTHING, tools: true }, "notifications/tools/list_changed", undefined, true],
    [{ ...ALL, tools: false }, "notifications/tools/list_changed", undefined, false],
    [{ ...NOTHING, prompts: true }, "notifications/prompts/list_changed", "{}", true],
    [{ ...ALL, prompts: false }, "notifications/prompts/list_changed", "{}", false],
    [{ ...NOTHING, resources: true }, "notifications/resources/list_changed", "{}", true],
    [{ ...ALL, resources: false }, "notifications/resources/list_changed", "{}", false],
    [{ ...NOTHING, uris: ["a"] }, "notifications/resources/updated", '{"uri":"a"}', true],
    [ALL, "notifications/resources/updated", '{"uri":"c"}', false],
    [ALL, "notifications/resources/updated", undefined, false],
    [ALL, "notifications/resources/updated", '{"uri":7}', false],
    [ALL, "notifications/message", '{"uri":"a"}', false],
    [ALL, "notifications/progress", "{}", false],
  ];
  for (const [filter, method, params, carried] of rows) {
    test(`${method} ${params} ${carried ? "yes" : "no"}`, () => {
      const bytes = params === undefined ? undefined : jsonBytes(params);
      expect(isListenedFor(filter, method, bytes)).toBe(carried);
    });
  }
});

describe("the mark", () => {
  for (const id of ['"abc"', "7", "0", '""', '"7"', "1.0", '"\\u0041"']) {
    test(`is the client's id ${id}, as it was written`, () => {
      expect(textOf(acknowledgedParams({ ...NOTHING, tools: true }, id))).toBe(
        `{"notifications":{"toolsListChanged":true},"_meta":{${mark(id)}}}`,
      );
      const stamped = stampSubscription(jsonBytes('{"uri":"a","n":1.0}'), id);
      expect(textOf(stamped)).toBe(`{"_meta":{${mark(id)}},"uri":"a","n":1.0}`);
      const { params, id: read } = unstampSubscription(stamped);
      expect(read).toBe(id);
      expect(textOf(params ?? new Uint8Array())).toBe('{"uri":"a","n":1.0}');
      expect(textOf(listenResult(id))).toBe(`{"resultType":"complete","_meta":{${mark(id)}}}`);
    });
  }

  test("is put on a notification without params, and taken off", () => {
    const stamped = stampSubscription(undefined, "3");
    expect(textOf(stamped)).toBe(`{"_meta":{${mark("3")}}}`);
    expect(textOf(unstampSubscription(stamped).params ?? new Uint8Array())).toBe("{}");
  });

  test("takes the place of another, beside other _meta", () => {
    const given = jsonBytes(`{"_meta":{"x":1.0,${mark('"gateway"')}}}`);
    expect(textOf(stampSubscription(given, '"client"'))).toBe(
      `{"_meta":{${mark('"client"')},"x":1.0}}`,
    );
    expect(textOf(unstampSubscription(given).params ?? new Uint8Array())).toBe(
      '{"_meta":{"x":1.0}}',
    );
  });

  test("is absent from other notifications", () => {
    expect(unstampSubscription(undefined)).toEqual({ params: undefined, id: undefined });
    const bytes = jsonBytes('{"_meta":{}}');
    expect(unstampSubscription(bytes)).toEqual({ params: bytes, id: undefined });
  });

  test("is in the result that ends the stream, with the server's name", () => {
    expect(textOf(listenResult('"a"', '{"name":"s"}'))).toBe(
      `{"resultType":"complete","_meta":{${mark('"a"')},"${META_SERVER_INFO}":{"name":"s"}}}`,
    );
  });
});
