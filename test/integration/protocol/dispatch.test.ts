/**
 * Dispatch and ids: the numbered one-line tests of the protocol design that concern which messages
 * are taken, refused and answered (1, 2, 5 to 9, 18, 19).
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import {
  del,
  get,
  jsonOf,
  type Message,
  notification,
  post,
  request,
  textOf,
  toolCall,
} from "../../helpers/raw-http.ts";
import { initializeRequest, RawSession, RawSseSession } from "../../helpers/raw-session.ts";
import { connectV1Sse, textOfResult } from "../../helpers/sdk.ts";
import { startPrefixProxy } from "./prefix-proxy.ts";

const EVIL = { origin: "https://evil.example" };

let gateway: RunningGateway;
let url: string;

beforeAll(async () => {
  gateway = await startGateway({
    servers: { echo: fixtureServer("echo"), own: fixtureServer("echo", { instances: "session" }) },
  });
  url = gateway.mcp("echo");
});
afterAll(() => gateway.stop());

/** Lines that reached the child and hold `marker`. */
async function linesWith(marker: string): Promise<readonly string[]> {
  const answer = await post(url, toolCall("seen", "seen"));
  const lines = jsonOf(answer.messages[0]) as unknown as readonly string[];
  return lines.filter((line) => line.includes(marker));
}

test("1. a GET without a session is answered by `endpoint`, and a POST to it by 202 with the response on the stream", async () => {
  const session = await RawSseSession.open(url);
  expect(session.endpoint).toMatch(/^\/echo\/messages\?sessionId=[\w-]{43}$/);
  const posted = await session.post(initializeRequest({ revision: "2024-11-05" }, "i"));
  expect([posted.status, posted.text]).toEqual([202, "Accepted"]);
  const opened = await session.next();
  expect(opened).toMatchObject({ id: "i", result: { protocolVersion: "2024-11-05" } });
  const answer = await session.request(1, "tools/call", {
    name: "echo",
    arguments: { text: "one" },
  });
  expect(textOf(answer)).toBe("one");
  await session.close();
});

test("2. behind a proxy that strips the public base path, a POST to the `endpoint` value arrives", async () => {
  await using proxy = startPrefixProxy("/srv/tools");
  await using behind = await startGateway({
    servers: { echo: fixtureServer("echo") },
    env: { PUBLIC_URL: proxy.url },
  });
  proxy.forwardTo(behind.url);

  const raw = await RawSseSession.open(`${proxy.url}/echo/mcp`);
  expect(raw.endpoint).toStartWith("/srv/tools/echo/messages?sessionId=");
  const opened = await raw.initialize();
  expect(opened["serverInfo"]).toEqual({ name: "echo", version: "1.0.0" });
  await raw.close();

  const { client } = await connectV1Sse(`${proxy.url}/echo/sse`);
  const result = await client.callTool({ name: "echo", arguments: { text: "through" } });
  expect(textOfResult(result)).toBe("through");
  await client.close();
});

test("5. a batch in a 2025-03-26 session is answered in full and reaches the child line by line", async () => {
  const batch = [
    toolCall(1, "echo", { text: "batch-five" }),
    notification("notifications/x-test", { text: "batch-five" }),
    toolCall("1", "echo", { text: "batch-five again" }),
  ];
  for (const server of ["echo", "own"]) {
    const session = await RawSession.open(gateway.mcp(server), { revision: "2025-03-26" });
    const { status, messages } = await session.post(batch);
    expect(status).toBe(200);
    const answers = messages.map((one) => [one.id, textOf(one)]);
    expect(answers).toHaveLength(2);
    expect(answers).toContainEqual([1, "batch-five"]);
    expect(answers).toContainEqual(["1", "batch-five again"]);
    const seen = jsonOf(await session.call("seen")) as unknown as readonly string[];
    const lines = seen.filter((line) => line.includes("batch-five"));
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ jsonrpc: "2.0" });
    await session.end();
  }
});

test("6. a batch in a 2025-06-18 session is 400/-32600 and reaches nobody", async () => {
  for (const revision of ["2025-06-18", "2025-11-25"]) {
    const session = await RawSession.open(url, { revision });
    const refused = await session.post([toolCall(1, "echo", { text: `batch-six ${revision}` })]);
    expect(refused.status).toBe(400);
    expect(refused.messages[0]?.error?.code).toBe(-32600);
  }
  expect(await linesWith("batch-six")).toEqual([]);
});

