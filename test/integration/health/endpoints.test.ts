/**
 * Who is told what about health, and when: liveness, readiness, servers; also while no child can say
 * anything.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { get, type RawResponse, toolCall } from "../../helpers/raw-http.ts";
import { RawSession } from "../../helpers/raw-session.ts";
import { until } from "../../helpers/wait.ts";
import { reportOf, serverHealth, untilState } from "./health-client.ts";

let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({
    servers: {
      "Echo One": fixtureServer("echo"),
      own: fixtureServer("echo", { instances: "session" }),
      lazy: fixtureServer("echo", { startOn: "demand", required: true }),
      broken: { command: "/no/such/program" },
    },
    proxy: { health: { sampleInterval: "1s" } },
  });
  await untilState(gateway, "echo-one", "ready");
  await untilState(gateway, "broken", "failed");
});
afterAll(() => gateway.stop());

const ask = (path: string): Promise<RawResponse> => get(gateway.url + path);

describe("without names", () => {
  test.each([
    ["/health", { status: "healthy" }],
    ["/healthz", { status: "healthy" }],
    ["/readyz", { status: "ready" }],
  ])("%s", async (path, body) => {
    const answer = await ask(path);
    expect([answer.status, answer.json]).toEqual([200, body]);
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });
});

describe("/health/servers", () => {
  test("has every server under its name, and counts them", async () => {
    const { status, json } = await ask("/health/servers");
    expect(status).toBe(200);
    expect(json).toMatchObject({
      timestamp: expect.any(String),
      servers: {
        "Echo One": {
          name: "Echo One",
          slug: "echo-one",
          status: "healthy",
          state: "ready",
          lastCheck: expect.any(String),
          responseTimeMs: expect.any(Number),
          consecutiveFails: 0,
          restartCount: 0,
          instances: [{ instance: "shared", state: "ready", pid: expect.any(Number) }],
        },
        own: { status: "healthy", state: "idle", instances: [] },
        lazy: { status: "healthy", state: "idle", lastCheck: null },
        broken: { status: "unhealthy", state: "failed", lastError: expect.any(String) },
      },
      summary: { total: 4, healthy: 3, unhealthy: 1, unknown: 0 },
    });
  });

  test("of one server, by slug and by name; 503 when it is not well, 404 when there is none", async () => {
    expect((await serverHealth(gateway, "echo-one")).status).toBe(200);
    expect(await reportOf(gateway, encodeURIComponent("Echo One"))).toMatchObject({
      slug: "echo-one",
    });
    expect((await serverHealth(gateway, "broken")).status).toBe(503);
    expect((await serverHealth(gateway, "nobody")).status).toBe(404);
  });

  test("shows the processes of sessions", async () => {
    const session = await RawSession.open(gateway.mcp("own"));
    const { state, instances } = await reportOf(gateway, "own");
    expect([state, instances.length]).toEqual(["ready", 1]);
    expect(instances[0]).toMatchObject({
      instance: expect.stringMatching(/^session-/),
      state: "ready",
    });
    expect(JSON.stringify(instances)).not.toContain(session.id);
    await session.end();
    await untilState(gateway, "own", "idle");
  });
});

describe("/readyz", () => {
  test("is false while a required server is not there, whatever the others do", async () => {
    await using own = await startGateway({
      servers: {
        needed: fixtureServer("echo", { required: true, health: { maxRestarts: 0 } }),
        broken: { command: "/no/such/program" },
      },
    });
    const ready = async (): Promise<number> => (await get(`${own.url}/readyz`)).status;
    await until(async () => (await ready()) === 200);
    const { instances } = await reportOf(own, "needed");
    process.kill(instances[0]?.pid ?? 0, "SIGKILL");
    await untilState(own, "needed", "failed");
    const answer = await get(`${own.url}/readyz`);
    expect([answer.status, answer.json]).toEqual([
      503,
      { status: "not ready", reason: "a required server is not ready" },
    ]);
    expect((await get(`${own.url}/health`)).status).toBe(200);
  });

  test("is false from the signal on, while calls still end", async () => {
    await using own = await startGateway({
      servers: { echo: fixtureServer("echo") },
      proxy: { limits: { drain: "5s" } },
    });
    const session = await RawSession.open(own.mcp("echo"));
    const call = session.post(toolCall(1, "slow", { ms: 1500 }));
    await until(async () => {
      const { result } = await session.call("seen");
      return JSON.stringify(result).includes("slow");
    });
    own.signal("SIGTERM");
    const answer = await until(async () => {
      const seen = await get(`${own.url}/readyz`);
      return seen.status === 503 && seen;
    });
    expect(answer.json).toEqual({ status: "not ready", reason: "draining" });
    expect((await get(`${own.url}/health`)).status).toBe(200);
    expect((await call).status).toBe(200);
    expect((await own.ended()).exitCode).toBe(0);
  });
});

describe("with every child stopped by SIGSTOP", () => {
  const paths = [
    "/health",
    "/healthz",
    "/readyz",
    "/health/servers",
    "/health/servers/echo-one",
    "/health/resources",
  ];
  test("all of it is still answered, within 100 ms", async () => {
    const session = await RawSession.open(gateway.mcp("own"));
    await session.call("whoami");
    // The resources of all were looked at once.
    await until(async () => JSON.stringify((await ask("/health/resources")).json).includes("own"));
    const children = gateway.processes();
    for (const pid of children) process.kill(pid, "SIGSTOP");
    try {
      // A call that waits for a stopped child, as there may be many.
      const waiting = session.call("whoami");
      for (const path of paths) {
        const tookMs: number[] = [];
        for (let n = 0; n < 5; n++) {
          const beginMs = performance.now();
          const { status } = await ask(path);
          tookMs.push(performance.now() - beginMs);
          expect([path, status]).toEqual([path, 200]);
        }
        // The best of five: the machine may be busy, a wait for a child would slow all of them.
        expect(Math.min(...tookMs)).toBeLessThan(100);
      }
      for (const pid of children) process.kill(pid, "SIGCONT");
      expect((await waiting).result).toBeDefined();
    } finally {
      for (const pid of children) process.kill(pid, "SIGCONT");
    }
    await session.end();
  });
});
