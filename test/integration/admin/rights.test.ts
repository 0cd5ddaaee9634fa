/** Who may use the admin routes, and what none of them ever shows. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { addKey } from "../../helpers/auth/keys.ts";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { startGateway, type RunningGateway } from "../../helpers/gateway.ts";
import { get, post, read } from "../../helpers/raw-http.ts";
import { RawSession, RawSseSession } from "../../helpers/raw-session.ts";
import { SseReader } from "../../helpers/sse-reader.ts";
import { dataOf } from "./command.ts";

const SECRET = "s3cr3t-of-the-entry-7f31";
const servers = {
  echo: fixtureServer("echo", { env: { TOKEN: SECRET }, args: ["--token", SECRET] }),
};

const READING = [
  "/admin/status",
  "/admin/logs",
  "/admin/logs/echo",
  "/health/sessions",
  "/health/servers",
  "/health/resources",
  "/listmcp",
  "/listtools/echo",
  "/metrics",
] as const;
const STEERING = [
  "/cleanup",
  "/admin/reload",
  "/admin/servers/echo/restart",
  "/admin/servers/echo/stop",
  "/admin/servers/echo/start",
] as const;

async function statuses(
  gateway: RunningGateway,
  headers: Readonly<Record<string, string>> = {},
): Promise<readonly number[]> {
  const reading = READING.map((path) => get(`${gateway.url}${path}`, { accept: null, headers }));
  const steering = STEERING.map((path) => post(`${gateway.url}${path}`, "", { headers }));
  return (await Promise.all([...reading, ...steering])).map(({ status }) => status);
}

describe("over HTTP", () => {
  test("programs of this machine may, where the gateway serves this machine only", async () => {
    await using gateway = await startGateway({ servers });
    for (const path of READING)
      expect((await get(`${gateway.url}${path}`, { accept: null })).status).toBe(200);
    for (const path of STEERING) expect((await post(`${gateway.url}${path}`, "")).status).toBe(200);
    expect((await post(`${gateway.url}/admin/servers/nobody/stop`, "")).status).toBe(404);
    expect((await post(`${gateway.url}/admin/servers/echo/explode`, "")).status).toBe(404);
    expect((await get(`${gateway.url}/admin/logs/nobody`, { accept: null })).status).toBe(404);
  });

  test("pages of the web may not, also those of clients", async () => {
    await using gateway = await startGateway({ servers });
    const origins = ["https://claude.ai", "https://evil.example", "http://localhost:6274"];
    for (const origin of origins)
      expect(new Set(await statuses(gateway, { origin }))).toEqual(new Set([403]));
    expect(new Set(await statuses(gateway, { origin: gateway.url }))).toEqual(new Set([200]));
  });

  test.each([
    ["an address of the network", { host: "0.0.0.0" }],
    ["a domain", { domain: "example.org" }],
    ["a public URL", { publicUrl: "https://example.org/x" }],
  ])("nobody may where everybody may call from elsewhere, by %s", async (_, how) => {
    await using gateway = await startGateway({
      servers,
      proxy: { ...how, auth: { allowInsecure: true } },
    });
    const local = new URL(gateway.url);
    local.hostname = "127.0.0.1";
    for (const path of READING)
      expect((await get(new URL(path, local).href, { accept: null })).status).toBe(403);
    for (const path of STEERING)
      expect((await post(new URL(path, local).href, "")).status).toBe(403);
  });

  test("whoever has no key may not, where keys are asked for", async () => {
    await using gateway = await startGateway({ servers, proxy: { auth: { required: true } } });
    expect(new Set(await statuses(gateway))).toEqual(new Set([401]));
    const wrong = await statuses(gateway, { authorization: "Bearer made-up" });
    expect(new Set(wrong)).toEqual(new Set([401]));
  });

  test("whose key is an administrator's may, whose is not may not", async () => {
    await using gateway = await startGateway({
      servers,
      proxy: { auth: { required: true, users: { ada: { admin: true }, bob: {} } } },
    });
    const admin = await addKey(gateway, "--user", "ada", "--admin");
    expect(new Set(await statuses(gateway, admin.headers))).toEqual(new Set([200]));
    for (const { headers } of [
      await addKey(gateway, "--user", "ada"),
      await addKey(gateway, "--user", "bob"),
    ])
      expect(new Set(await statuses(gateway, headers))).toEqual(new Set([403]));
  });

  test("the subdomain of a server has none of it", async () => {
    await using gateway = await startGateway({ servers, proxy: { domain: "example.org" } });
    const headers = { host: "echo.mcp.example.org" };
    for (const path of READING) {
      const { status } = await get(`${gateway.url}${path}`, { accept: null, headers });
      expect(status).toBe(404);
    }
  });
});

test("no answer of any admin route holds a session id or a secret", async () => {
  await using gateway = await startGateway({ servers });
  const session = await RawSession.open(gateway.mcp("echo"));
  const old = await RawSseSession.open(gateway.sse("echo"));
  await old.initialize();
  await session.call("stderr", { text: `my token is ${SECRET}` });
  await session.call("crash");
  const oldId = new URL(old.postUrl).searchParams.get("sessionId") ?? "";
  expect(oldId.length).toBeGreaterThan(20);
  const unix = join(dataOf(gateway), "admin.sock");
  // What watches from outside asks over HTTP.
  const forWatchers: readonly string[] = ["/health/servers", "/health/resources", "/metrics"];
  const own = READING.filter((path) => !forWatchers.includes(path));
  const asked = [...own, "/cleanup"].map(async (path) => {
    const method = path === "/cleanup" ? "POST" : "GET";
    return read(await fetch(`http://gateway${path}`, { method, unix }));
  });
  const followed = await fetch("http://gateway/admin/logs?follow=1&lines=100000", { unix });
  const { body } = followed;
  if (body === null) throw new Error("no stream");
  const stream = new SseReader(body);
  const answers = await Promise.all(asked);
  for (const { status } of answers) expect(status).toBe(200);
  await stream.find(({ data }) => data?.includes("cleaned up") === true);
  await stream.close();
  const everything = [
    ...answers.map(({ text }) => text),
    (await read(await fetch("http://gateway/admin/logs?lines=100000", { unix }))).text,
  ].join("\n");
  expect(everything).toContain("my token is");
  for (const hidden of [session.id, oldId, SECRET]) expect(everything).not.toContain(hidden);
});

test("sessions are shown by references, with what they do", async () => {
  await using gateway = await startGateway({ servers });
  const session = await RawSession.open(gateway.mcp("echo"));
  const stream = await session.stream();
  const { json } = await get(`${gateway.url}/health/sessions`, { accept: null });
  const { sessions, totalSessions } = json as {
    sessions: Record<string, Record<string, unknown>>;
    totalSessions: number;
  };
  expect(totalSessions).toBe(1);
  const [[ref = "", shown] = []] = Object.entries(sessions);
  expect(ref).toMatch(/^[0-9a-f]{8}$/);
  expect(shown).toMatchObject({
    sessionId: ref,
    serverName: "echo",
    binding: "streamable-http",
    busy: 1,
    idleMs: 0,
  });
  await stream.close();
});

test("a live stream of the log can be taken up where it broke", async () => {
  await using gateway = await startGateway({ servers });
  const session = await RawSession.open(gateway.mcp("echo"));
  const url = `${gateway.url}/admin/logs/echo?follow=1`;
  const first = await fetch(`${url}&lines=0`);
  if (first.body === null) throw new Error("no stream");
  const stream = new SseReader(first.body);
  await session.call("stderr", { text: "one" });
  const one = await stream.find(({ data }) => data?.includes("stderr: one") === true);
  await stream.close();
  await session.call("stderr", { text: "two" });
  const again = await fetch(url, { headers: { "last-event-id": one.id ?? "" } });
  if (again.body === null) throw new Error("no stream");
  const resumed = new SseReader(again.body);
  const seen: string[] = [];
  await resumed.find(({ data }) => {
    seen.push(data ?? "");
    return data?.includes("stderr: two") === true;
  });
  expect(seen.join()).not.toContain("stderr: one");
  await resumed.close();
});
