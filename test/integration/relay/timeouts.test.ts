/**
 * Deadlines and progress: a call that is not answered in time, progress that starts the deadline
 * anew and reaches its own caller only, answers out of order.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { type Message, type RawResponse, textOf, toolCall } from "../../helpers/raw-http.ts";
import { RawSession, RawSseSession } from "../../helpers/raw-session.ts";
import { until } from "../../helpers/wait.ts";
import { callsOf, received, withMethod } from "./seen.ts";

let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({
    servers: {
      late: fixtureServer("late-answers"),
      hasty: fixtureServer("late-answers", { requestTimeout: "300ms" }),
      patient: fixtureServer("echo", { requestTimeout: "1s" }),
      echo: fixtureServer("echo"),
    },
  });
});
afterAll(() => gateway.stop());

const timedOut = {
  code: -32603,
  data: { gateway: { code: "UPSTREAM_TIMEOUT", retryable: true, timeoutMs: 300 } },
};

test("a call that is not answered in time gets an error of its own, and the child is told", async () => {
  const session = await RawSession.open(gateway.mcp("hasty"));
  const answer = (await session.post(toolCall("slow one", "deaf", { ms: 20 }))).messages[0];
  expect(answer?.id).toBe("slow one");
  expect(answer?.error).toMatchObject(timedOut);
  expect(answer?.error?.message).toContain("hasty");
  const seen = await received(session);
  const childId = callsOf(seen, "deaf")[0]?.id;
  const told = withMethod(seen, "notifications/cancelled").map(
    ({ params }) => params?.["requestId"],
  );
  expect(told as unknown[]).toEqual([childId]);
  // The answer that comes after all is dropped, and the child serves on.
  await gateway.untilLogged(new RegExp(`dropped: answer to unknown id ${childId}$`));
  expect(textOf(await session.call("held"))).toBe("0");
});

test("the same over HTTP+SSE", async () => {
  const session = await RawSseSession.open(gateway.sse("hasty"));
  await session.initialize();
  const answer = await session.request(5, "tools/call", { name: "hold", arguments: {} });
  expect(answer).toMatchObject({ id: 5, error: timedOut });
  await session.close();
});

test("progress starts the deadline anew", async () => {
  const session = await RawSession.open(gateway.mcp("patient"));
  const steps = { steps: 5, delayMs: 400 };
  const [reporting, silent] = await Promise.all([
    session.post(toolCall("reporting", "progress", steps, { progressToken: "p" })),
    session.post(toolCall("silent", "progress", steps)),
  ]);
  expect(textOf(reporting.messages.at(-1))).toBe("done");
  expect(reporting.messages).toHaveLength(6);
  expect(silent.messages[0]?.error?.data?.["gateway"].code).toBe("UPSTREAM_TIMEOUT");
});

test("progress reaches its own caller only, with the caller's token and its type", async () => {
  const tokens = ["7", 7, 0, "", 1.5, "ü"];
  const sessions = await Promise.all(tokens.map(() => RawSession.open(gateway.mcp("echo"))));
  const responses = await Promise.all(
    sessions.map((session, index) => {
      const meta = { progressToken: tokens[index], "example.org/kept": true };
      return session.post(toolCall(1, "progress", { steps: 3, delayMs: 20 }, meta));
    }),
  );
  for (const [index, response] of responses.entries()) {
    const progress = withMethod(response.messages, "notifications/progress");
    const progressToken = tokens[index];
    expect(progress.map(({ params }) => params)).toEqual(
      [1, 2, 3].map((step) => ({ progressToken, progress: step, total: 3 })),
    );
    expect(response.messages).toHaveLength(4);
    expect(textOf(response.messages[3])).toBe("done");
  }
  const calls = callsOf(await received(sessions[0] as RawSession), "progress");
  const seen = calls.map(({ id, params }) => ({ id, meta: params?.["_meta"] }));
  expect(new Set(seen.map(({ meta }) => JSON.stringify(meta.progressToken))).size).toBe(6);
  for (const { id, meta } of seen) {
    expect(meta).toEqual({ progressToken: id, "example.org/kept": true });
  }
});

test("a caller without a token gets no progress", async () => {
  const session = await RawSession.open(gateway.mcp("echo"));
  const response = await session.post(toolCall(1, "progress", { steps: 3 }));
  expect(response.headers.get("content-type")).toStartWith("application/json");
  expect(response.messages.map(textOf)).toEqual(["done"]);
});

test("answers come out of order, and a slow call holds up no fast one", async () => {
  const session = await RawSession.open(gateway.mcp("late"));
  const order: unknown[] = [];
  const watch = (answer: Promise<RawResponse>): Promise<Message | undefined> =>
    answer.then(({ messages: [message] }) => {
      order.push(message?.id);
      return message;
    });
  const held: Promise<Message | undefined>[] = [];
  for (const id of ["one", "two", "three"]) {
    held.push(watch(session.post(toolCall(id, "hold", { text: id }))));
    await until(async () => callsOf(await received(session), "hold").length === held.length);
  }
  expect(order).toEqual([]);
  expect(textOf(await session.call("release"))).toBe("3");
  const answers = await Promise.all(held);
  expect(answers.map(textOf)).toEqual(["one", "two", "three"]);
  expect(order.toSorted()).toEqual(["one", "three", "two"]);
});

test("on one event stream the order is that of the child", async () => {
  const session = await RawSseSession.open(gateway.sse("late"));
  await session.initialize();
  for (const id of ["one", "two", "three"]) await session.post(toolCall(id, "hold", { text: id }));
  await session.post(toolCall("release", "release"));
  const ids: unknown[] = [];
  while (ids.length < 4) ids.push((await session.next()).id);
  expect(ids).toEqual(["three", "two", "one", "release"]);
  await session.close();
});

test("two running calls with one id of one session are both answered", async () => {
  const session = await RawSession.open(gateway.mcp("late"));
  const both = ["first", "second"].map((words) =>
    session.post(toolCall(1, "hold", { text: words })),
  );
  const witness = await RawSession.open(gateway.mcp("late"));
  await until(async () => textOf(await witness.call("held")) === "2");
  await witness.call("release");
  const texts = (await Promise.all(both)).map(({ messages }) => textOf(messages[0]));
  expect(texts).toEqual(["first", "second"]);
});
