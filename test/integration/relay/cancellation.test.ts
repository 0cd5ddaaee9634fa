/**
 * The end of calls before their answer: cancelled by the client, left by a dropped connection, ended
 * with the session; and answers of the child that come when nobody waits for them any more.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { jsonOf, messageOf, notification, textOf, toolCall } from "../../helpers/raw-http.ts";
import { RawSession, RawSseSession } from "../../helpers/raw-session.ts";
import { until } from "../../helpers/wait.ts";
import { callsOf, received, withMethod } from "./seen.ts";

const LONG_MS = 60_000;
let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({
    servers: {
      late: fixtureServer("late-answers"),
      narrow: fixtureServer("echo", { maxInFlight: 1 }),
    },
    proxy: { limits: { lazyStream: "200ms" } },
  });
});
afterAll(() => gateway.stop());

/** Starts a call that the fixture holds and waits until it is there. */
async function hold(session: RawSession, id: string | number, words: string) {
  const answer = session.post(toolCall(id, "hold", { text: words }));
  await until(
    async () =>
      callsOf(await received(session), "hold").some(
        ({ params }) => params?.["arguments"]?.text === words,
      ),
    { what: `the child has ${words}` },
  );
  return answer;
}

async function childIdOf(session: RawSession, words: string): Promise<unknown> {
  const calls = callsOf(await received(session), "hold");
  return calls.find(({ params }) => params?.["arguments"]?.text === words)?.id;
}

async function cancelled(session: RawSession) {
  return withMethod(await received(session), "notifications/cancelled").map(({ params }) => params);
}

test("a cancellation reaches the child with the gateway's id, and the POST ends unanswered", async () => {
  const session = await RawSession.open(gateway.mcp("late"));
  const pending = hold(session, "mine", "to be cancelled");
  const childId = await until(() => childIdOf(session, "to be cancelled"));
  expect(childId).toBeNumber();
  const params = { requestId: "mine", reason: "changed my mind" };
  expect((await session.post(notification("notifications/cancelled", params))).status).toBe(202);
  const ended = await pending;
  expect(ended.status).toBe(200);
  expect(ended.messages).toEqual([]);
  expect(await cancelled(session)).toContainEqual({
    requestId: childId,
    reason: "changed my mind",
  });
});

test("only the client's own call is cancelled, though another's has the same id", async () => {
  const [mine, other] = [
    await RawSession.open(gateway.mcp("late")),
    await RawSession.open(gateway.mcp("late")),
  ];
  const answers = [hold(mine, 700, "of mine"), hold(other, 700, "of the other")] as const;
  const childId = await until(() => childIdOf(other, "of the other"));
  await until(() => childIdOf(mine, "of mine"));
  await mine.post(notification("notifications/cancelled", { requestId: 700 }));
  expect((await answers[0]).messages).toEqual([]);
  const cancelledIds = (await cancelled(mine)).map((params) => params?.["requestId"] as unknown);
  expect(cancelledIds).not.toContain(childId);
  // The id's type counts: "700" is no call of the other client.
  await other.post(notification("notifications/cancelled", { requestId: "700" }));
  await other.call("release");
  expect(textOf((await answers[1]).messages[0])).toBe("of the other");
});

test("a cancellation of what does not run is taken and goes nowhere", async () => {
  const session = await RawSession.open(gateway.mcp("late"));
  const before = (await cancelled(session)).length;
  for (const params of [{ requestId: "nobody's" }, { requestId: null }, {}]) {
    const told = await session.post(notification("notifications/cancelled", params));
    expect(told.status).toBe(202);
  }
  expect(await cancelled(session)).toHaveLength(before);
});

test("a cancelled call frees its slot", async () => {
  const session = await RawSession.open(gateway.mcp("narrow"));
  const sse = await RawSseSession.open(gateway.sse("narrow"));
  await sse.initialize();
  expect((await sse.post(toolCall("long", "slow", { ms: LONG_MS }))).status).toBe(202);
  const waiting = session.call("echo", { text: "at last" });
  await sse.post(notification("notifications/cancelled", { requestId: "long" }));
  expect(textOf(await waiting)).toBe("at last");
  // HTTP+SSE: nothing was said about the cancelled call before the next answer.
  expect(await sse.request("next", "ping")).toEqual({ jsonrpc: "2.0", id: "next", result: {} });
  await sse.close();
});

test("a dropped connection cancels nothing, and the answer can be fetched", async () => {
  const session = await RawSession.open(gateway.mcp("late"));
  const before = (await cancelled(session)).length;
  const { stream } = await session.openPost(toolCall("kept", "hold", { text: "kept" }));
  const priming = await stream.next();
  expect(priming?.data).toBe("");
  await stream.close();
  await session.call("release");
  const again = await session.stream({ lastEventId: priming?.id });
  const answer = messageOf(await again.find(({ data }) => data !== ""));
  expect(answer).toMatchObject({ id: "kept", result: { content: [{ text: "kept" }] } });
  expect(await again.rest()).toEqual([]);
  expect(await cancelled(session)).toHaveLength(before);
});

test("DELETE cancels the session's calls in the child and tells the client", async () => {
  const session = await RawSession.open(gateway.mcp("late"));
  const witness = await RawSession.open(gateway.mcp("late"));
  const pending = hold(session, 1, "left behind");
  const childId = await until(() => childIdOf(witness, "left behind"));
  expect((await session.end()).status).toBe(200);
  const [answer] = (await pending).messages;
  expect(answer).toMatchObject({
    id: 1,
    error: { code: -32603, data: { gateway: { code: "SESSION_ENDED", retryable: true } } },
  });
  const told = (await cancelled(witness)).find((params) => params?.["requestId"] === childId);
  expect(told).toBeDefined();
});

test("an answer after the cancellation is dropped", async () => {
  const session = await RawSession.open(gateway.mcp("late"));
  const standalone = await session.stream();
  const pending = session.post(toolCall("deaf", "deaf", { ms: 20 }));
  await until(async () => callsOf(await received(session), "deaf").length > 0);
  await session.post(notification("notifications/cancelled", { requestId: "deaf" }));
  expect((await pending).messages).toEqual([]);
  const childId = callsOf(await received(session), "deaf")[0]?.id;
  await gateway.untilLogged(new RegExp(`dropped: answer to unknown id ${childId}$`));
  expect(jsonOf(await session.call("held"))).toBeNumber();
  await standalone.close();
});

test("second answers, answers to nobody and progress after the answer are dropped", async () => {
  const session = await RawSession.open(gateway.mcp("late"));
  const twice = await session.post(toolCall("a", "twice"));
  expect(twice.messages.map(textOf)).toEqual(["first"]);
  const stranger = await session.post(toolCall("b", "stranger"));
  expect(stranger.messages.map(textOf)).toEqual(["answered"]);
  const late = await session.post(toolCall("c", "progress_after", {}, { progressToken: "p" }));
  expect(late.messages.map(({ method, result }) => method ?? result?.["content"][0].text)).toEqual([
    "notifications/progress",
    "done",
  ]);
  expect(jsonOf(await session.call("held"))).toBeNumber();
});

test("a cancelled id can be used again at once", async () => {
  const session = await RawSession.open(gateway.mcp("late"));
  const pending = hold(session, "again", "the first of the name");
  await until(() => childIdOf(session, "the first of the name"));
  await session.post(notification("notifications/cancelled", { requestId: "again" }));
  await pending;
  const answer = await session.post(toolCall("again", "held"));
  expect(answer.messages).toHaveLength(1);
  expect(jsonOf(answer.messages[0])).toBeNumber();
});
