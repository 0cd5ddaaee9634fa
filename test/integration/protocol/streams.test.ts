/**
 * Event streams of sessions: the numbered one-line tests of the protocol design about resumption,
 * priming events and second streams (59 to 61). Number 58, which takes a minute, is in
 * `quiet-stream.test.ts`.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { jsonOf, messageOf, textOf, toolCall } from "../../helpers/raw-http.ts";
import { RawSession } from "../../helpers/raw-session.ts";
import type { SseEvent } from "../../helpers/sse-reader.ts";

let gateway: RunningGateway;
let url: string;

beforeAll(async () => {
  gateway = await startGateway({ servers: { echo: fixtureServer("echo") } });
  url = gateway.mcp("echo");
});
afterAll(() => gateway.stop());

const hasData = ({ data }: SseEvent): boolean => data !== undefined && data !== "";
const isEmpty = ({ data }: SseEvent): boolean => data === "";

test("59. a stream that was cut mid-call is resumed: the missing events once, then the response", async () => {
  for (const revision of ["2025-03-26", "2025-06-18", "2025-11-25"]) {
    const session = await RawSession.open(url, { revision });
    const call = toolCall("cut", "progress", { steps: 9, delayMs: 30 }, { progressToken: 1 });
    const { stream } = await session.openPost(call);
    const seen: SseEvent[] = [];
    while (seen.length < 3) seen.push(await stream.find(hasData));
    await stream.close();

    const lastEventId = seen.at(-1)?.id;
    const resumed = await session.stream({ lastEventId });
    const missing = await resumed.rest();
    const all = [...seen, ...missing].map(messageOf);
    expect(all.map((one) => one.params?.["progress"] ?? textOf(one))).toEqual([
      ...[1, 2, 3, 4, 5, 6, 7, 8, 9],
      "done",
    ]);
    expect(all.at(-1)?.id).toBe("cut");
    const ids = [...seen, ...missing].map(({ id }) => id);
    expect(new Set(ids).size).toBe(10);

    // That the connection went away was no cancellation.
    const lines = jsonOf(await session.call("seen")) as unknown as readonly string[];
    expect(lines.filter((line) => line.includes("notifications/cancelled"))).toEqual([]);
  }
});

test("59. the response alone is not lost either, when the stream was cut before it", async () => {
  const session = await RawSession.open(url);
  const call = toolCall(7, "progress", { steps: 2, delayMs: 60 }, { progressToken: 1 });
  const { stream } = await session.openPost(call);
  const priming = await stream.next();
  expect(priming?.data).toBe("");
  await stream.close();
  await gateway.untilLogged(/Method: tools\/call, ID: 7,.* result in/);
  const missing = await (await session.stream({ lastEventId: priming?.id })).rest();
  expect(missing.map(messageOf).map((one) => one.params?.["progress"] ?? textOf(one))).toEqual([
    1,
    2,
    "done",
  ]);
});

test("60. before 2025-11-25 no stream has an event with empty data; from then on each begins with one", async () => {
  for (const revision of ["2025-03-26", "2025-06-18", "2025-11-25"]) {
    const session = await RawSession.open(url, { revision });
    const standalone = await session.stream();
    const { stream } = await session.openPost(
      toolCall(1, "progress", { steps: 2 }, { progressToken: 1 }),
    );
    const posted = await stream.rest();
    await session.call("changed");
    const first = await standalone.next();
    await session.end();
    const events = [first, ...(await standalone.rest())];

    const isPrimed = revision === "2025-11-25";
    expect(posted.filter(isEmpty)).toHaveLength(isPrimed ? 1 : 0);
    expect(posted[0]?.data === "").toBe(isPrimed);
    expect(events.filter((one) => one?.data === "")).toHaveLength(isPrimed ? 1 : 0);
    expect(first?.data === "").toBe(isPrimed);
    expect(posted.filter(hasData)).toHaveLength(3);
    // Ids are on all events, in every revision.
    expect(posted.every(({ id }) => id !== undefined)).toBe(true);
    if (isPrimed) expect(posted[0]?.retry).toBeGreaterThan(0);
  }
});

test("61. a second GET of a session works, and the first one ends", async () => {
  const session = await RawSession.open(url, { revision: "2025-06-18" });
  const first = await session.stream();
  await session.call("changed", { what: "tools" });
  expect(messageOf(await first.find(hasData)).method).toBe("notifications/tools/list_changed");

  const second = await session.stream();
  expect(await first.rest()).toEqual([]);
  expect(first.ended).toBe(true);
  await session.call("changed", { what: "prompts" });
  const [event] = [await second.find(hasData)];
  expect(messageOf(event).method).toBe("notifications/prompts/list_changed");
  await session.end();
  expect(await second.rest()).toEqual([]);
});
