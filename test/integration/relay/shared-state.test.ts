/**
 * What clients of one shared child have in common and what each keeps for itself: log levels,
 * subscriptions, announcements of changed lists; and how a restarted child gets them back.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { jsonOf, type Members, messageOf, textOf } from "../../helpers/raw-http.ts";
import { RawSession, RawSseSession } from "../../helpers/raw-session.ts";
import type { SseReader } from "../../helpers/sse-reader.ts";
import { until } from "../../helpers/wait.ts";
import { received, withMethod } from "./seen.ts";

const COUNTER = "echo://counter";
let gateway: RunningGateway;

beforeAll(async () => {
  const names = ["talk", "levels", "counts", "foreign", "leaving", "lists", "later", "restarts"];
  gateway = await startGateway({
    servers: Object.fromEntries(names.map((name) => [name, fixtureServer("echo")])),
  });
});
afterAll(() => gateway.stop());

/** A client with its stand-alone stream open. */
async function listener(server: string): Promise<{ session: RawSession; stream: SseReader }> {
  const session = await RawSession.open(gateway.mcp(server));
  return { session, stream: await session.stream() };
}

/** The next message on a stand-alone stream; what opens the stream is skipped. */
async function next(stream: SseReader) {
  const { method, params } = messageOf(await stream.find(({ data }) => Boolean(data)));
  return { method, params };
}

async function whoami(session: RawSession): Promise<Members> {
  return jsonOf(await session.call("whoami"));
}

const subscribe = (session: RawSession, uri = COUNTER) =>
  session.request("resources/subscribe", { uri });
const unsubscribe = (session: RawSession, uri = COUNTER) =>
  session.request("resources/unsubscribe", { uri });
const updated = (uri = COUNTER) => ({ method: "notifications/resources/updated", params: { uri } });

test("each client gets the log messages of its own level from a child that two share", async () => {
  const [loud, quiet, plain] = await Promise.all([
    listener("talk"),
    listener("talk"),
    listener("talk"),
  ]);
  expect(await quiet.session.request("logging/setLevel", { level: "error" })).toMatchObject({
    result: {},
  });
  await loud.session.request("logging/setLevel", { level: "debug" });
  const caller = await RawSession.open(gateway.mcp("talk"));
  for (const level of ["debug", "info", "error"])
    await caller.call("log", { level, text: `a ${level}` });
  const words = async ({ stream }: { readonly stream: SseReader }) =>
    (await next(stream)).params?.["data"] as unknown;
  expect([await words(loud), await words(loud), await words(loud)]).toEqual([
    ...["a debug", "a info", "a error"],
  ]);
  expect(await words(quiet)).toBe("a error");
  // Whoever set no level does not pay for another's curiosity.
  expect([await words(plain), await words(plain)]).toEqual(["a info", "a error"]);
  await Promise.all([loud, quiet, plain].map(({ stream }) => stream.close()));
});

test("the child is set to the most verbose level, and a wrong level is refused", async () => {
  const [first, second] = await Promise.all([
    RawSession.open(gateway.mcp("levels")),
    RawSession.open(gateway.mcp("levels")),
  ]);
  await first.request("logging/setLevel", { level: "notice" });
  expect(await whoami(first)).toMatchObject({ level: "notice" });
  await second.request("logging/setLevel", { level: "alert" });
  expect(await whoami(second)).toMatchObject({ level: "notice" });
  await second.request("logging/setLevel", { level: "debug" });
  expect(await whoami(first)).toMatchObject({ level: "debug" });
  const { error } = await second.request("logging/setLevel", { level: "loud" });
  expect(error?.code).toBe(-32602);
});

test("log messages of a call come on the stream of the call when there is no other", async () => {
  const session = await RawSession.open(gateway.mcp("levels"));
  const response = await session.post({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "log", arguments: { level: "error", text: "on the call" } },
  });
  const [log, answer] = response.messages;
  expect(log?.params).toEqual({ level: "error", logger: "echo", data: "on the call" });
  expect(textOf(answer)).toBe("logged");
});

test("only subscribers hear of a resource, and the child is subscribed once for all", async () => {
  const [first, second, third] = await Promise.all([
    listener("counts"),
    listener("counts"),
    listener("counts"),
  ]);
  const { session } = first;
  expect((await subscribe(first.session)).result).toEqual({});
  expect((await subscribe(second.session)).result).toEqual({});
  expect((await subscribe(second.session, "echo://other")).result).toEqual({});
  expect(withMethod(await received(session), "resources/subscribe")).toHaveLength(2);

  await third.session.call("touch");
  expect(await next(first.stream)).toEqual(updated());
  expect(await next(second.stream)).toEqual(updated());
  await third.session.call("touch", { uri: "echo://other" });
  expect(await next(second.stream)).toEqual(updated("echo://other"));

  expect((await unsubscribe(first.session)).result).toEqual({});
  expect(await whoami(session)).toMatchObject({ subscribed: [COUNTER, "echo://other"] });
  await third.session.call("touch");
  expect(await next(second.stream)).toEqual(updated());
  expect((await unsubscribe(second.session)).result).toEqual({});
  expect(await whoami(session)).toMatchObject({ subscribed: ["echo://other"] });
  expect(textOf(await third.session.call("touch"))).toBe("nobody listens");

  // Neither the third, nor the first after it had left, was told anything before this.
  await third.session.call("changed", { what: "prompts" });
  for (const { stream } of [first, third])
    expect((await next(stream)).method).toBe("notifications/prompts/list_changed");
  await Promise.all([first, second, third].map(({ stream }) => stream.close()));
});

