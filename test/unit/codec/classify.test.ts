/** The ladder over a POST: claim, initialize, header, in that order (protocol.md 1.6). */
import { describe, expect, test } from "bun:test";
import {
  checkVersion,
  classifyMessage,
  declineModern,
  modernClaim,
} from "../../../src/codec/classify.ts";
import { jsonBytes, type Message, type MessageKind } from "../../../src/wire/message.ts";

const CLAIM = "io.modelcontextprotocol/protocolVersion";
const claimOf = (revision: string): string => `{"_meta":{"${CLAIM}":"${revision}"}}`;

function message(kind: MessageKind, method: string, params?: string): Message {
  return {
    kind,
    id: kind === "notification" ? undefined : "1",
    method,
    payload: params === undefined ? undefined : jsonBytes(params),
  };
}

const call = (params?: string): Message => message("request", "tools/call", params);
const initialize = (params = "{}"): Message => message("request", "initialize", params);
const notice = (params?: string): Message => message("notification", "notifications/x", params);
const result = message("result", "", "{}");
const modern = claimOf("2026-07-28");

describe("classifyMessage", () => {
  const rows: readonly [
    reason: string,
    message: Message,
    header: string | null,
    expected: string,
  ][] = [
    ["a legacy request", call("{}"), "2025-11-25", "legacy"],
    ["without a version", call(), null, "legacy"],
    ["every legacy revision", call(), "2024-11-05", "legacy"],
    ["a legacy notification", notice(), "2025-06-18", "legacy"],
    ["a legacy answer", result, "2025-06-18", "legacy"],
    ["an unknown revision", call(), "2025-01-01", "400 -32000"],
    ["an unknown revision on a notification", notice(), "2025-01-01", "400 -32000"],
    ["no revision at all", call(), "", "400 -32000"],
    ["initialize", initialize(), null, "initialize"],
    ["initialize with a legacy version", initialize(), "2025-11-25", "initialize"],
    ["initialize with a stale version", initialize(), "1999-01-01", "initialize"],
    ["initialize with a modern version", initialize(), "2026-07-28", "modern"],
    ["initialize as a notification is none", message("notification", "initialize"), null, "legacy"],
    [
      "initialize asking for a modern revision",
      initialize('{"protocolVersion":"2026-07-28"}'),
      null,
      "initialize",
    ],
    ["a modern header without a claim", call("{}"), "2026-07-28", "modern"],
    ["a header of the future without a claim", call("{}"), "2030-01-01", "modern"],
    ["a modern notification without a claim", notice(), "2026-07-28", "modern"],
    ["an answer with a modern header", result, "2026-07-28", "modern"],
    ["a claim", call(modern), "2026-07-28", "modern"],
    ["a claim counts before the header", call(modern), "2025-11-25", "modern"],
    ["a claim counts before initialize", initialize(modern), null, "modern"],
    ["a claim in a notification", notice(modern), null, "modern"],
    ["server/discover without a claim", message("request", "server/discover"), null, "legacy"],
    ["a claim in the arguments is none", call(`{"arguments":${modern}}`), null, "legacy"],
    ["a claim in a text is none", call(`{"a":${JSON.stringify(modern)}}`), null, "legacy"],
  ];
  for (const [reason, given, header, expected] of rows) {
    test(reason, () => {
      const route = classifyMessage(given, header);
      const seen =
        route.kind === "rejected"
          ? `${route.rejection.status} ${route.rejection.code}`
          : route.kind;
      expect(seen).toBe(expected);
    });
  }

  test("a declined claim is told which revision is served", () => {
    expect(declineModern(call(claimOf("2027-01-01")))).toMatchObject({
      status: 400,
      code: -32022,
      data: { supported: ["2025-11-25"], requested: "2027-01-01" },
    });
  });
});

describe("modernClaim", () => {
  const deep = `${"[".repeat(150)}${"]".repeat(150)}`;
  const rows: readonly [reason: string, params: string, claim: string | undefined][] = [
    ["a claim", modern, "2026-07-28"],
    ["with its slash escaped, as PHP does", modern.replace("/", "\\/"), "2026-07-28"],
    ["after another member", `{"a":1,${modern.slice(1)}`, "2026-07-28"],
    ["beside something deep", `{"arguments":${deep},${modern.slice(1)}`, "2026-07-28"],
    ["of another type", `{"_meta":{"${CLAIM}":7}}`, ""],
    ["without _meta", `{"${CLAIM}":"2026-07-28"}`, undefined],
    ["_meta that is no object", `{"_meta":["${CLAIM}"]}`, undefined],
    ["protocolVersion of initialize", '{"protocolVersion":"2026-07-28"}', undefined],
    ["nothing", "{}", undefined],
  ];
  for (const [reason, params, claim] of rows) {
    test(reason, () => {
      // A view: what stands before it in the same buffer is longer than all of it.
      const before = " ".repeat(1_000);
      const inside = jsonBytes(`${before}${params}`).subarray(before.length);
      expect(modernClaim(inside)).toBe(claim);
    });
  }
  test("no params", () => {
    expect(modernClaim(undefined)).toBeUndefined();
  });
});

describe("checkVersion", () => {
  test("absent and legacy pass, all else is 400 with the text that SDK clients know", () => {
    expect(checkVersion(null)).toBeUndefined();
    expect(checkVersion("2025-03-26")).toBeUndefined();
    expect(checkVersion("2026-07-28")).toMatchObject({
      kind: "rejected",
      rejection: { status: 400, code: -32000 },
    });
  });
});
