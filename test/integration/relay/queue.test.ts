/**
 * `maxInFlight` and the bounded, fair queue behind it. Posts go over HTTP+SSE, where 202 says that
 * a call was taken, so that the order is the test's own.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { type Message, notification, textOf, toolCall } from "../../helpers/raw-http.ts";
import { RawSession, RawSseSession } from "../../helpers/raw-session.ts";
import { callsOf, received } from "./seen.ts";

const LONG_MS = 60_000;
let gateway: RunningGateway;

beforeAll(async () => {
  const narrow = { maxInFlight: 1, maxQueue: 5 };
  gateway = await startGateway({
    servers: {
      narrow: fixtureServer("echo", narrow),
      hasty: fixtureServer("echo", { ...narrow, requestTimeout: "500ms" }),
      unqueued: fixtureServer("echo", { maxInFlight: 2, maxQueue: 0 }),
    },
  });
});
afterAll(() => gateway.stop());

async function open(server: string): Promise<RawSseSession> {
  const session = await RawSseSession.open(gateway.sse(server));
  await session.initialize();
  return session;
}

/** Takes messages until one has the id. */
async function answerTo(session: RawSseSession, id: string): Promise<Message> {
  for (;;) {
    const message = await session.next();
    if (message.id === id) return message;
  }
}

/** The words of the calls of `echo` that reached the child, in their order. */
async function echoed(server: string): Promise<readonly unknown[]> {
  const session = await RawSession.open(gateway.mcp(server));
  const calls = callsOf(await received(session), "echo");
  return calls.map(({ params }) => params?.["arguments"].text as unknown);
}

test("clients take turns, a full queue refuses, and a cancelled call in it never starts", async () => {
  const [flooding, modest] = [await open("narrow"), await open("narrow")];
  const echo = (session: RawSseSession, id: string) =>
    session.post(toolCall(id, "echo", { text: id }));
  await flooding.post(toolCall("long", "slow", { ms: LONG_MS }));
  for (const id of ["f1", "f2", "f3", "f4"]) await echo(flooding, id);
  await echo(modest, "m1");

  await echo(flooding, "too many");
  const refused = await flooding.next();
  expect(refused).toMatchObject({
    id: "too many",
    error: { code: -32603, data: { gateway: { code: "OVERLOADED", retryable: true } } },
  });
  expect(refused.error?.message).toContain("narrow");
  // What needs no child is answered all the same.
  expect(await flooding.request("p", "ping")).toEqual({ jsonrpc: "2.0", id: "p", result: {} });

  await flooding.post(notification("notifications/cancelled", { requestId: "f2" }));
  await echo(modest, "m2");
  await flooding.post(notification("notifications/cancelled", { requestId: "long" }));
  expect(textOf(await answerTo(modest, "m2"))).toBe("m2");
  expect(textOf(await answerTo(flooding, "f4"))).toBe("f4");
  expect(await echoed("narrow")).toEqual(["f1", "m1", "f3", "m2", "f4"]);

  const session = await RawSession.open(gateway.mcp("narrow"));
  const seen = await received(session);
  const cancelled = seen.filter(({ method }) => method === "notifications/cancelled");
  const long = callsOf(seen, "slow")[0]?.id;
  expect(cancelled.map(({ params }) => params?.["requestId"] as unknown)).toEqual([long]);
  await Promise.all([flooding.close(), modest.close()]);
});

test("a call whose time is over in the queue never starts", async () => {
  const [busy, waiting] = [await open("hasty"), await open("hasty")];
  const steps = { steps: 6, delayMs: 200 };
  await busy.post(toolCall("busy", "progress", steps, { progressToken: 1 }));
  const answer = await waiting.request("w", "tools/call", {
    name: "echo",
    arguments: { text: "never" },
  });
  expect(answer.error?.data?.["gateway"].code).toBe("UPSTREAM_TIMEOUT");
  expect(answer.error?.message).toContain("waiting for a free slot");
  expect(textOf(await answerTo(busy, "busy"))).toBe("done");
  expect(await echoed("hasty")).toEqual([]);
  await Promise.all([busy.close(), waiting.close()]);
});

test("a closed session takes its waiting calls along", async () => {
  const [busy, leaving] = [await open("narrow"), await open("narrow")];
  await busy.post(toolCall("long", "slow", { ms: LONG_MS }));
  await leaving.post(toolCall("l", "echo", { text: "of one who left" }));
  await leaving.close();
  await gateway.untilLogged(/ID: "l", .* failed/);
  await busy.post(notification("notifications/cancelled", { requestId: "long" }));
  expect(textOf(await busy.request("b", "tools/call", { name: "echo", arguments: {} }))).toBe("");
  expect(await echoed("narrow")).not.toContain("of one who left");
  await busy.close();
});

test("without a queue the slots are all there is", async () => {
  const session = await open("unqueued");
  for (const id of ["a", "b", "c"]) await session.post(toolCall(id, "slow", { ms: 300, text: id }));
  expect(await session.next()).toMatchObject({
    id: "c",
    error: { data: { gateway: { code: "OVERLOADED" } } },
  });
  const answers = [await session.next(), await session.next()];
  expect(answers.map(textOf)).toEqual(["a", "b"]);
  await session.close();
});