test("a client cannot end the subscription of another", async () => {
  const { session, stream } = await listener("foreign");
  await subscribe(session);
  const other = await RawSession.open(gateway.mcp("foreign"));
  expect((await unsubscribe(other)).result).toEqual({});
  expect(await whoami(session)).toMatchObject({ subscribed: [COUNTER] });
  expect(textOf(await other.call("touch"))).toBe("told");
  expect(await next(stream)).toEqual(updated());
  await stream.close();
});

test("a client that leaves takes its subscriptions along, and those of others stay", async () => {
  const [first, second] = await Promise.all([
    RawSession.open(gateway.mcp("leaving")),
    RawSession.open(gateway.mcp("leaving")),
  ]);
  const sse = await RawSseSession.open(gateway.sse("leaving"));
  await sse.initialize();
  await subscribe(first);
  await subscribe(first, "echo://shared");
  await subscribe(second, "echo://shared");
  await sse.request(1, "resources/subscribe", { uri: "echo://streamed" });
  const subscribed = async () => (await whoami(second))["subscribed"] as readonly string[];
  expect(await subscribed()).toEqual([COUNTER, "echo://shared", "echo://streamed"]);
  await first.end();
  await until(async () => !(await subscribed()).includes(COUNTER));
  expect(await subscribed()).toEqual(["echo://shared", "echo://streamed"]);
  await sse.close();
  await until(async () => (await subscribed()).length === 1);
  await unsubscribe(second, "echo://shared");
  expect(await subscribed()).toEqual([]);
});

test("every session hears once that a list has changed", async () => {
  const listeners = await Promise.all([listener("lists"), listener("lists"), listener("lists")]);
  const sse = await RawSseSession.open(gateway.sse("lists"));
  await sse.initialize();
  const caller = listeners[0]?.session as RawSession;
  // Not doubled on the stream of the call that caused it.
  for (const what of ["tools", "resources", "prompts"])
    expect((await caller.post(callOf("changed", { what }))).messages).toHaveLength(1);
  const expected = ["tools", "resources", "prompts"].map(
    (what) => `notifications/${what}/list_changed`,
  );
  for (const { stream } of listeners) {
    const heard = [await next(stream), await next(stream), await next(stream)];
    expect(heard.map(({ method }) => method)).toEqual(expected);
  }
  const heard = [await sse.next(), await sse.next(), await sse.next()];
  expect(heard.map(({ method }) => method)).toEqual(expected);
  // And nothing came twice: the next is an answer, or what was sent after it.
  const other = await RawSession.open(gateway.mcp("lists"));
  await other.call("log", { level: "error", text: "the end" });
  for (const { stream } of listeners) expect((await next(stream)).params?.["data"]).toBe("the end");
  expect((await sse.next()).params?.["data"]).toBe("the end");
  await Promise.all([...listeners.map(({ stream }) => stream.close()), sse.close()]);
});

test("a client that opens its stream later hears what it missed", async () => {
  const session = await RawSession.open(gateway.mcp("later"));
  const caller = await RawSession.open(gateway.mcp("later"));
  await caller.call("changed", { what: "tools" });
  const stream = await session.stream();
  expect((await next(stream)).method).toBe("notifications/tools/list_changed");
  await stream.close();
});

test("what concerns no client of a shared child reaches none", async () => {
  const { session, stream } = await listener("later");
  const progress = { progressToken: 4711, progress: 1 };
  const strangers = [
    ["notifications/progress", progress],
    ["notifications/resources/updated", { uri: COUNTER }],
    ["notifications/elicitation/complete", { elicitationId: "e" }],
    ["notifications/cancelled", { requestId: 1 }],
    ["notifications/x-unknown", { a: 1 }],
  ] as const;
  for (const [method, params] of strangers)
    expect((await session.post(callOf("notify", { method, params }))).messages).toHaveLength(1);
  await session.call("changed", { what: "tools" });
  expect((await next(stream)).method).toBe("notifications/tools/list_changed");
  await stream.close();
});

test("a restarted child gets back the level and the subscriptions", async () => {
  const [first, second] = await Promise.all([listener("restarts"), listener("restarts")]);
  await first.session.request("logging/setLevel", { level: "warning" });
  await subscribe(first.session);
  await subscribe(second.session, "echo://other");
  const before = await whoami(first.session);
  expect((await first.session.call("crash")).error?.data?.["gateway"].code).toBe("UPSTREAM_EXITED");
  // The next call waits for the restart.
  const after = await whoami(second.session);
  expect(after["pid"]).not.toBe(before["pid"]);
  expect(after).toMatchObject({
    level: "warning",
    subscribed: [COUNTER, "echo://other"],
    initializeCount: 1,
  });
  expect(textOf(await second.session.call("touch"))).toBe("told");
  expect(await next(first.stream)).toEqual(updated());
  await Promise.all([first.stream.close(), second.stream.close()]);
});

function callOf(name: string, args: object): object {
  return { jsonrpc: "2.0", id: "call", method: "tools/call", params: { name, arguments: args } };
}
