/**
 * Sessions of Streamable HTTP: how they end by DELETE, and who makes room when there are too many.
 */
import { describe, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { alive } from "../../helpers/processes.ts";
import { get, jsonOf, messageOf, post, request, textOf, toolCall } from "../../helpers/raw-http.ts";
import { initializeRequest, RawSession, RawSseSession } from "../../helpers/raw-session.ts";
import { until } from "../../helpers/wait.ts";

const servers = {
  echo: fixtureServer("echo"),
  other: fixtureServer("echo"),
  own: fixtureServer("echo", { instances: "session" }),
};

/** True while the session is there; asking makes it the one used last. */
async function lives(session: RawSession): Promise<boolean> {
  const answer = await session.post(request("alive", "ping"));
  if (answer.status !== 404) expect(answer.messages[0]?.result).toEqual({});
  return answer.status === 200;
}

describe("DELETE", () => {
  test("ends the session, its streams and its calls, and nobody else's", async () => {
    await using gateway = await startGateway({ servers });
    const url = gateway.mcp("echo");
    const [session, bystander] = await Promise.all([RawSession.open(url), RawSession.open(url)]);
    const standalone = await session.stream();
    const running = session.post(toolCall("running", "slow", { ms: 60_000 }));
    const spoken = await session.openPost(
      toolCall("spoken", "progress", { steps: 100, delayMs: 200 }, { progressToken: 1 }),
    );
    await spoken.stream.find(({ data }) => data?.includes("notifications/progress") === true);

    const ended = await session.end();
    expect([ended.status, ended.text]).toEqual([200, ""]);
    const [refused] = (await running).messages;
    expect(refused).toMatchObject({
      id: "running",
      error: { code: -32603, data: { gateway: { code: "SESSION_ENDED", retryable: true } } },
    });
    const last = (await spoken.stream.rest()).at(-1);
    expect(last === undefined ? last : messageOf(last)).toMatchObject({
      id: "spoken",
      error: { data: { gateway: { code: "SESSION_ENDED" } } },
    });
    expect((await standalone.rest()).filter(({ data }) => data !== "")).toEqual([]);
    expect(standalone.ended).toBe(true);

    expect(await lives(session)).toBe(false);
    expect((await session.end()).status).toBe(404);
    expect((await get(url, session.options())).status).toBe(404);
    expect(await lives(bystander)).toBe(true);
    // The calls were cancelled in the child, which others go on using.
    const seen = jsonOf(await bystander.call("seen")) as unknown as readonly string[];
    const cancelled = seen.filter((line) => line.includes("notifications/cancelled"));
    expect(cancelled).toHaveLength(2);
  });

  test("ends a child of the session's own", async () => {
    await using gateway = await startGateway({ servers });
    const [one, two] = await Promise.all([
      RawSession.open(gateway.mcp("own")),
      RawSession.open(gateway.mcp("own")),
    ]);
    const pidOf = async (session: RawSession) =>
      jsonOf(await session.call("whoami"))["pid"] as number;
    const [first, second] = [await pidOf(one), await pidOf(two)];
    expect(first).not.toBe(second);
    await one.end();
    await until(() => !alive(first), { what: "the child of the ended session is gone" });
    expect(alive(second)).toBe(true);
    expect(await lives(two)).toBe(true);
  });
});

describe("caps", () => {
  const capped = (limits: object): Promise<RunningGateway> =>
    startGateway({ servers, proxy: { limits } });

  async function expectFull(gateway: RunningGateway, server = "echo"): Promise<void> {
    const refused = await post(gateway.mcp(server), initializeRequest({}, "full"));
    expect(refused.status).toBe(503);
    expect(refused.session).toBeUndefined();
    expect(refused.messages[0]).toMatchObject({
      id: "full",
      error: { code: -32603, data: { gateway: { code: "OVERLOADED", retryable: true } } },
    });
    const sse = await get(gateway.sse(server));
    expect([sse.status, sse.messages[0]?.error?.code]).toEqual([503, -32603]);
  }

  test("maxSessions: the longest idle gives way, one that is busy never; else 503", async () => {
    await using gateway = await capped({ maxSessions: 3 });
    const url = gateway.mcp("echo");
    const streaming = await RawSession.open(url);
    const stream = await streaming.stream();
    const second = await RawSession.open(url);
    const third = await RawSession.open(url);
    expect(await lives(second)).toBe(true); // now the third is the longest idle
    const fourth = await RawSession.open(url);
    expect(await lives(third)).toBe(false);
    for (const one of [streaming, second, fourth]) expect(await lives(one)).toBe(true);

    // Busy in each way there is: a stream, a call, and a session that is its stream.
    const call = second.post(toolCall("busy", "slow", { ms: 60_000 }));
    await until(async () => textOf(await streaming.call("seen"))?.includes("60000"));
    const sse = await RawSseSession.open(gateway.sse("echo"));
    expect(await lives(fourth)).toBe(false);
    await expectFull(gateway);
    for (const one of [streaming, second]) expect(await lives(one)).toBe(true);
    expect((await sse.initialize())["serverInfo"]).toMatchObject({ name: "echo" });

    // As soon as one of them is idle it can give way.
    await stream.close();
    const fifth = await until(async () => {
      const opened = await post(url, initializeRequest());
      return opened.status === 200 && opened;
    });
    expect(fifth.session).toBeDefined();
    expect(await lives(streaming)).toBe(false);
    await second.end();
    expect((await call).messages[0]?.error).toBeDefined();
    await sse.close();
  });

  test("maxSessionsPerServer: only sessions of that server give way", async () => {
    await using gateway = await capped({ maxSessionsPerServer: 1 });
    const other = await RawSession.open(gateway.mcp("other"));
    const first = await RawSession.open(gateway.mcp("echo"));
    const second = await RawSession.open(gateway.mcp("echo"));
    expect(await lives(first)).toBe(false);
    expect(await lives(other)).toBe(true);
    const stream = await second.stream();
    await expectFull(gateway);
    expect(await lives(second)).toBe(true);
    expect(await lives(other)).toBe(true);
    await stream.close();
  });

  test("maxInstances: one child too many is 503, until one has ended", async () => {
    await using gateway = await startGateway({
      servers: { own: fixtureServer("echo", { instances: "session", maxInstances: 1 }) },
    });
    const url = gateway.mcp("own");
    const first = await RawSession.open(url);
    const refused = await post(url, initializeRequest({}, "full"));
    expect(refused.status).toBe(503);
    expect(refused.messages[0]).toMatchObject({
      id: "full",
      error: { code: -32603, data: { gateway: { code: "OVERLOADED" } } },
    });
    await first.end();
    await until(async () => (await post(url, initializeRequest())).status === 200);
  });

  test("maxInFlight and maxQueue: one request too many is an error of that request", async () => {
    await using gateway = await startGateway({
      servers: { echo: fixtureServer("echo", { maxInFlight: 1, maxQueue: 1 }) },
    });
    const session = await RawSession.open(gateway.mcp("echo"));
    const [running, waiting] = ["first", "second"].map((text) =>
      session.post(toolCall(text, "slow", { ms: 300, text })),
    ) as [Promise<never>, Promise<never>];
    const over = await until(async () => {
      const answer = await session.post(toolCall("third", "echo"));
      return answer.messages[0]?.error === undefined ? false : answer;
    });
    expect(over.status).toBe(200);
    expect(over.messages[0]).toMatchObject({
      id: "third",
      error: { code: -32603, data: { gateway: { code: "OVERLOADED", retryable: true } } },
    });
    const texts = (await Promise.all([running, waiting])) as unknown as readonly {
      messages: never[];
    }[];
    expect(texts.map(({ messages }) => textOf(messages[0]))).toEqual(["first", "second"]);
  });
});
