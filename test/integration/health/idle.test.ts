/**
 * Servers that are stopped while nobody needs them and started by whoever does: what stays there
 * meanwhile, what wakes them, and what keeps them from being stopped.
 */
import { describe, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { ADA, answersTo, ASKABLE, ModernClient, shownBy } from "../../helpers/modern.ts";
import { openPost, jsonOf, post, request, textOf, toolCall } from "../../helpers/raw-http.ts";
import { RawSession } from "../../helpers/raw-session.ts";
import { isDoneWithin } from "../../helpers/wait.ts";
import { courseOf, reportOf, untilState } from "./health-client.ts";

/** Shorter than what must outlast it below, by several times. */
const IDLE_MS = 500;
const MODERN = "2026-07-28";
const envelope = (capabilities: object = {}) => ({
  "io.modelcontextprotocol/protocolVersion": MODERN,
  "io.modelcontextprotocol/clientCapabilities": capabilities,
});

function start(keys: object = {}, fixture = "echo"): Promise<RunningGateway> {
  const entry = fixtureServer(fixture, { idleTimeout: IDLE_MS, era: "legacy", ...keys });
  return startGateway({ servers: { one: entry } });
}

/** Whether no process is stopped for so long that an unused one would have been. */
const staysUp = async (gateway: RunningGateway): Promise<boolean> =>
  !(await isDoneWithin(untilState(gateway, "one", "idle"), 4 * IDLE_MS));
const wasIdle = (gateway: RunningGateway): boolean => /→ idle/.test(gateway.stderr);
const pidOf = async (session: RawSession): Promise<number> =>
  Number(jsonOf(await session.call("whoami"))["pid"]);

describe("startOn demand", () => {
  test("starts no process before the first request, which starts it", async () => {
    await using gateway = await start({ startOn: "demand", idleTimeout: 0 });
    expect(await reportOf(gateway, "one")).toMatchObject({ state: "idle", status: "healthy" });
    // The guardian is the first process that a child brings with it.
    expect(gateway.processes()).toEqual([]);
    const answer = await post(gateway.mcp("one"), toolCall(1, "echo", { text: "awake" }));
    expect(textOf(answer.messages[0])).toBe("awake");
    const { state, history } = await reportOf(gateway, "one");
    expect([state, history[0]?.kind]).toEqual(["ready", "demand"]);
  });

  test("can be the default of all servers", async () => {
    await using gateway = await startGateway({
      servers: { one: fixtureServer("echo"), two: fixtureServer("echo", { startOn: "boot" }) },
      proxy: { startOn: "demand" },
    });
    await untilState(gateway, "two", "ready");
    expect((await reportOf(gateway, "one")).state).toBe("idle");
  });
});

describe("idleTimeout", () => {
  test("stops the process; the list of tools stays there, and any request starts another", async () => {
    await using gateway = await start();
    const session = await RawSession.open(gateway.mcp("one"));
    const before = await pidOf(session);
    const listed = await session.request("tools/list");
    await untilState(gateway, "one", "idle");

    // Answered without waiting for the process, which it starts all the same.
    const again = await session.request("tools/list");
    expect(again.result).toEqual(listed.result as never);
    await untilState(gateway, "one", "ready");
    await untilState(gateway, "one", "idle");

    expect(await pidOf(session)).not.toBe(before);
    const report = await reportOf(gateway, "one");
    expect(report).toMatchObject({ restartCount: 0, status: "healthy" });
    expect(courseOf(report).slice(1, 6)).toEqual([
      "starting → ready ready",
      "ready → stopping idle",
      "stopping → idle idle",
      "idle → starting demand",
      "starting → ready ready",
    ]);
  });

  test("a new session, a stateless and a modern request wake it too", async () => {
    await using gateway = await start();
    const url = gateway.mcp("one");
    const wakers: readonly (() => Promise<unknown>)[] = [
      () => RawSession.open(url),
      () => post(url, toolCall(1, "whoami")),
      () =>
        post(url, toolCall(2, "whoami", {}, envelope()), {
          version: MODERN,
          headers: { "mcp-method": "tools/call", "mcp-name": "whoami" },
        }),
    ];
    for (const wake of wakers) {
      await untilState(gateway, "one", "idle");
      await wake();
      await untilState(gateway, "one", "ready");
    }
  });

  test("a request at the moment of the stop is served by the next process", async () => {
    const { command, args } = fixtureServer("hangs");
    // Its shell outlives the end of stdin, so that the stop lasts until SIGTERM.
    const lingering = ["-c", `"$0" "$@"; exec sleep 300`, command, ...args];
    const one = { command: "sh", args: lingering, idleTimeout: IDLE_MS, era: "legacy" };
    await using gateway = await startGateway({ servers: { one } });
    const session = await RawSession.open(gateway.mcp("one"));
    const before = textOf(await session.call("pid"));
    await gateway.untilLogged(/ready → stopping/);
    const after = textOf(await session.call("pid"));
    expect([after !== undefined, after === before]).toEqual([true, false]);
  });

  test("health checks are no use of it", async () => {
    await using gateway = await start({ health: { probeInterval: "100ms" } });
    await untilState(gateway, "one", "idle");
  });
});

describe("is not stopped", () => {
  test("with a call in flight, however long", async () => {
    await using gateway = await start();
    const session = await RawSession.open(gateway.mcp("one"));
    expect(textOf(await session.call("slow", { ms: 4 * IDLE_MS, text: "whole" }))).toBe("whole");
    expect(wasIdle(gateway)).toBe(false);
    await untilState(gateway, "one", "idle");
  });

  test("while somebody is subscribed to a resource, and then it is", async () => {
    await using gateway = await start();
    const session = await RawSession.open(gateway.mcp("one"));
    const uri = "test://counter";
    expect((await session.request("resources/subscribe", { uri })).result).toEqual({});
    expect(await staysUp(gateway)).toBe(true);
    expect((await session.request("resources/unsubscribe", { uri })).result).toEqual({});
    await untilState(gateway, "one", "idle");
  });

  test.each([
    ["a legacy", "legacy", "echo"],
    ["a modern", "modern", "modern-only"],
  ])("while somebody listens on %s child, and then it is", async (_, era, fixture) => {
    await using gateway = await start({ era }, fixture);
    await untilState(gateway, "one", "ready");
    const listen = request("l", "subscriptions/listen", {
      _meta: envelope(),
      notifications: { toolsListChanged: true },
    });
    const { stream } = await openPost(gateway.mcp("one"), listen, {
      version: MODERN,
      headers: { "mcp-method": "subscriptions/listen" },
    });
    await stream.find((event) => event.data?.includes("acknowledged") === true);
    expect(await staysUp(gateway)).toBe(true);
    await stream.close();
    await untilState(gateway, "one", "idle");
  });

  test("while it belongs to a session", async () => {
    await using gateway = await start({ instances: "session" });
    const session = await RawSession.open(gateway.mcp("one"));
    const before = await pidOf(session);
    expect(await staysUp(gateway)).toBe(true);
    expect(await pidOf(session)).toBe(before);
    await session.end();
  });

  test("while a call waits for a person's answer", async () => {
    await using gateway = await start({}, "asks-for-input");
    const person = new ModernClient(gateway.mcp("one"), ASKABLE);
    const args = { method: "elicitation/create" };
    const asked = await person.call("ask", args);
    expect(await staysUp(gateway)).toBe(true);
    const done = await person.retry("ask", args, asked, answersTo(asked));
    expect(shownBy(done)).toEqual({ result: ADA });
  });
});
