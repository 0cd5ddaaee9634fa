/**
 * The end of the gateway: in order by a signal, at once by a second one, and without warning; each
 * time no process may be left, however stubborn.
 */
import { expect, test } from "bun:test";
import { fixturePath, fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { alive, descendants } from "../../helpers/processes.ts";
import { ModernClient } from "../../helpers/modern.ts";
import { get, jsonOf, messageOf, openGet, post, textOf, toolCall } from "../../helpers/raw-http.ts";
import { initializeRequest, RawSession, RawSseSession } from "../../helpers/raw-session.ts";
import { until } from "../../helpers/wait.ts";

const WHOLE_STOP_MS = 8000;
const TEST_MS = 30_000;

/** A server that works, ignores SIGTERM and SIGINT, and leaves a process when its stdin ends. */
function stubborn(): object {
  const script = 'trap "" TERM INT HUP; "$0" "$@"; tail -f /dev/null';
  return { command: "sh", args: ["-c", script, process.execPath, fixturePath("echo")] };
}

/** A server that works, with a grandchild in a session of its own. */
function parent(keys: object = {}): object {
  const script = 'setsid sleep 300 <&- >&- 2>&- & exec "$0" "$@"';
  return { command: "sh", args: ["-c", script, process.execPath, fixturePath("echo")], ...keys };
}

async function startFull(): Promise<{ gateway: RunningGateway; pids: readonly number[] }> {
  const gateway = await startGateway({
    servers: {
      echo: fixtureServer("echo"),
      stubborn: stubborn(),
      parent: parent(),
      own: parent({ instances: "session" }),
      deaf: fixtureServer("ignores-sigterm"),
      forks: fixtureServer("forks-a-grandchild", { args: ["orphan", "setsid", "deaf"] }),
    },
  });
  for (const server of ["echo", "stubborn", "parent", "own"]) {
    const session = await RawSession.open(gateway.mcp(server));
    expect(textOf(await session.call("echo", { text: "works" }))).toBe("works");
  }
  const grandchild = await gateway.untilLogged(/\[forks\] .*grandchild \d+/);
  const orphan = Number(/grandchild (\d+)/.exec(grandchild)?.[1]);
  const pids = [...new Set([...gateway.processes(), orphan, ...descendants(orphan)])];
  expect(pids.filter(alive).length).toBeGreaterThanOrEqual(9);
  return { gateway, pids };
}

const noneOf = (pids: readonly number[]) =>
  until(() => pids.filter(alive).length === 0, { what: `none of ${pids.join(", ")} lives` });

test(
  "SIGTERM and SIGINT stop everything within eight seconds",
  async () => {
    const stops = (["SIGTERM", "SIGINT"] as const).map(async (signal) => {
      const { gateway, pids } = await startFull();
      const beginMs = performance.now();
      gateway.signal(signal);
      const { exitCode } = await gateway.ended();
      expect(performance.now() - beginMs).toBeLessThan(WHOLE_STOP_MS);
      expect(exitCode).toBe(0);
      expect(pids.filter(alive)).toEqual([]);
      await gateway.stop();
    });
    await Promise.all(stops);
  },
  TEST_MS,
);

test(
  "a second signal ends everything at once",
  async () => {
    const { gateway, pids } = await startFull();
    gateway.signal("SIGTERM");
    await gateway.untilLogged(/stopping: SIGTERM/);
    const beginMs = performance.now();
    // A signal right behind the first is taken for the same wish, so it is told until it is heard.
    await until(() => {
      if (alive(gateway.pid)) gateway.signal("SIGINT");
      return !alive(gateway.pid);
    });
    const { exitCode } = await gateway.ended();
    expect(performance.now() - beginMs).toBeLessThan(1500);
    expect(exitCode).toBe(1);
    await noneOf(pids);
    await gateway.kill();
  },
  TEST_MS,
);

test(
  "kill -9 of the gateway leaves no process, grandchildren included",
  async () => {
    const { gateway, pids } = await startFull();
    gateway.signal("SIGKILL");
    await gateway.ended();
    await noneOf(pids);
    await gateway.kill();
  },
  TEST_MS,
);

test(
  "while it stops, running calls may finish, new requests get 503, and streams end",
  async () => {
    const gateway = await startGateway({
      servers: {
        echo: fixtureServer("echo"),
        own: fixtureServer("echo", { instances: "session" }),
      },
    });
    const url = gateway.mcp("echo");
    const session = await RawSession.open(url);
    const own = await RawSession.open(gateway.mcp("own"));
    const pid = Number(jsonOf(await own.call("whoami"))["pid"]);
    const sse = await RawSseSession.open(gateway.sse("echo"));
    await sse.initialize();
    const stream = await session.stream();
    const brief = session.call("slow", { ms: 700, text: "in time" });
    const endless = own.post(toolCall("endless", "slow", { ms: 60_000 }));
    await sse.post(toolCall("too long", "slow", { ms: 60_000 }));

    const beginMs = performance.now();
    gateway.signal("SIGTERM");
    const refused = await until(async () => {
      const response = await post(url, initializeRequest({}, "late"));
      return response.status === 503 ? response : undefined;
    });
    expect(refused.headers.get("retry-after")).toBeString();
    expect(refused.messages[0]).toMatchObject({ jsonrpc: "2.0", error: { code: -32603 } });
    expect((await session.post(toolCall("l", "echo"))).status).toBe(503);
    expect((await get(`${gateway.url}/readyz`, { accept: null })).status).toBe(503);
    expect((await get(`${gateway.url}/health`, { accept: null })).status).toBe(200);

    expect(textOf(await brief)).toBe("in time");
    expect((await endless).messages[0]).toMatchObject({
      id: "endless",
      error: { code: -32603, data: { gateway: { retryable: true } } },
    });
    expect(await sse.next()).toMatchObject({
      id: "too long",
      error: { code: -32603, data: { gateway: { retryable: true } } },
    });
    expect(await sse.stream.rest()).toEqual([]);
    expect((await stream.rest()).filter(({ data }) => Boolean(data))).toEqual([]);
    expect((await gateway.ended()).exitCode).toBe(0);
    expect(performance.now() - beginMs).toBeLessThan(WHOLE_STOP_MS);
    expect(alive(pid)).toBe(false);
    await gateway.stop();
  },
  TEST_MS,
);

test(
  "every stream that is open has last words: an answer, or when to come back",
  async () => {
    const gateway = await startGateway({ servers: { echo: fixtureServer("echo") } });
    const session = await RawSession.open(gateway.mcp("echo"));
    const standalone = await session.stream();
    const old = await RawSseSession.open(gateway.sse("echo"));
    const call = toolCall("long", "progress", { steps: 100, delayMs: 500 }, { progressToken: 1 });
    const posted = await session.openPost(call);
    await posted.stream.find(({ data }) => data?.includes("notifications/progress") === true);
    const listen = await new ModernClient(gateway.mcp("echo")).listen("l", {
      toolsListChanged: true,
    });
    const log = (await openGet(`${gateway.url}/admin/logs?follow=1`)).stream;
    gateway.signal("SIGTERM");

    for (const stream of [standalone, old.stream]) {
      const last = (await stream.rest()).at(-1);
      expect(last).toMatchObject({ data: undefined, retry: 5000 });
      expect(stream.comments.at(-1)).toBe(" the server stops");
    }
    expect((await log.rest()).some(({ retry }) => retry === 5000)).toBe(true);
    const answer = messageOf((await posted.stream.rest()).at(-1) ?? never());
    expect(answer).toMatchObject({ id: "long", error: { code: -32603 } });
    const end = messageOf((await listen.stream.rest()).at(-1) ?? never());
    expect(end).toMatchObject({ id: "l", result: { resultType: "complete" } });
    // A second signal before the end would end it at once.
    expect((await gateway.ended()).exitCode).toBe(0);
    await gateway.stop();
  },
  TEST_MS,
);

function never(): never {
  throw new Error("the stream ended without a word");
}

test(
  "a gateway with nothing to do stops at once",
  async () => {
    const gateway = await startGateway({ servers: { echo: fixtureServer("echo") } });
    const session = await RawSession.open(gateway.mcp("echo"));
    expect(textOf(await session.call("echo", { text: "hello" }))).toBe("hello");
    expect((await gateway.stop()).tookMs).toBeLessThan(1500);
  },
  TEST_MS,
);

test(
  "a child that goes with its session takes its own children along",
  async () => {
    await using gateway = await startGateway({
      servers: { own: parent({ instances: "session" }) },
    });
    const session = await RawSession.open(gateway.mcp("own"));
    const pid = Number(jsonOf(await session.call("whoami"))["pid"]);
    const pids = [pid, ...(await until(() => nonEmpty(descendants(pid))))];
    await session.end();
    await noneOf(pids);
  },
  TEST_MS,
);

function nonEmpty(pids: readonly number[]): readonly number[] | undefined {
  return pids.length === 0 ? undefined : pids;
}
