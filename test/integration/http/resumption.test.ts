/**
 * Last-Event-ID: what it may name, what is replayed and how often, and what is said about events
 * that are no longer kept or never were.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { get, type Message, messageOf, textOf, toolCall } from "../../helpers/raw-http.ts";
import { RawSession } from "../../helpers/raw-session.ts";
import type { SseEvent, SseReader } from "../../helpers/sse-reader.ts";

const MAX_EVENTS = 4;

let gateway: RunningGateway;
let url: string;

beforeAll(async () => {
  gateway = await startGateway({
    servers: { echo: fixtureServer("echo") },
    proxy: {
      limits: { maxReplayEvents: MAX_EVENTS, maxReplayBytes: "2KiB", maxStreamsPerSession: 3 },
    },
  });
  url = gateway.mcp("echo");
});
afterAll(() => gateway.stop());

const hasData = ({ data }: SseEvent): boolean => data !== undefined && data !== "";
const shown = (message: Message): unknown =>
  message.params?.["progress"] ?? message.error?.message ?? textOf(message);

function progressCall(id: string, steps: number, delayMs = 0): object {
  return toolCall(id, "progress", { steps, delayMs }, { progressToken: id });
}

/** Opens a call's stream and leaves it after the priming event, whose id is returned. */
async function leave(session: RawSession, call: object): Promise<string> {
  const { stream } = await session.openPost(call);
  const first = await stream.next();
  await stream.close();
  if (first?.data !== "" || first.id === undefined) throw new Error("no priming event");
  return first.id;
}

describe("unknown ids are 400", () => {
  test.each(["", "x", "g", "p1", "zz_1", "p99_0", "p1_99", "g_99", "p1_-1", "p1_1e0", "p1_0 "])(
    "%p",
    async (lastEventId) => {
      const session = await RawSession.open(url);
      const spoken = await session.post(progressCall("a", 1));
      expect(spoken.events.at(-1)?.id).toBe("p1_2");
      if (lastEventId === "p1_0 ") {
        // Blanks around a value are no part of it.
        const trimmed = await get(url, session.options({ lastEventId }));
        expect(trimmed.status).toBe(200);
        return;
      }
      const answer = await get(url, session.options({ lastEventId }));
      expect([answer.status, answer.messages[0]?.error?.code]).toEqual([400, -32000]);
    },
  );

  test("also those of another session", async () => {
    const [mine, other] = await Promise.all([RawSession.open(url), RawSession.open(url)]);
    const spoken = await mine.post(progressCall("a", 2));
    const lastEventId = spoken.events[0]?.id;
    expect((await get(url, other.options({ lastEventId }))).status).toBe(400);
    expect((await get(url, mine.options({ lastEventId }))).status).toBe(200);
  });
});

test("what was asked for comes, from where it was asked, and the stream ends", async () => {
  const session = await RawSession.open(url);
  const { events } = await session.post(progressCall("a", 2));
  const whole = events.map(({ id, data }) => [id, data]);
  for (const [at, { id }] of events.entries()) {
    const replayed = await get(url, session.options({ lastEventId: id }));
    expect(replayed.events.map((one) => [one.id, one.data])).toEqual(whole.slice(at + 1));
  }
});

test("events go to one connection only: the newest", async () => {
  const session = await RawSession.open(url);
  const lastEventId = await leave(session, progressCall("a", 3, 150));
  const first = await session.stream({ lastEventId });
  expect(messageOf(await first.find(hasData)).params?.["progress"]).toBe(1);
  const second = await session.stream({ lastEventId });
  const [left, taken] = await Promise.all([first.rest(), second.rest()]);
  const all = [...left, ...taken].filter(hasData).map(messageOf).map(shown);
  // The first event again, because it was asked for; then each only once.
  expect(all).toEqual([1, 2, 3, "done"]);
  expect(left).toEqual([]);
});

test("the stand-alone stream goes on where it was, with and without an id", async () => {
  const [session, cause] = await Promise.all([RawSession.open(url), RawSession.open(url)]);
  const names = async (stream: SseReader, count: number): Promise<readonly unknown[]> => {
    const found: unknown[] = [];
    while (found.length < count) found.push(messageOf(await stream.find(hasData)).method);
    return found;
  };
  const first = await session.stream();
  await cause.call("changed", { what: "tools" });
  const seen = await first.find(hasData);
  expect(messageOf(seen).method).toBe("notifications/tools/list_changed");
  await first.close();
  await cause.call("changed", { what: "prompts" });
  await cause.call("changed", { what: "resources" });
  const missed = ["notifications/prompts/list_changed", "notifications/resources/list_changed"];
  const resumed = await session.stream({ lastEventId: seen.id });
  expect(await names(resumed, 2)).toEqual(missed);
  // A client that names no event gets what comes from now on, and nothing a second time.
  const anew = await session.stream();
  await cause.call("changed", { what: "prompts" });
  expect(await names(anew, 1)).toEqual(["notifications/prompts/list_changed"]);
  // An id can be asked for again.
  const again = await session.stream({ lastEventId: seen.id });
  expect(await names(again, 3)).toEqual([...missed, "notifications/prompts/list_changed"]);
  await session.end();
});

test("a gap is told before the events that are left", async () => {
  const session = await RawSession.open(url);
  const lastEventId = await leave(session, progressCall("gap", 9));
  await gateway.untilLogged(/ID: "gap",.* result in/);
  const { messages } = await get(url, session.options({ lastEventId }));
  const [told, ...kept] = messages;
  expect(told).toMatchObject({ error: { code: -32603 } });
  expect(told).not.toHaveProperty("id");
  expect(told?.error?.message).toContain("missing");
  expect(kept.map(shown)).toEqual([7, 8, 9, "done"]);
  expect(kept).toHaveLength(MAX_EVENTS);
});

test("an answer too large to be kept is replaced by an error for its request", async () => {
  const batch = (id: string) => [
    progressCall("steps", 1),
    toolCall(id, "slow", { ms: 150, text: "L".repeat(4000) }),
  ];
  const session = await RawSession.open(url, { revision: "2025-03-26" });
  const { stream } = await session.openPost(batch("lost"));
  const first = await stream.find(hasData);
  await stream.close();
  await gateway.untilLogged(/ID: "lost",.* result in/);
  const { messages } = await get(url, session.options({ lastEventId: first.id }));
  expect(messages.map(({ id }) => id)).toEqual(["steps", "lost"]);
  expect(messages[1]?.error?.code).toBe(-32603);
  expect(messages[1]?.error?.message).toContain("too large");
  // Who stays gets it whole.
  const stayed = await session.post(batch("whole"));
  expect(textOf(stayed.messages.find(({ id }) => id === "whole"))).toHaveLength(4000);
});

test("over maxStreamsPerSession an answer still streams, but cannot be resumed", async () => {
  const session = await RawSession.open(url);
  const opened = await Promise.all(
    ["a", "b", "c"].map((id) => session.openPost(progressCall(id, 4, 150))),
  );
  const over = await session.post(progressCall("over", 2, 10));
  expect(over.messages.map(shown)).toEqual([1, 2, "done"]);
  expect(over.events.every(({ id, data }) => id === undefined && data !== "")).toBe(true);
  for (const { stream } of opened) {
    const events = await stream.rest();
    expect(events[0]?.data).toBe("");
    expect(events.filter(hasData).map(messageOf).map(shown)).toEqual([1, 2, 3, 4, "done"]);
  }
  // Finished streams make room for new ones.
  const after = await session.post(progressCall("after", 1));
  expect(after.events[0]?.data).toBe("");
  expect(after.messages.map(shown)).toEqual([1, "done"]);
});
