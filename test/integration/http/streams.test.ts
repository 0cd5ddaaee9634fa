/**
 * Event streams as they look on the wire: headers, the first bytes, keep-alive comments, priming by
 * revision, and when a waiting answer becomes a stream.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import {
  type HttpOptions,
  messageOf,
  openGet,
  openPost,
  post,
  request,
  textOf,
  toolCall,
} from "../../helpers/raw-http.ts";
import { RawSession, RawSseSession } from "../../helpers/raw-session.ts";
import type { SseEvent, SseReader } from "../../helpers/sse-reader.ts";
import { until } from "../../helpers/wait.ts";

const LAZY_MS = 300;

let gateway: RunningGateway;
let url: string;

beforeAll(async () => {
  gateway = await startGateway({
    // The other is for the test that makes its child tell all its clients something.
    servers: { echo: fixtureServer("echo"), other: fixtureServer("echo") },
    proxy: { limits: { keepAlive: "1s", lazyStream: `${LAZY_MS}ms` } },
  });
  url = gateway.mcp("echo");
});
afterAll(() => gateway.stop());

const hasData = ({ data }: SseEvent): boolean => data !== undefined && data !== "";
const keepAlives = ({ comments }: SseReader): number =>
  comments.filter((comment) => comment.includes("keep-alive")).length;

test.concurrent("every open stream has its headers, and is kept alive by comments", async () => {
  const other = gateway.mcp("other");
  const [session, cause] = await Promise.all([
    RawSession.open(other, { revision: "2025-06-18" }),
    RawSession.open(other),
  ]);
  const slow = toolCall("slow", "slow", { ms: 3200, text: "late" });
  const standalone = await openGet(other, session.options());
  const [within, without] = await Promise.all([session.openPost(slow), openPost(other, slow)]);
  const sse = await openGet(gateway.sse("other"));
  const endpoint = await sse.stream.next();
  expect(endpoint?.event).toBe("endpoint");
  const opened = [standalone, within, without, sse];
  for (const { status, headers } of opened) {
    expect(status).toBe(200);
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      "x-content-type-options": "nosniff",
    });
  }

  // Nothing but comments for three seconds, then the answers.
  for (const { stream } of [within, without]) {
    expect((await stream.rest()).map(messageOf).map(textOf)).toEqual(["late"]);
  }
  await cause.call("changed");
  const event = await standalone.stream.next();
  expect(event?.data).toContain("notifications/tools/list_changed");
  const postUrl = new URL(endpoint?.data ?? "", other).href;
  expect((await post(postUrl, request("p", "ping"))).status).toBe(202);
  expect((await sse.stream.next())?.data).toBe('{"jsonrpc":"2.0","id":"p","result":{}}');
  for (const { stream } of opened) expect(keepAlives(stream)).toBeGreaterThanOrEqual(2);
  await standalone.stream.close();
  await sse.stream.close();
});

describe("the first bytes come at once, so that no proxy holds the head back", () => {
  test.concurrent.each([
    ["2025-03-26", false],
    ["2025-06-18", false],
    ["2025-11-25", true],
  ])("%s: primed %p", async (revision, isPrimed) => {
    const session = await RawSession.open(url, { revision });
    const standalone = await session.stream();
    const call = toolCall(1, "progress", { steps: 2, delayMs: 100 }, { progressToken: 1 });
    const { stream } = await session.openPost(call);
    for (const reader of [standalone, stream]) {
      if (isPrimed) {
        const first = await reader.next();
        expect(first).toMatchObject({ data: "", event: undefined, retry: 3000 });
        expect(first?.id).toMatch(/^\w+_0$/);
      } else {
        const next = reader.next();
        await until(() => reader.comments.length > 0, { what: "a comment before any event" });
        if (reader === stream) expect((await next)?.data).toContain('"progress":1');
        else next.catch((error: unknown) => error);
      }
    }
    await standalone.close();
    await stream.close();
  });
});

describe("a waiting answer", () => {
  const inTime = toolCall("q", "echo", { text: "quick" });
  const tooLate = toolCall("s", "slow", { ms: 4 * LAZY_MS, text: "slow" });
  const both = "application/json, text/event-stream";
  const rows: readonly [name: string, call: object, accept: string, type: string][] = [
    ["quick, both accepted", inTime, both, "application/json"],
    ["slow, both accepted", tooLate, both, "text/event-stream"],
    ["slow, only JSON accepted", tooLate, "application/json", "application/json"],
    ["quick, only events accepted", inTime, "text/event-stream", "text/event-stream"],
    ["slow, only events accepted", tooLate, "text/event-stream", "text/event-stream"],
  ];
  test.concurrent.each(rows)("%s", async (_name, call, accept, type) => {
    const session = await RawSession.open(url);
    const wanted = call === inTime ? "quick" : "slow";
    const ask = async (options: HttpOptions) => {
      const answer = await post(url, call, { ...options, accept });
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toBe(type);
      expect(answer.messages.map(textOf)).toEqual([wanted]);
      return answer;
    };
    const [within, without] = await Promise.all([ask(session.options()), ask({})]);
    const isStream = call === tooLate && type === "text/event-stream";
    // A stream of a session can be resumed, one without a session cannot; what was finished at once needs neither.
    expect(within.events.filter(({ id }) => id !== undefined)).toHaveLength(isStream ? 2 : 0);
    expect(without.events.filter(({ id }) => id !== undefined)).toHaveLength(0);
  });

  test.concurrent("becomes a stream after the silence, not before", async () => {
    const session = await RawSession.open(url);
    const startedMs = performance.now();
    const { stream } = await session.openPost(tooLate);
    const openedMs = performance.now() - startedMs;
    expect(openedMs).toBeGreaterThanOrEqual(LAZY_MS);
    expect(openedMs).toBeLessThan(4 * LAZY_MS - 50);
    expect(textOf(messageOf(await stream.find(hasData)))).toBe("slow");
  });

  test.concurrent("that was cancelled ends without a message, in each form", async () => {
    for (const accept of [both, "application/json", "text/event-stream"]) {
      const session = await RawSession.open(url);
      const waiting = session.post(toolCall("c", "slow", { ms: 20_000, text: accept }), { accept });
      await until(async () => textOf(await session.call("seen"))?.includes(accept));
      const cancel = {
        jsonrpc: "2.0",
        method: "notifications/cancelled",
        params: { requestId: "c" },
      };
      expect((await session.post(cancel)).status).toBe(202);
      const ended = await waiting;
      expect(ended.status).toBeLessThan(300);
      expect(ended.messages).toEqual([]);
    }
  });
});

test.concurrent(
  "a client that goes away from HTTP+SSE or a stream costs nobody else anything",
  async () => {
    const stays = await RawSseSession.open(gateway.sse("echo"));
    await stays.initialize();
    const leaves = await RawSseSession.open(gateway.sse("echo"));
    await leaves.initialize();
    await leaves.post(toolCall(1, "slow", { ms: 400 }));
    await leaves.close();
    await stays.post(toolCall("mine", "slow", { ms: 600, text: "mine" }));
    const answer = await stays.next();
    expect([answer.id, textOf(answer)]).toEqual(["mine", "mine"]);
    await stays.close();
  },
);
