/**
 * Several people at one gateway: sessions belong to a person and their program, processes to a
 * person, and who is taken out of the configuration is out.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { addKey, type TestKey } from "../../helpers/auth/keys.ts";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { get, jsonOf, openGet, post, request, toolCall } from "../../helpers/raw-http.ts";
import { RawSession, RawSseSession } from "../../helpers/raw-session.ts";
import { isDoneWithin } from "../../helpers/wait.ts";

const everybody = { ada: { admin: true }, bob: {}, cyd: { servers: ["own"] } };
const servers = {
  own: fixtureServer("echo"),
  common: fixtureServer("echo", { isolation: "none" }),
};

let gateway: RunningGateway;
let ada: TestKey;
let adas: TestKey;
let bob: TestKey;
let admin: TestKey;

beforeAll(async () => {
  gateway = await startGateway({ servers, proxy: { auth: { required: true, users: everybody } } });
  ada = await addKey(gateway, "--user", "ada");
  adas = await addKey(gateway, "--user", "ada");
  bob = await addKey(gateway, "--user", "bob");
  admin = await addKey(gateway, "--user", "ada", "--admin");
});
afterAll(() => gateway.stop());

async function pidFor({ headers }: TestKey, server: string): Promise<number> {
  const answer = await post(gateway.mcp(server), toolCall(1, "whoami"), { headers });
  return Number(jsonOf(answer.messages[0])["pid"]);
}

describe("processes", () => {
  test("of several people do not start before somebody calls, unless they share one", async () => {
    const status = async (server: string) => {
      const { json } = await get(`${gateway.url}/servers/${server}/health`, bob);
      return (json as { state: string }).state;
    };
    expect(await status("own")).toBe("idle");
    expect(await status("common")).not.toBe("idle");
  });

  test("are a person's own, whatever program calls for them", async () => {
    const pids = await Promise.all([ada, adas, bob].map((key) => pidFor(key, "own")));
    expect(pids[0]).toBe(pids[1] ?? 0);
    expect(pids[2]).not.toBe(pids[0] ?? 0);
  });

  test("are everybody's with isolation: none", async () => {
    const pids = await Promise.all([ada, adas, bob].map((key) => pidFor(key, "common")));
    expect(new Set(pids).size).toBe(1);
  });

  test("of two people never hear of each other's calls", async () => {
    await post(gateway.mcp("own"), toolCall(1, "echo", { text: "adas-word" }), ada);
    const seen = await post(gateway.mcp("own"), toolCall(2, "seen"), bob);
    expect(JSON.stringify(seen.messages)).not.toContain("adas-word");
    const own = await post(gateway.mcp("own"), toolCall(2, "seen"), ada);
    expect(JSON.stringify(own.messages)).toContain("adas-word");
  });

  test("that are listed for an admin are the admin's own", async () => {
    const answer = await get(`${gateway.url}/listtools/own`, admin);
    expect(answer.status).toBe(200);
  });
});

describe("T20 a session id is worth nothing", () => {
  const ping = request(1, "ping");

  test("with another person's key, another key of the same person, or at another server", async () => {
    const session = await RawSession.open(gateway.mcp("own"), { headers: ada.headers });
    const asks = [
      (key: TestKey, server = "own") =>
        post(gateway.mcp(server), ping, { session: session.id, headers: key.headers }),
      async (key: TestKey, server = "own") =>
        fetch(gateway.mcp(server), {
          headers: {
            ...key.headers,
            accept: "text/event-stream",
            "mcp-session-id": session.id,
          },
        }),
      (key: TestKey, server = "own") =>
        fetch(gateway.mcp(server), {
          method: "DELETE",
          headers: { ...key.headers, "mcp-session-id": session.id },
        }),
    ];
    for (const ask of asks) {
      expect((await ask(bob)).status).toBe(404);
      expect((await ask(adas)).status).toBe(404);
      expect((await ask(ada, "common")).status).toBe(404);
    }
    expect((await session.post(ping)).status).toBe(200);
    expect((await post(session.url, ping, { session: session.id })).status).toBe(401);
  });

  test("when it was guessed", async () => {
    await RawSession.open(gateway.mcp("own"), { headers: ada.headers });
    for (let guess = 0; guess < 50; guess++) {
      const session = randomBytes(32).toString("base64url");
      const answer = await post(gateway.mcp("own"), ping, { session, headers: ada.headers });
      expect(answer.status).toBe(404);
    }
  });
});

test("T21 nobody else posts into an event stream, nor hears of it", async () => {
  const stream = await RawSseSession.open(gateway.sse("own"), { headers: ada.headers });
  const call = toolCall("evil", "echo", { text: "planted" });
  const asOwner = await stream.post(request("hello", "ping"), ada);
  expect([asOwner.status, (await stream.next()).id]).toEqual([202, "hello"]);
  for (const [key, status] of [
    [bob, 404],
    [adas, 404],
    [undefined, 401],
  ] as const) {
    const posted = await stream.post(call, key === undefined ? {} : { headers: key.headers });
    expect(posted.status).toBe(status);
  }
  const next = stream.next();
  expect(await isDoneWithin(next, 200)).toBe(false);
  await stream.post(request("after", "ping"), ada);
  expect((await next).id).toBe("after");
  await stream.close();
});

test("what a reload cannot switch is said, and stays as it is", async () => {
  await using own = await startGateway({ servers, proxy: { auth: { required: true } } });
  const proxy = { auth: { required: false } };
  writeFileSync(join(own.folder, "config.json"), JSON.stringify({ mcpServers: servers, proxy }));
  own.signal("SIGHUP");
  await own.untilLogged(/WARNING .*authentication stays on until the next start/);
  expect((await post(own.mcp("own"), request(1, "ping"))).status).toBe(401);
});

test("T49 who is taken out of the configuration is out, and who loses a server has lost it", async () => {
  await using own = await startGateway({
    servers,
    proxy: { auth: { required: true, users: everybody } },
  });
  const [cyd, bobs] = await Promise.all([
    addKey(own, "--user", "cyd"),
    addKey(own, "--user", "bob"),
  ]);
  const statuses = async () =>
    Promise.all(
      (
        [
          ["own", cyd],
          ["own", bobs],
          ["common", bobs],
        ] as const
      ).map(async ([server, { headers }]) => {
        const answer = await post(own.mcp(server), request(1, "ping"), { headers });
        return answer.status;
      }),
    );
  expect(await statuses()).toEqual([200, 200, 200]);
  const { stream } = await openGet(own.sse("own"), { headers: bobs.headers });
  const config = {
    mcpServers: servers,
    proxy: { auth: { required: true, users: { ada: {}, bob: { servers: ["common"] } } } },
  };
  writeFileSync(join(own.folder, "config.json"), JSON.stringify(config));
  own.signal("SIGHUP");
  await own.untilLogged(/configuration read again/);
  expect(await statuses()).toEqual([401, 404, 200]);
  await stream.close();
});