test("7. `initialize` inside a batch is 400/-32600 and opens no session", async () => {
  const bodies = [
    [initializeRequest({ revision: "2025-03-26" })],
    [
      toolCall(1, "echo", { text: "batch-seven" }),
      initializeRequest({ revision: "2025-03-26" }, 2),
    ],
  ];
  for (const body of bodies) {
    const refused = await post(url, body);
    expect(refused.status).toBe(400);
    expect(refused.messages[0]?.error?.code).toBe(-32600);
    expect(refused.session).toBeUndefined();
  }
  expect(await linesWith("batch-seven")).toEqual([]);
});

test("8. `initialize` with a stale session header opens a new session", async () => {
  const old = await RawSession.open(url);
  await old.end();
  for (const stale of [old.id, "never-there"]) {
    const opened = await post(url, initializeRequest(), { session: stale });
    expect(opened.status).toBe(200);
    expect(opened.session).toMatch(/^[\w-]{43}$/);
    expect(opened.session).not.toBe(stale);
    const listed = await post(url, request(1, "tools/list"), { session: opened.session });
    expect(listed.messages[0]?.result?.["tools"]).toBeArray();
  }
});

test("9. an ended session is 404 for every verb; an unknown method in a live one is 200 with -32601", async () => {
  const session = await RawSession.open(url);
  const unknown = await session.post(request("u", "no/such-method"));
  expect(unknown.status).toBe(200);
  expect(unknown.messages[0]).toMatchObject({ id: "u", error: { code: -32601 } });

  await session.end();
  const options = session.options();
  const refusals = [
    await session.post(request("late", "tools/list")),
    await session.post(request(2, "no/such-method")),
    await session.post(notification("notifications/initialized")),
    await get(url, options),
    await del(url, options),
  ];
  expect(refusals.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404]);
  for (const { messages } of refusals) expect(messages[0]?.error?.code).toBe(-32001);
  expect(refusals[0]?.messages[0]?.id).toBe("late");
});

test("18. a foreign Origin is 403 in every era, and nothing reaches a child", async () => {
  const session = await RawSession.open(url);
  const sse = await RawSseSession.open(url);
  const marked = (id: number) => toolCall(id, "echo", { text: "from-evil" });
  const modern = toolCall(
    4,
    "echo",
    { text: "from-evil" },
    {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  );
  const refusals = [
    await post(url, initializeRequest({ name: "from-evil" }), { headers: EVIL }),
    await session.post(marked(1), { headers: EVIL }),
    await post(url, marked(2), { headers: EVIL }),
    await sse.post(marked(3), { headers: EVIL }),
    await post(url, modern, { headers: EVIL }),
    await get(url, { headers: EVIL }),
    await get(url, session.options({ headers: EVIL })),
    await del(url, session.options({ headers: EVIL })),
  ];
  for (const { status, messages } of refusals) {
    expect(status).toBe(403);
    expect(messages[0]?.error?.code).toBe(-32000);
    expect(messages[0]).not.toHaveProperty("id");
  }
  expect(await linesWith("from-evil")).toEqual([]);
  // The session was not ended by it either.
  expect(textOf(await session.call("echo", { text: "alive" }))).toBe("alive");
  await sse.close();
});

test('19. ids 0, "", "1" and 1 of two clients that run together come back as they were', async () => {
  const clients = await Promise.all([RawSession.open(url), RawSession.open(url)]);
  const ids = [0, "", "1", 1] as const;
  const asked = clients.flatMap((client, of) =>
    ids.map(async (id, at) => {
      const words = `${of} has ${JSON.stringify(id)}`;
      // The later asked, the sooner answered.
      const answer = await client.post(
        toolCall(id, "slow", { ms: 20 * (ids.length - at), text: words }),
      );
      return { id, words, answer };
    }),
  );
  for (const { id, words, answer } of await Promise.all(asked)) {
    const [message] = answer.messages as readonly [Message];
    expect(message.id).toBe(id);
    expect(textOf(message)).toBe(words);
    expect(answer.text).toStartWith(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},`);
  }
  const pids = await Promise.all(
    clients.map(async (client) => jsonOf(await client.call("whoami"))["pid"]),
  );
  expect(new Set(pids).size).toBe(1); // one child served both
});
