/**
 * What ends by time: idle sessions, and what can be resumed of finished streams. Sessions are looked
 * at every few seconds, so all waits are one: the session to die first is waited for, then the others
 * are judged.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { get, messageOf, request, textOf, toolCall } from "../../helpers/raw-http.ts";
import { RawSession, RawSseSession } from "../../helpers/raw-session.ts";

const LONG_MS = 40_000;

let gateway: RunningGateway;
let url: string;

beforeAll(async () => {
  gateway = await startGateway({
    servers: { echo: fixtureServer("echo"), own: fixtureServer("echo", { instances: "session" }) },
    proxy: { limits: { sessionIdle: "1s", replayKeep: "1s" } },
  });
  url = gateway.mcp("echo");
});
afterAll(() => gateway.stop());

/** Resolves once `count` sessions were ended for being idle. */
async function untilIdleEnded(server: string, count: number): Promise<void> {
  await gateway.untilLogged(new RegExp(`\\[${server}\\] session \\w+ closed: idle`), 20_000);
  const closed = gateway.stderr.match(new RegExp(`\\[${server}\\] session \\w+ closed`, "g"));
  expect(closed).toHaveLength(count);
}

test(
  "an idle session ends; one with an open stream or a running call does not",
  async () => {
    const streaming = await RawSession.open(url);
    const stream = await streaming.stream();
    const calling = await RawSession.open(url);
    const call = calling.post(toolCall("long", "slow", { ms: 9000, text: "kept" }));
    const sse = await RawSseSession.open(gateway.sse("echo"));
    await sse.initialize();

    // A finished stream that could still be resumed, in a session that lives on.
    const spoken = await streaming.post(
      toolCall(1, "progress", { steps: 1 }, { progressToken: 1 }),
    );
    const lastEventId = spoken.events[0]?.id;
    expect((await get(url, streaming.options({ lastEventId }))).events).not.toEqual([]);

    const own = await RawSession.open(gateway.mcp("own"));
    const idle = await RawSession.open(url);
    await untilIdleEnded("echo", 1);
    expect((await idle.post(request(1, "ping"))).status).toBe(404);
    expect((await own.post(request(1, "ping"))).status).toBe(404);

    expect((await get(url, streaming.options({ lastEventId }))).status).toBe(400);
    await streaming.call("changed");
    const event = await stream.find(({ data }) => data !== undefined && data !== "");
    expect(messageOf(event).method).toBe("notifications/tools/list_changed");
    expect((await sse.request(1, "ping")).result).toEqual({});
    expect(textOf((await call).messages.at(-1))).toBe("kept");
    // The answer was use enough: the session is idle from now on only.
    expect((await calling.post(request(2, "ping"))).status).toBe(200);
    await stream.close();
    await sse.close();
  },
  LONG_MS,
);
