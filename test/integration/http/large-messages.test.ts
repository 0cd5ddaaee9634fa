/**
 * Large and small messages of several clients at the same time, over every binding: each comes back
 * whole, to whom it belongs. Their memory is given back while others are still on their way.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { ModernClient, wordsOf } from "../../helpers/modern.ts";
import { textOf, toolCall } from "../../helpers/raw-http.ts";
import { RawSession, RawSseSession } from "../../helpers/raw-session.ts";

let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({
    servers: {
      echo: fixtureServer("echo"),
      modern: fixtureServer("modern-only", { era: "modern" }),
    },
  });
});
afterAll(() => gateway.stop());

/** Beyond what one chunk of a pipe holds, and some that fit in one together. */
const SIZES = [3_000_000, 40, 700_000, 90_000, 12, 260_000, 65_536] as const;
const CLIENTS: readonly string[] = ["a", "b", "c", "d"];

/** A text that is another one for each client and call, also in characters of several bytes. */
function textFor(client: string, call: number, size: number): string {
  const word = `${client}${call}ż🐢 `;
  return word.repeat(Math.ceil(size / word.length));
}

/** Calls of all clients at once, the next of each as soon as its last is answered. */
async function callAll(
  call: (client: string, text: string) => Promise<string | undefined>,
): Promise<void> {
  const lanes = CLIENTS.map(async (client, lane) => {
    for (let count = 0; count < SIZES.length * 2; count++) {
      const text = textFor(client, count, SIZES[(count + lane * 2) % SIZES.length] ?? 0);
      const answer = await call(client, text);
      // Not compared by `toBe`, which would print megabytes.
      expect([client, count, answer?.length, answer === text]).toEqual([
        client,
        count,
        text.length,
        true,
      ]);
    }
  });
  await Promise.all(lanes);
}

test("in sessions", async () => {
  const opened = await Promise.all(
    CLIENTS.map(async (name) => [name, await RawSession.open(gateway.mcp("echo"))] as const),
  );
  const sessions = new Map(opened);
  let id = 0;
  await callAll(async (client, text) => {
    const answer = await sessions.get(client)?.post(toolCall(++id, "echo", { text }));
    return textOf(answer?.messages.at(-1));
  });
});

test("over HTTP+SSE", async () => {
  const opened = await Promise.all(
    CLIENTS.map(async (name) => [name, await RawSseSession.open(gateway.sse("echo"))] as const),
  );
  const sessions = new Map(opened);
  for (const session of sessions.values()) {
    const clientInfo = { name: "raw", version: "1" };
    const params = { protocolVersion: "2024-11-05", capabilities: {}, clientInfo };
    await session.request(0, "initialize", params);
  }
  let id = 0;
  await callAll(async (client, text) => {
    const params = { name: "echo", arguments: { text } };
    return textOf(await sessions.get(client)?.request(++id, "tools/call", params));
  });
  await Promise.all([...sessions.values()].map((session) => session.stream.close()));
});

test.each(["echo", "modern"])("of modern clients, on %s", async (server) => {
  const clients = new Map(CLIENTS.map((name) => [name, new ModernClient(gateway.mcp(server))]));
  await callAll(async (client, text) => {
    const answer = await clients.get(client)?.call("echo", { text });
    return answer === undefined ? undefined : wordsOf(answer);
  });
});
