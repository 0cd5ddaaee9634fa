/**
 * Payloads that no peer should send, through every translation: nothing throws, what comes out is
 * JSON again, and members that no era knows are in it with their values.
 */
import { describe, expect, test } from "bun:test";
import { readDiscover, toDiscoverResult, toInitializeResult } from "../../../src/codec/discover.ts";
import { downError, upError } from "../../../src/codec/error-fields.ts";
import {
  inputRequiredResult,
  readInputRequired,
  urlRequests,
} from "../../../src/codec/input-required.ts";
import { isWellFormed, readRetry, retryParams } from "../../../src/codec/input-responses.ts";
import { wrapSchema } from "../../../src/codec/legacy-wrap.ts";
import {
  readListenFilter,
  stampSubscription,
  unstampSubscription,
} from "../../../src/codec/listen.ts";
import {
  fromModernParams,
  readIdentity,
  toModernParams,
} from "../../../src/codec/modern-params.ts";
import { downResult, upResult } from "../../../src/codec/result-fields.ts";
import { textOf } from "../../../src/wire/key-text.ts";
import { jsonBytes } from "../../../src/wire/message.ts";
import { JsonWriter, randomFrom } from "../wire/random-json.ts";

const SEED = 20_260_728;
const ROUNDS = 400;
/** Names that mean something to one translation or another. */
const KNOWN = [
  "_meta",
  "resultType",
  "ttlMs",
  "cacheScope",
  "tools",
  "outputSchema",
  "structuredContent",
  "inputRequests",
  "inputResponses",
  "requestState",
  "capabilities",
  "extensions",
  "serverInfo",
  "supportedVersions",
  "notifications",
  "code",
  "data",
  "elicitations",
  "task",
  "$ref",
  "$id",
  "properties",
  "io.modelcontextprotocol/serverInfo",
  "io.modelcontextprotocol/logLevel",
];

const envelope = {
  revision: "2026-07-28",
  clientInfo: undefined,
  capabilities: "{}",
  logLevel: "info",
};
const serverInfo = '{"name":"s","version":"1"}';
const up = { serverInfo };
const down = { wrappedTools: new Set<string>(), tool: "a" };

/** Every translation of a payload; undefined where it gives none. */
const translations: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array | undefined>> = {
  "up tools/list": (bytes) => upResult("tools/list", bytes, up).payload,
  "up resources/read": (bytes) => upResult("resources/read", bytes, up).payload,
  "down tools/list": (bytes) => downResult("tools/list", bytes, down).payload,
  "down tools/call": (bytes) => downResult("tools/call", bytes, down).payload,
  "up error": (bytes) => upError(bytes, "a").payload,
  "down error": (bytes) => downError("resources/read", bytes).payload,
  "to discover": (bytes) => toDiscoverResult(bytes, ["2026-07-28"]),
  "to initialize": (bytes) => toInitializeResult(bytes, "2025-11-25", "a"),
  "to modern params": (bytes) => toModernParams(bytes, envelope).bytes,
  "from modern params": (bytes) => fromModernParams(bytes, 50).bytes,
  identity: (bytes) => jsonBytes(readIdentity(bytes, "forward").capabilities),
  stamp: (bytes) => stampSubscription(bytes, '"a"'),
  unstamp: (bytes) => unstampSubscription(bytes).params,
  schema: (bytes) => wrapSchema(bytes),
  questions: (bytes) =>
    inputRequiredResult([{ key: "i1", method: "x", params: bytes }], "s", serverInfo),
  retry: (bytes) =>
    retryParams(
      toModernParams(bytes, envelope),
      [{ request: { key: "i1", method: "roots/list", params: undefined }, result: bytes }],
      jsonBytes('"s"'),
    ).bytes,
  pages: (bytes) => urlRequests(bytes)?.[0]?.params,
};

/** An object with members that mean something, members that do not, and values of any kind. */
function payload(random: () => number): string {
  const writer = new JsonWriter(random);
  const member = (key: string): string => `${JSON.stringify(key)}:${writer.write(3).text}`;
  const known = KNOWN.filter(() => random() < 0.3).map(member);
  const all = [...known, '"unknown":1.50', ...known.slice(0, 1)];
  return random() < 0.9 ? `{ ${all.join(" ,")} }` : writer.write(4).text;
}

describe(`random payloads, seed ${SEED}`, () => {
  for (const [name, translate] of Object.entries(translations)) {
    test(`${name} gives JSON`, () => {
      const random = randomFrom(SEED);
      for (let round = 0; round < ROUNDS; round++) {
        const text = payload(random);
        const given = jsonBytes(text);
        const translated = translate(given);
        expect(textOf(given), "the payload itself is left alone").toBe(text);
        if (translated === undefined) continue;
        const value: unknown = JSON.parse(textOf(translated));
        expect(value, text).toBeDefined();
        if (name === "identity" || !text.includes('"unknown":1.50')) continue;
        if (textOf(translated).includes("with a result of the type")) continue;
        expect(textOf(translated), text).toContain('"unknown":1.50');
      }
    });
  }

  test("readers do not throw", () => {
    const random = randomFrom(SEED);
    let read = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = jsonBytes(payload(random));
      const results = [readDiscover(bytes), readInputRequired(bytes), readRetry(bytes)];
      const kinds = (["elicitation", "sampling", "roots"] as const).map((kind) =>
        isWellFormed(kind, bytes),
      );
      read += results.length + kinds.length + (readListenFilter(bytes).ok ? 1 : 0);
    }
    expect(read).toBeGreaterThanOrEqual(ROUNDS * 6);
  });
});
