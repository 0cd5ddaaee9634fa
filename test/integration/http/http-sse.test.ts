/**
 * HTTP+SSE of 2024-11-05: a whole round trip, sessions beside each other, what the POST endpoint
 * refuses, and the end of the stream, which is the end of the session.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { alive } from "../../helpers/processes.ts";
import {
  jsonOf,
  type Message,
  notification,
  openGet,
  post,
  request,
  textOf,
  toolCall,
} from "../../helpers/raw-http.ts";
import { RawSession, RawSseSession } from "../../helpers/raw-session.ts";
import { connectV1Sse, textOfResult } from "../../helpers/sdk.ts";
import { until } from "../../helpers/wait.ts";

let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({
    servers: {
      echo: fixtureServer("echo"),
      asks: fixtureServer("asks-for-input"),
      strict: fixtureServer("echo", { legacyStateless: false }),
    },
  });
});
afterAll(() => gateway.stop());

async function opened(server = "echo", capabilities = {}): Promise<RawSseSession> {
  const session = await RawSseSession.open(gateway.sse(server));
  await session.initialize({ capabilities });
  return session;
}

const call = (name: string, args: object = {}): object => ({ name, arguments: args });

describe("a round trip", () => {
  test("requests, answers, notifications and errors all come on the stream", async () => {
    const session = await RawSseSession.open(gateway.sse("echo"));
    const result = await session.initialize();
    expect(result).toMatchObject({
      protocolVersion: "2024-11-05",
      serverInfo: { name: "echo" },
    });
    const list = await session.request("list", "tools/list");
    expect(list.result?.["tools"].length).toBeGreaterThan(10);
    expect(textOf(await session.request(0, "tools/call", call("echo", { text: "ü\r\n2" })))).toBe(
      "ü\r\n2",
    );
    expect(await session.request("", "nothing/here")).toMatchObject({ error: { code: -32601 } });
    expect((await session.request(2, "ping")).result).toEqual({});

    await session.post(toolCall(3, "progress", { steps: 2 }, { progressToken: "p" }));
    const talk = [await session.next(), await session.next(), await session.next()];
    expect(talk.map((one: Message) => one.params ?? one.id)).toEqual([
      { progressToken: "p", progress: 1, total: 2 },
      { progressToken: "p", progress: 2, total: 2 },
      3,
    ]);
    await session.post(toolCall(4, "changed"));
    const changed = [await session.next(), await session.next()];
    expect(changed.map((one) => one.method ?? one.id)).toEqual([
      "notifications/tools/list_changed",
      4,
    ]);
    await session.close();
  });

  test("no event has an id or empty data", async () => {
    const session = await RawSseSession.open(gateway.sse("echo"));
    await session.initialize({ revision: "2025-11-25" });
    await session.post(toolCall(1, "progress", { steps: 3 }, { progressToken: 1 }));
    for (let count = 0; count < 4; count += 1) {
      const event = await session.stream.next();
      expect(event).toMatchObject({ event: "message", id: undefined, retry: undefined });
      expect(event?.data).toStartWith('{"jsonrpc":"2.0"');
    }
    await session.close();
  });

  test("a question of the server is asked and answered", async () => {
    const session = await opened("asks", { sampling: {} });
    await session.post(toolCall("call", "ask", { method: "sampling/createMessage" }));
    const question = await session.next();
    expect(question.method).toBe("sampling/createMessage");
    expect(question.id).toBeString();
    const result = { role: "assistant", model: "m", content: { type: "text", text: "42" } };
    const answered = await session.post({ jsonrpc: "2.0", id: question.id, result });
    expect([answered.status, answered.text]).toEqual([202, "Accepted"]);
    const answer = await session.next();
    expect(answer.id).toBe("call");
    expect(jsonOf(answer)).toEqual({ result });
    await session.close();
  });

  test("a cancelled call is not answered", async () => {
    const session = await opened();
    await session.post(toolCall("c", "slow", { ms: 20_000, text: "cancel-me" }));
    await session.post(notification("notifications/cancelled", { requestId: "c" }));
    const seen = await session.request("after", "tools/call", call("seen"));
    expect(textOf(seen)).toContain("notifications/cancelled");
    await session.close();
  });

  test("the SDK's client works on /sse and on /mcp", async () => {
    for (const url of [gateway.sse("echo"), gateway.mcp("echo")]) {
      const { client } = await connectV1Sse(url);
      const result = await client.callTool({ name: "add", arguments: { a: 2, b: 3 } });
      expect(textOfResult(result)).toBe("5");
      await client.close();
    }
  });
});

test("two sessions with the same ids get their own answers", async () => {
  const sessions = await Promise.all([opened(), opened(), opened()]);
  const endpoints = new Set(sessions.map(({ endpoint }) => endpoint));
  expect(endpoints.size).toBe(3);
  const texts = await Promise.all(
    sessions.map(async (session, index) => {
      const args = { ms: 60 - 20 * index, text: `of ${index}` };
      return textOf(await session.request(1, "tools/call", call("slow", args)));
    }),
  );
  expect(texts).toEqual(["of 0", "of 1", "of 2"]);
  const [first, second, third] = sessions as [RawSseSession, RawSseSession, RawSseSession];
  await first.close();
  expect((await second.request(2, "ping")).result).toEqual({});
  await Promise.all([second.close(), third.close()]);
});

describe("the end of the stream", () => {
  test("ends the session: a POST is 404, and its calls are cancelled in the child", async () => {
    const session = await opened();
    const keeper = await opened();
    await session.post(toolCall(1, "slow", { ms: 60_000, text: "left-behind" }));
    await until(async () =>
      textOf(await keeper.request("s", "tools/call", call("seen")))?.includes("left-behind"),
    );
    await session.close();
    const refused = await until(async () => {
      const answer = await session.post(request(2, "ping"));
      return answer.status === 404 && answer;
    });
    expect(refused.messages[0]?.error?.code).toBe(-32001);
    const seen = textOf(await keeper.request("t", "tools/call", call("seen")));
    expect(seen).toContain("notifications/cancelled");
    await keeper.close();
  });

  test("ends the session's own child", async () => {
    const session = await opened("asks", { elicitation: {} });
    const pid = jsonOf(await session.request(1, "tools/call", call("whoami")))["pid"] as number;
    expect(alive(pid)).toBe(true);
    await session.close();
    await until(() => !alive(pid), { what: "the child of the session is gone" });
  });
});

describe("the POST endpoint", () => {
  test.each(["", "x", "A".repeat(43)])("sessionId %p is 404", async (id) => {
    const url = `${gateway.url}/echo/messages?sessionId=${id}`;
    const answer = await post(url, request(1, "ping"));
    expect([answer.status, answer.messages[0]?.error?.code]).toEqual([404, -32001]);
  });

  test("knows only sessions of HTTP+SSE, and those of its own server", async () => {
    const streamable = await RawSession.open(gateway.mcp("echo"));
    const url = `${gateway.url}/echo/messages?sessionId=${streamable.id}`;
    expect((await post(url, request(1, "ping"))).status).toBe(404);
    const session = await opened();
    const elsewhere = session.postUrl.replace("/echo/", "/asks/");
    expect((await post(elsewhere, request(1, "ping"))).status).toBe(404);
    await session.close();
  });

  test("can be any URL of the server", async () => {
    const session = await opened();
    for (const end of ["mcp", "sse", "message", "messages/"]) {
      const url = session.postUrl.replace("/messages", `/${end}`);
      expect((await post(url, request(end, "ping"))).status).toBe(202);
      expect(await session.next()).toEqual({ jsonrpc: "2.0", id: end, result: {} });
    }
    await session.close();
  });

  test("refuses what is no message, and the session goes on", async () => {
    const session = await opened();
    const ping = request(1, "ping");
    const refusals = [
      await session.post("{", {}),
      await session.post("{}", {}),
      await session.post([ping, ping]),
      await session.post(ping, { contentType: "text/plain" }),
    ];
    expect(refusals.map(({ status }) => status)).toEqual([400, 400, 400, 415]);
    expect(refusals.map(({ messages }) => messages[0]?.error?.code)).toEqual([
      -32700, -32600, -32600, -32000,
    ]);
    expect((await session.request("on", "ping")).result).toEqual({});
    await session.close();
  });

  test("does not care what the POST accepts", async () => {
    const session = await opened();
    for (const accept of ["text/html", "application/json", "text/event-stream"]) {
      expect((await session.post(request(accept, "ping"), { accept })).status).toBe(202);
      expect((await session.next()).id).toBe(accept);
    }
    await session.close();
  });

  test("before initialize, requests are served as those without a session are", async () => {
    const lenient = await RawSseSession.open(gateway.sse("echo"));
    expect(textOf(await lenient.request(1, "tools/call", call("echo", { text: "early" })))).toBe(
      "early",
    );
    await lenient.close();
    const strict = await RawSseSession.open(gateway.sse("strict"));
    expect(await strict.request(1, "ping")).toMatchObject({ error: { code: -32600 } });
    await strict.initialize();
    expect((await strict.request(2, "ping")).result).toEqual({});
    await strict.close();
  });
});

test("a GET on every URL of the server opens a session", async () => {
  for (const path of ["/echo/mcp", "/echo/sse/", "/servers/echo/sse", "/echo/messages"]) {
    const { stream } = await openGet(gateway.url + path);
    expect(await stream.next()).toMatchObject({
      event: "endpoint",
      data: expect.stringMatching(/^\/echo\/messages\?sessionId=[\w-]{43}$/),
    });
    await stream.close();
  }
});
