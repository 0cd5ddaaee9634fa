/** How much one caller may take: streams, calls, bodies of who is nobody. */
import { describe, expect, test } from "bun:test";
import { addKey, keyCommand } from "../../helpers/auth/keys.ts";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { startGateway } from "../../helpers/gateway.ts";
import { postModern, modernRequest } from "../../helpers/modern.ts";
import { get, openGet, post, request, toolCall } from "../../helpers/raw-http.ts";
import { exchange } from "../http/raw-socket.ts";
import { RawSession } from "../../helpers/raw-session.ts";
import { isDoneWithin, until } from "../../helpers/wait.ts";

const servers = { one: fixtureServer("echo"), two: fixtureServer("echo") };
const ping = request(1, "ping");

describe("T41 event streams", () => {
  test("one more than a program may have is 429, whatever kind it is; the others go on", async () => {
    await using gateway = await startGateway({
      servers,
      proxy: { auth: { required: true }, limits: { maxStreamsPerClient: 3 } },
    });
    const [{ headers }, other] = await Promise.all([addKey(gateway), addKey(gateway)]);
    const session = await RawSession.open(gateway.mcp("one"), { headers });
    const open = [
      await openGet(gateway.sse("one"), { headers }),
      await openGet(gateway.sse("two"), { headers }),
      await openGet(gateway.mcp("one"), session.options()),
    ];
    const listen = modernRequest(7, "subscriptions/listen", { notifications: {} });
    const refused = [
      await get(gateway.sse("two"), { headers }),
      await get(gateway.mcp("one"), session.options()),
      await postModern(gateway.mcp("two"), listen, { headers }),
    ];
    for (const { status, headers: answered, messages } of refused) {
      expect([status, answered.get("retry-after")]).toEqual([429, "5"]);
      expect(messages[0]?.error?.message).toContain("too many event streams");
    }
    expect((await session.post(ping)).status).toBe(200);
    const others = await openGet(gateway.sse("one"), { headers: other.headers });
    await others.stream.close();
    await open[0]?.stream.close();
    await until(() => opens(gateway.sse("one"), headers), { what: "room for another stream" });
    for (const { stream } of open) await stream.close();
  });

  test("one more than a server may have is 429", async () => {
    await using gateway = await startGateway({
      servers,
      proxy: { limits: { maxStreamsPerServer: 2 } },
    });
    const open = [await openGet(gateway.sse("one")), await openGet(gateway.sse("one"))];
    expect((await get(gateway.sse("one"))).status).toBe(429);
    const elsewhere = await openGet(gateway.sse("two"));
    for (const { stream } of [...open, elsewhere]) await stream.close();
  });

  test("that are too old end, and can be opened again", async () => {
    await using gateway = await startGateway({
      servers,
      proxy: { limits: { streamLifetime: "1s", keepAlive: "1s" } },
    });
    const { stream } = await openGet(gateway.sse("one"));
    await stream.next();
    await stream.rest();
    const again = await openGet(gateway.sse("one"));
    await again.stream.close();
  });

  test("end soon after the key was revoked that opened them", async () => {
    await using gateway = await startGateway({
      servers,
      proxy: { auth: { required: true }, limits: { keepAlive: "1s" } },
    });
    const [gone, stays] = await Promise.all([addKey(gateway, "--admin"), addKey(gateway)]);
    const log = await openGet(`${gateway.url}/admin/logs?follow=1`, { headers: gone.headers });
    const lost = await openGet(gateway.sse("one"), { headers: gone.headers });
    const kept = await openGet(gateway.sse("one"), { headers: stays.headers });
    await Promise.all([lost.stream.next(), kept.stream.next()]);
    await keyCommand(gateway, ["revoke", gone.id]);
    await lost.stream.rest();
    await log.stream.rest();
    const comments = kept.stream.comments.length;
    const quiet = kept.stream.next();
    await until(() => kept.stream.comments.length > comments, { what: "a keep-alive" });
    expect(await isDoneWithin(quiet, 100)).toBe(false);
    await kept.stream.close();
  });
});

describe("bodies of who is nobody", () => {
  test("T38 are refused before they come, whatever length they say", async () => {
    await using gateway = await startGateway({ servers, proxy: { auth: { required: true } } });
    const host = "Host: localhost";
    const type = "Content-Type: application/json";
    for (const [path, status] of [
      ["/one/mcp", 401],
      ["/none/mcp", 401],
      ["/cleanup", 401],
      ["/token", 413],
      ["/register", 413],
      ["/revoke", 413],
      ["/nothing", 404],
    ] as const) {
      const line = `POST ${path} HTTP/1.1`;
      const headers = [host, type, "Content-Length: 1000000000"];
      const answer = await exchange(gateway.port, { line, headers });
      expect([path, answer.status]).toEqual([path, status]);
    }
    const chunk = "x".repeat(32 * 1024);
    const chunks = Array.from({ length: 3 }, () => `8000\r\n${chunk}\r\n`).join("");
    const chunked = await exchange(gateway.port, {
      line: "POST /register HTTP/1.1",
      headers: [host, type, "Transfer-Encoding: chunked"],
      body: `${chunks}0\r\n\r\n`,
    });
    expect(chunked.status).toBe(413);
  });

  test("T39 as deep as they like end in a refusal, and everybody else is served", async () => {
    await using gateway = await startGateway({ servers, proxy: { auth: { required: true } } });
    const { headers } = await addKey(gateway);
    const deep = (open: string, close: string, levels: number) =>
      open.repeat(levels) + "1" + close.repeat(levels);
    for (const levels of [1000, 200_000]) {
      for (const value of [deep("[", "]", levels), deep('{"a":', "}", levels)]) {
        const call = JSON.stringify(toolCall(1, "echo", { text: "@" })).replace('"@"', value);
        for (const body of [value, call, `[${call}]`]) {
          const answer = await post(gateway.mcp("one"), body, { headers });
          expect([levels, answer.status]).toEqual([levels, 400]);
        }
        const short = value.slice(0, 30_000);
        for (const path of ["/register", "/token"]) {
          for (const body of [value, short]) {
            const { status } = await post(gateway.url + path, body);
            expect(status).toBeGreaterThanOrEqual(400);
            expect(status).toBeLessThan(500);
          }
        }
      }
    }
    expect((await post(gateway.mcp("one"), ping, { headers })).status).toBe(200);
  });
});

async function opens(url: string, headers: Readonly<Record<string, string>>): Promise<boolean> {
  const response = await fetch(url, { headers: { ...headers, accept: "text/event-stream" } });
  await response.body?.cancel();
  return response.status === 200;
}

test("calls of a person have a rate where one is set; other people are not slowed", async () => {
  await using gateway = await startGateway({
    servers,
    proxy: {
      auth: { required: true, users: { ada: {}, bob: {} } },
      limits: { maxCallsPerMinute: 5 },
    },
  });
  const [one, two, bob] = await Promise.all([
    addKey(gateway, "--user", "ada"),
    addKey(gateway, "--user", "ada"),
    addKey(gateway, "--user", "bob"),
  ]);
  const statuses: number[] = [];
  for (const key of [one, two, one, two, one, two, one]) {
    const answer = await post(gateway.mcp("one"), ping, { headers: key.headers });
    statuses.push(answer.status);
    if (answer.status === 429) expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  }
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
  expect((await post(gateway.mcp("two"), ping, { headers: bob.headers })).status).toBe(200);
  expect((await get(`${gateway.url}/health`)).status).toBe(200);
});
