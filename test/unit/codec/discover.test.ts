/** What a server says of itself, in the words of either era (protocol.md 3.2). */
import { describe, expect, test } from "bun:test";
import {
  initializedServerInfo,
  readDiscover,
  readOffers,
  toDiscoverResult,
  toInitializeResult,
} from "../../../src/codec/discover.ts";
import { textOf } from "../../../src/wire/key-text.ts";
import { jsonBytes } from "../../../src/wire/message.ts";
import { META_SERVER_INFO } from "../../../src/wire/meta.ts";

const INFO = '{"name":"s","version":"1","icons":[{"n":1.0}]}';
const META = `"_meta":{"${META_SERVER_INFO}":${INFO}}`;
const TASKS = '"io.modelcontextprotocol/tasks":{}';

describe("from initialize to discover", () => {
  const HEAD =
    '"supportedVersions":["2026-07-28"],"resultType":"complete","ttlMs":0,"cacheScope":"private"';
  const rows: readonly [name: string, given: string, expected: string][] = [
    [
      "all of it",
      `{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true}},"serverInfo":${INFO},"instructions":"é","n":1.0}`,
      `{${HEAD},${META},"capabilities":{"tools":{"listChanged":true}},"instructions":"é","n":1.0}`,
    ],
    [
      "tasks are hidden",
      `{"capabilities":{"a":1.0,"tasks":{"list":{}},"extensions":{${TASKS},"x/y":{}}},"serverInfo":${INFO}}`,
      `{${HEAD},${META},"capabilities":{"a":1.0,"extensions":{"x/y":{}}}}`,
    ],
    ["no identity", '{"capabilities":{}}', `{${HEAD},"capabilities":{}}`],
    [
      "half an identity",
      '{"capabilities":{},"serverInfo":{"name":"s"}}',
      `{${HEAD},"capabilities":{}}`,
    ],
    ["no capabilities", `{"serverInfo":${INFO}}`, `{${HEAD},"capabilities":{},${META}}`],
    ["capabilities of another type", '{"capabilities":[]}', `{${HEAD},"capabilities":{}}`],
    [
      "_meta of its own",
      `{"_meta":{"x":1},"capabilities":{},"serverInfo":${INFO}}`,
      `{${HEAD},"_meta":{"${META_SERVER_INFO}":${INFO},"x":1},"capabilities":{}}`,
    ],
    [
      "modern words of its own are replaced",
      '{"supportedVersions":["x"],"ttlMs":9,"capabilities":{}}',
      `{${HEAD},"capabilities":{}}`,
    ],
    ["no object", "[]", "[]"],
  ];
  for (const [name, given, expected] of rows) {
    test(name, () => {
      expect(textOf(toDiscoverResult(jsonBytes(given), ["2026-07-28"]))).toBe(expected);
    });
  }

  test("freshness may be raised, and what comes out is read as such", () => {
    const bytes = toDiscoverResult(
      jsonBytes(`{"capabilities":{"tools":{}},"serverInfo":${INFO}}`),
      ["2026-07-28"],
      5000,
    );
    const read = readDiscover(bytes);
    expect(read?.ttlMs).toBe(5000);
    expect(read?.supports).toBeTrue();
    expect(read?.serverInfo).toBe(INFO);
  });
});

describe("from discover to initialize", () => {
  const MODERN =
    '"supportedVersions":["2026-07-28"],"resultType":"complete","ttlMs":1,"cacheScope":"public"';
  const rows: readonly [name: string, given: string, expected: string][] = [
    [
      "all of it",
      `{${MODERN},"capabilities":{"tools":{"listChanged":true}},"instructions":"é","n":1.0,${META}}`,
      `{"protocolVersion":"2025-06-18","serverInfo":${INFO},"capabilities":{"tools":{"listChanged":true}},"instructions":"é","n":1.0}`,
    ],
    [
      "without an identity",
      `{${MODERN},"capabilities":{},"_meta":{"x":1}}`,
      '{"protocolVersion":"2025-06-18","serverInfo":{"name":"key","version":"0.0.0"},"capabilities":{},"_meta":{"x":1}}',
    ],
    [
      "with half of one",
      `{"capabilities":{},"_meta":{"${META_SERVER_INFO}":{"name":"s"}}}`,
      '{"protocolVersion":"2025-06-18","serverInfo":{"name":"key","version":"0.0.0"},"capabilities":{}}',
    ],
    [
      "tasks are hidden",
      `{"capabilities":{"extensions":{${TASKS}}},${META}}`,
      `{"protocolVersion":"2025-06-18","serverInfo":${INFO},"capabilities":{"extensions":{}}}`,
    ],
    [
      "no capabilities",
      `{${META}}`,
      `{"protocolVersion":"2025-06-18","serverInfo":${INFO},"capabilities":{}}`,
    ],
    ["no object", "7", "7"],
  ];
  for (const [name, given, expected] of rows) {
    test(name, () => {
      expect(textOf(toInitializeResult(jsonBytes(given), "2025-06-18", "key"))).toBe(expected);
    });
  }
});

describe("reading a DiscoverResult", () => {
  const rows: readonly [given: string, supports: boolean | undefined][] = [
    ['{"supportedVersions":["2026-07-28"],"capabilities":{}}', true],
    ['{"supportedVersions":["2099-01-01","2026-07-28"]}', true],
    ['{"supportedVersions":["2099-01-01"]}', false],
    ['{"supportedVersions":["2025-11-25"]}', false],
    ['{"supportedVersions":[7,null]}', false],
    ['{"supportedVersions":[]}', false],
    ['{"supportedVersions":"2026-07-28"}', undefined],
    ['{"protocolVersion":"2025-11-25","capabilities":{}}', undefined],
    ['{"resultType":"input_required","supportedVersions":["2026-07-28"]}', undefined],
    ["null", undefined],
  ];
  for (const [given, supports] of rows) {
    test(given, () => expect(readDiscover(jsonBytes(given))?.supports).toBe(supports));
  }

  test("tells what can be done with it", () => {
    const capabilities =
      '{"tools":{"listChanged":true},"prompts":{"listChanged":false},"resources":{"subscribe":true,"listChanged":"true"},"x":{}}';
    const read = readDiscover(
      jsonBytes(
        `{"supportedVersions":["2026-07-28"],"capabilities":${capabilities},${META},"ttlMs":60000,"cacheScope":"public"}`,
      ),
    );
    expect(read).toEqual({
      supports: true,
      capabilities: new Set(["tools", "prompts", "resources", "x"]),
      offers: { tools: true, prompts: false, resources: false, subscribe: true },
      serverInfo: INFO,
      ttlMs: 60_000,
      cacheScope: "public",
    });
  });

  test("takes nothing for granted", () => {
    const read = readDiscover(jsonBytes('{"supportedVersions":[],"ttlMs":1.5,"cacheScope":"x"}'));
    expect(read).toEqual({
      supports: false,
      capabilities: new Set(),
      offers: { tools: false, prompts: false, resources: false, subscribe: false },
      serverInfo: undefined,
      ttlMs: 0,
      cacheScope: "private",
    });
  });
});

test("offers and identity of an InitializeResult", () => {
  const bytes = jsonBytes(`{"capabilities":{"prompts":{"listChanged":true}},"serverInfo":${INFO}}`);
  expect(readOffers(bytes)).toEqual({
    tools: false,
    prompts: true,
    resources: false,
    subscribe: false,
  });
  expect(initializedServerInfo(bytes)).toBe(INFO);
  expect(
    initializedServerInfo(jsonBytes('{"serverInfo":{"name":1,"version":"1"}}')),
  ).toBeUndefined();
});
