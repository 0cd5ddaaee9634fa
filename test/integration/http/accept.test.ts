/**
 * The form of an answer by what the client accepts, and batches, whose answers have both forms.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import {
  jsonOf,
  notification,
  post,
  type RawResponse,
  request,
  textOf,
  toolCall,
} from "../../helpers/raw-http.ts";
import { initializeRequest, RawSession } from "../../helpers/raw-session.ts";
import { exchange } from "./raw-socket.ts";

const JSON_TYPE = "application/json";
const SSE_TYPE = "text/event-stream";
const SSE_HEADERS = {
  "content-type": SSE_TYPE,
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
  "x-content-type-options": "nosniff",
};

let gateway: RunningGateway;
let url: string;

beforeAll(async () => {
  gateway = await startGateway({
    servers: { echo: fixtureServer("echo") },
    proxy: { limits: { maxBatch: 5 } },
  });
  url = gateway.mcp("echo");
});
afterAll(() => gateway.stop());

const typeOf = ({ headers }: RawResponse): string | null => headers.get("content-type");

describe("one request", () => {
  test.each([
    ["application/json, text/event-stream", JSON_TYPE],
    ["text/event-stream, application/json", JSON_TYPE],
    ["application/json", JSON_TYPE],
    ["text/event-stream", SSE_TYPE],
    ["*/*", JSON_TYPE],
    ["application/*", JSON_TYPE],
    ["text/*", SSE_TYPE],
    ["text/html, */*;q=0.1", JSON_TYPE],
    ["APPLICATION/JSON;q=0.5", JSON_TYPE],
    ["application/json;q=0, text/event-stream", SSE_TYPE],
  ])("Accept: %s", async (accept, type) => {
    const session = await RawSession.open(url);
    for (const options of [session.options({ accept }), { accept }]) {
      const answer = await post(url, toolCall("a", "echo", { text: "ü\nx" }), options);
      expect(answer.status).toBe(200);
      expect(typeOf(answer)).toBe(type);
      expect(answer.messages).toHaveLength(1);
      expect(answer.messages[0]?.id).toBe("a");
      expect(textOf(answer.messages[0])).toBe("ü\nx");
    }
    const opened = await post(url, initializeRequest(), { accept });
    expect(typeOf(opened)).toBe(type);
    expect(opened.session).toBeDefined();
  });

  test("no Accept header takes anything", async () => {
    const body = JSON.stringify(request(1, "ping"));
    const answer = await exchange(gateway.port, {
      line: "POST /echo/mcp HTTP/1.1",
      headers: ["Host: localhost", "Content-Type: application/json"],
      body,
    });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, JSON_TYPE]);
    expect(JSON.parse(answer.body)).toEqual({ jsonrpc: "2.0", id: 1, result: {} });
  });

  test("a client that accepts only JSON gets the answer alone, without what else was said", async () => {
    const session = await RawSession.open(url);
    const call = toolCall(1, "progress", { steps: 3 }, { progressToken: "t" });
    const answer = await session.post(call, { accept: JSON_TYPE });
    expect(typeOf(answer)).toBe(JSON_TYPE);
    expect(answer.messages).toHaveLength(1);
    expect(textOf(answer.messages[0])).toBe("done");
  });

  test("JSON and events have the headers that proxies and browsers need", async () => {
    const json = await post(url, request(1, "ping"), { accept: JSON_TYPE });
    expect(Object.fromEntries(json.headers)).toMatchObject({
      "content-type": JSON_TYPE,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    const finished = await post(url, request(1, "ping"), { accept: SSE_TYPE });
    expect(Object.fromEntries(finished.headers)).toMatchObject(SSE_HEADERS);
    const opened = await post(url, initializeRequest(), { accept: SSE_TYPE });
    expect(Object.fromEntries(opened.headers)).toMatchObject(SSE_HEADERS);
    const call = toolCall(1, "progress", { steps: 1 }, { progressToken: "t" });
    expect(Object.fromEntries((await post(url, call)).headers)).toMatchObject(SSE_HEADERS);
  });
});

