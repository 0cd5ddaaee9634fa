/**
 * Endpoints for people and scripts: health of the gateway and of one server, the list of servers,
 * the tools of one, and the clean-up of sessions.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { get, post, type RawResponse, request, textOf, toolCall } from "../../helpers/raw-http.ts";
import { RawSession, RawSseSession } from "../../helpers/raw-session.ts";
import { until } from "../../helpers/wait.ts";

const SECRET = "s3cr3t-argument";
const MISSING = "/nowhere/no-such-program";

let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({
    servers: {
      Echo: fixtureServer("echo", { args: [SECRET], env: { API_TOKEN: SECRET } }),
      many: fixtureServer("many-tools", { env: { TOOL_COUNT: "250", PAGE_SIZE: "100" } }),
      kebab: fixtureServer("kebab-tools", { tools: { deny: ["a/b"] } }),
      own: fixtureServer("echo", { instances: "session" }),
      broken: { command: MISSING },
      slow: fixtureServer("held-start", { env: { HELD_BY: "/" } }),
      remote: { url: "https://example.org/mcp" },
      off: fixtureServer("echo", { disabled: true }),
    },
  });
  // The states below are those of servers that have had their time to start.
  await until(
    async () => (await health("echo")).status === 200 && (await health("many")).status === 200,
  );
});
afterAll(() => gateway.stop());

function health(slug: string): Promise<RawResponse> {
  return get(`${gateway.url}/health`, { headers: { host: `${slug}.mcp.localhost` } });
}

function expectPlainJson({ headers }: RawResponse): void {
  expect(Object.fromEntries(headers)).toMatchObject({
    "content-type": "application/json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
}

describe("/health", () => {
  test.each(["/health", "/health/"])("%s of the gateway says nothing of servers", async (path) => {
    for (const host of ["localhost", "mcp.localhost"]) {
      const answer = await get(gateway.url + path, { headers: { host } });
      expect([answer.status, answer.json]).toEqual([200, { status: "healthy" }]);
      expectPlainJson(answer);
    }
  });

  test("of a server is 200 while it runs, or waits for somebody to use it", async () => {
    const running = await health("echo");
    expect([running.status, running.json]).toEqual([
      200,
      { status: "healthy", server: "Echo", state: "ready" },
    ]);
    expectPlainJson(running);
    const idle = await health("own");
    expect([idle.status, idle.json]).toEqual([
      200,
      { status: "healthy", server: "own", state: "idle" },
    ]);
  });

  test("of a server that is not there is 503 and says why", async () => {
    const broken = await health("broken");
    expect(broken.status).toBe(503);
    expect(broken.json).toMatchObject({ status: "unhealthy", server: "broken" });
    expect(broken.text).toContain("no-such-program");
    const starting = await health("slow");
    expect([starting.status, starting.json]).toEqual([
      503,
      { status: "unknown", server: "slow", state: "starting" },
    ]);
  });

  test("of a server follows its process", async () => {
    await using own = await startGateway({ servers: { crash: fixtureServer("echo") } });
    const state = async () =>
      (await get(`${own.url}/health`, { headers: { host: "crash.mcp.localhost" } })).status;
    await until(async () => (await state()) === 200);
    const session = await RawSession.open(own.mcp("crash"));
    await session.call("exit", { code: 4 });
    expect(await state()).toBe(503);
    await until(async () => (await state()) === 200);
  });
});

describe("/listmcp", () => {
  test("lists every entry, without arguments, environment or paths of its own", async () => {
    const answer = await get(`${gateway.url}/listmcp`);
    expect(answer.status).toBe(200);
    expectPlainJson(answer);
    expect(answer.text).not.toContain(SECRET);
    expect(answer.text).not.toContain("args");
    expect(answer.text).not.toContain("env");
    const { count, servers } = answer.json as {
      readonly count: number;
      readonly servers: readonly Record<string, unknown>[];
    };
    expect(count).toBe(servers.length);
    const byName = new Map(servers.map((one) => [one["name"], one]));
    expect(byName.get("Echo")).toEqual({
      name: "Echo",
      slug: "echo",
      command: process.execPath,
      state: "ready",
      running: true,
      pid: byName.get("Echo")?.["pid"],
      load: {
        shared: 1,
        own: 0,
        sessions: 0,
        unanswered: 0,
        queued: 0,
        unansweredBytes: 0,
        parked: 0,
        questions: 0,
        listens: 0,
      },
    });
    expect(gateway.processes()).toContain(byName.get("Echo")?.["pid"] as number);
    expect(byName.get("own")).toMatchObject({ state: "idle", running: false });
    expect(byName.get("own")).not.toHaveProperty("pid");
    expect(byName.get("slow")).toMatchObject({ state: "starting", running: true });
    const broken = byName.get("broken");
    expect(broken).toMatchObject({ running: false, command: MISSING });
    expect(String(broken?.["error"])).toContain("no-such-program");
    expect(byName.get("remote")).toMatchObject({ state: "skipped", running: false });
    // Left out by its owner: no word of it.
    expect(byName.get("off")?.["running"] ?? false).toBe(false);
  });
});

describe("/listtools", () => {
  interface Listing {
    readonly server: string;
    readonly response: { readonly result: { readonly tools: readonly { name: string }[] } };
  }

  async function namesOf(slug: string): Promise<readonly string[]> {
    const answer = await get(`${gateway.url}/listtools/${slug}`);
    expect(answer.status).toBe(200);
    expectPlainJson(answer);
    return (answer.json as Listing).response.result.tools.map(({ name }) => name);
  }

  test("has the shape of a JSON-RPC result, under the server's own name", async () => {
    const { json } = await get(`${gateway.url}/listtools/echo/`);
    const listing = json as Listing;
    expect(Object.keys(listing)).toEqual(["server", "response"]);
    expect(listing.server).toBe("Echo");
    expect(listing.response).toMatchObject({ jsonrpc: "2.0" });
    expect(listing.response.result.tools[0]).toEqual({
      name: "echo",
      description: "echo",
      inputSchema: { type: "object", properties: { text: { type: "string" } } },
    } as never);
  });

  test("reads all pages", async () => {
    const names = await namesOf("many");
    expect(names).toEqual(
      Array.from({ length: 250 }, (_, index) => `tool_${String(index).padStart(4, "0")}`),
    );
  });

  test("shows what clients see: their names, without what is filtered out", async () => {
    const names = await namesOf("kebab");
    expect(names).toContain("api_get_user");
    expect(names).not.toContain("API-get-user");
    expect(names.every((name) => /^\w+$/.test(name))).toBe(true);
    const session = await RawSession.open(gateway.mcp("kebab"));
    const { result } = await session.request("tools/list");
    expect((result?.["tools"] as readonly { name: string }[]).map(({ name }) => name)).toEqual([
      ...names,
    ]);
  });

  test("starts what waits to be used", async () => {
    expect(await namesOf("own")).toContain("whoami");
  });

  test("of a server that cannot run is 503, of none 404", async () => {
    const broken = await get(`${gateway.url}/listtools/broken`);
    expect(broken.status).toBe(503);
    expect(broken.json).toMatchObject({ error: "server_not_running", server: "broken" });
    for (const slug of ["nobody", "Echo", "remote", "off"]) {
      const none = await get(`${gateway.url}/listtools/${slug}`);
      expect([none.status, none.json]).toMatchObject([404, { error: "unknown_server" }]);
    }
  });
});

describe("POST /cleanup", () => {
  test("ends idle sessions, and none with a stream or a call", async () => {
    const url = gateway.mcp("echo");
    await post(`${gateway.url}/cleanup`, {});
    const idle = await Promise.all([1, 2, 3].map(() => RawSession.open(url)));
    const streaming = await RawSession.open(url);
    const stream = await streaming.stream();
    const calling = await RawSession.open(url);
    const call = calling.post(toolCall(1, "slow", { ms: 1500, text: "not cleaned" }));
    const sse = await RawSseSession.open(gateway.sse("Echo".toLowerCase()));
    await until(async () => textOf(await streaming.call("seen"))?.includes("not cleaned"));

    const beforeMs = Date.now();
    const answer = await post(`${gateway.url}/cleanup`, "");
    expect(answer.status).toBe(200);
    expectPlainJson(answer);
    const report = answer.json as {
      readonly remaining_sessions: readonly Record<string, string>[];
    };
    expect(report).toMatchObject({
      message: "Cleanup completed",
      connections_before: 6,
      connections_after: 3,
      cleaned_count: 3,
    });
    expect(report.remaining_sessions).toHaveLength(3);
    for (const session of report.remaining_sessions) {
      expect(Object.keys(session)).toEqual(["session_id", "server_name", "connected_at"]);
      expect(session["server_name"]).toBe("echo");
      const connectedMs = Date.parse(session["connected_at"] ?? "");
      expect(connectedMs).toBeGreaterThan(beforeMs - 60_000);
      expect(connectedMs).toBeLessThanOrEqual(Date.now());
    }
    // What is shown is no credential.
    for (const { id } of [...idle, streaming, calling]) expect(answer.text).not.toContain(id);

    for (const session of idle) expect((await session.post(request(1, "ping"))).status).toBe(404);
    expect((await streaming.post(request(1, "ping"))).status).toBe(200);
    expect(textOf((await call).messages.at(-1))).toBe("not cleaned");
    expect((await sse.request("p", "ping")).result).toEqual({});

    await stream.close();
    await sse.close();
    const after = await until(async () => {
      const { json } = await post(`${gateway.url}/cleanup`, {});
      const counts = json as { connections_after: number };
      return counts.connections_after === 0 && counts;
    });
    expect(after).toMatchObject({ remaining_sessions: [] });
  });

  test("is a POST, and touches no request without a session", async () => {
    expect((await get(`${gateway.url}/cleanup`)).status).toBe(404);
    const call = post(gateway.mcp("echo"), toolCall("s", "slow", { ms: 200, text: "served" }));
    await post(`${gateway.url}/cleanup`, {});
    expect(textOf((await call).messages[0])).toBe("served");
  });
});