describe("batches", () => {
  const pair = [toolCall(1, "echo", { text: "a" }), toolCall("1", "echo", { text: "b" })];
  const open = () => RawSession.open(url, { revision: "2025-03-26" });
  const sorted = ({ messages }: RawResponse) =>
    messages
      .map((one) => [one.id, textOf(one)])
      .sort((a, b) => (String(a[1]) < String(b[1]) ? -1 : 1));

  test("are answered by a JSON array", async () => {
    const answer = await (await open()).post(pair);
    expect(typeOf(answer)).toBe(JSON_TYPE);
    expect(answer.json).toBeArrayOfSize(2);
    expect(sorted(answer)).toEqual([
      [1, "a"],
      ["1", "b"],
    ]);
  });

  test("of one request are answered by an array too", async () => {
    const answer = await (await open()).post(pair.slice(0, 1));
    expect(answer.json).toBeArrayOfSize(1);
  });

  test("are answered by one event for each where only events are accepted", async () => {
    const answer = await (await open()).post(pair, { accept: SSE_TYPE });
    expect(typeOf(answer)).toBe(SSE_TYPE);
    expect(answer.events).toHaveLength(2);
    expect(sorted(answer)).toEqual([
      [1, "a"],
      ["1", "b"],
    ]);
  });

  test("become a stream when something else is said, with every answer on it", async () => {
    const batch = [
      toolCall("fast", "echo", { text: "a" }),
      toolCall("talks", "progress", { steps: 2, delayMs: 30 }, { progressToken: 5 }),
    ];
    const answer = await (await open()).post(batch);
    expect(typeOf(answer)).toBe(SSE_TYPE);
    expect(answer.messages.map((one) => one.id ?? one.params?.["progress"])).toEqual([
      "fast",
      1,
      2,
      "talks",
    ]);
  });

  test("run at the same time", async () => {
    const batch = [1, 2, 3].map((id) => toolCall(id, "slow", { ms: 40 * (4 - id) }));
    const answer = await (await open()).post(batch);
    expect(answer.messages.map(({ id }) => id)).toEqual([3, 2, 1]);
  });

  test("without a request are 202", async () => {
    const session = await open();
    const notes = [notification("notifications/x"), notification("notifications/y")];
    const answers = [
      { jsonrpc: "2.0", id: "gw-9", result: {} },
      { jsonrpc: "2.0", id: "gw-8", error: { code: -1, message: "no" } },
    ];
    for (const batch of [notes, answers]) {
      const answer = await session.post(batch);
      expect([answer.status, answer.text]).toEqual([202, ""]);
    }
  });

  test("without a session are served where no later revision is named", async () => {
    for (const version of [undefined, "2025-03-26"])
      expect((await post(url, pair, { version })).json).toBeArrayOfSize(2);
    for (const version of ["2024-11-05", "2025-06-18", "2025-11-25"]) {
      const answer = await post(url, pair, { version });
      expect([answer.status, answer.messages[0]?.error?.code]).toEqual([400, -32600]);
    }
  });

  const marked = toolCall(1, "echo", { text: "BATCHED" });
  const claim = { "io.modelcontextprotocol/protocolVersion": "2026-07-28" };
  test.each([
    ["empty", "[]", -32600],
    ["with an element that is no message", [marked, 1], -32600],
    ["with an element that is no JSON-RPC", [marked, { id: 2 }], -32600],
    ["within a batch", [marked, [marked]], -32600],
    ["with a modern element", [marked, toolCall(2, "echo", {}, claim)], -32600],
    ["with more than maxBatch elements", Array.from({ length: 6 }, () => marked), -32600],
    ["that ends early", `[${JSON.stringify(marked)}`, -32700],
    ["with something behind it", `[${JSON.stringify(marked)}] x`, -32700],
    ["with a comma too many", `[${JSON.stringify(marked)},]`, -32700],
  ])("%s are refused whole", async (_name, batch, code) => {
    const session = await open();
    const answer = await session.post(batch);
    expect([answer.status, answer.messages[0]?.error?.code]).toEqual([400, code]);
    const seen = jsonOf(await session.call("seen")) as unknown as readonly string[];
    expect(seen.filter((line) => line.includes("BATCHED"))).toEqual([]);
  });
});
