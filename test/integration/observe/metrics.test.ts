/** `/metrics` of a running gateway, as a scraper reads it. */
import { describe, expect, test } from "bun:test";
import { addKey } from "../../helpers/auth/keys.ts";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { startGateway, type RunningGateway } from "../../helpers/gateway.ts";
import { modernRequest, postModern } from "../../helpers/modern.ts";
import { parsePrometheus, valueIn, type Family } from "../../helpers/prometheus.ts";
import { openGet } from "../../helpers/raw-http.ts";
import { RawSession } from "../../helpers/raw-session.ts";
import { until } from "../../helpers/wait.ts";

const P = "remote_mcp_proxy_";

async function scrape(gateway: RunningGateway): Promise<ReadonlyMap<string, Family>> {
  const response = await fetch(`${gateway.url}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return parsePrometheus(await response.text());
}

async function untilSeen(
  gateway: RunningGateway,
  name: string,
  labels: Record<string, string>,
  isGood: (value: number | undefined) => boolean,
): Promise<void> {
  await until(async () => isGood(valueIn(await scrape(gateway), P + name, labels)), {
    what: `${name}${JSON.stringify(labels)}`,
  });
}

describe("a gateway that works", () => {
  test("counts requests of both eras, sessions by revision, streams, noise and state", async () => {
    await using gateway = await startGateway({
      servers: { one: fixtureServer("echo"), noisy: fixtureServer("noisy-stdout") },
    });
    const session = await RawSession.open(gateway.mcp("one"));
    const old = await RawSession.open(gateway.mcp("one"), { revision: "2025-03-26" });
    await session.call("echo", { text: "x" });
    await session.call("refuse");
    await postModern(gateway.mcp("one"), modernRequest(1, "tools/list"));
    const open = await openGet(gateway.mcp("one"), session.options());
    await RawSession.open(gateway.mcp("noisy"));
    const families = await scrape(gateway);
    const requests = (era: string, method_class: string, outcome: string) =>
      valueIn(families, `${P}requests_total`, { server: "one", era, method_class, outcome });
    expect(requests("legacy", "lifecycle", "result")).toBe(2);
    expect(requests("legacy", "call", "result")).toBe(1);
    expect(requests("legacy", "call", "error")).toBe(1);
    expect(requests("modern", "list", "result")).toBe(1);
    const value = (name: string, labels = {}) => valueIn(families, P + name, labels);
    expect(value("sessions", { server: "one", revision: session.revision })).toBe(1);
    expect(value("sessions", { server: "one", revision: old.revision })).toBe(1);
    expect(value("streams")).toBe(1);
    expect(value("servers")).toBe(2);
    expect(value("servers_running")).toBe(2);
    expect(value("server_state", { server: "one", state: "ready" })).toBe(1);
    expect(value("stdout_noise_lines_total", { server: "noisy" })).toBeGreaterThan(0);
    expect(value("stdout_noise_lines_total", { server: "one" })).toBe(0);
    expect(valueIn(families, "process_resident_memory_bytes")).toBeGreaterThan(1e6);
    await open.stream.close();
    await untilSeen(gateway, "streams", {}, (streams) => streams === 0);
  });

  test("shows what runs and what waits, and counts a cancelled call", async () => {
    await using gateway = await startGateway({
      servers: { one: fixtureServer("echo", { maxInFlight: 1 }) },
    });
    const session = await RawSession.open(gateway.mcp("one"));
    const calls = [1, 2, 3].map(() => session.call("slow", { ms: 60_000 }));
    const one = { server: "one" };
    await untilSeen(gateway, "requests_in_flight", one, (count) => count === 3);
    await untilSeen(gateway, "requests_queued", one, (count) => count === 2);
    await session.end();
    await Promise.allSettled(calls);
    const labels = { ...one, era: "legacy", method_class: "call", outcome: "failed" };
    await untilSeen(gateway, "requests_total", labels, (count) => count === 3);
    await untilSeen(gateway, "requests_in_flight", one, (count) => count === 0);
  });

  test("counts a restart by what caused the end", async () => {
    await using gateway = await startGateway({ servers: { one: fixtureServer("echo") } });
    const session = await RawSession.open(gateway.mcp("one"));
    await session.call("crash").catch(() => undefined);
    const restarts = { server: "one", cause: "signal" };
    await untilSeen(gateway, "server_restarts_total", restarts, (count) => count === 1);
    const exits = { server: "one", cause: "exit" };
    expect(valueIn(await scrape(gateway), `${P}server_restarts_total`, exits)).toBe(0);
  });

  test("shows memory and CPU of the processes of a server", async () => {
    await using gateway = await startGateway({
      servers: { one: fixtureServer("echo") },
      proxy: { health: { sampleInterval: "1s" } },
    });
    const one = { server: "one" };
    await RawSession.open(gateway.mcp("one"));
    await untilSeen(gateway, "server_resident_memory_bytes", one, (bytes = 0) => bytes > 1e6);
    await untilSeen(gateway, "server_processes", one, (count) => count === 1);
  });
});

test("a server that is removed has no present any more", async () => {
  await using gateway = await startGateway({
    servers: { one: fixtureServer("echo"), two: fixtureServer("echo") },
  });
  await untilSeen(gateway, "servers", {}, (count) => count === 2);
  await Bun.write(
    `${gateway.folder}/config.json`,
    JSON.stringify({ mcpServers: { one: fixtureServer("echo") } }),
  );
  gateway.signal("SIGHUP");
  await untilSeen(gateway, "servers", {}, (count) => count === 1);
  const state = { server: "two", state: "ready" };
  expect(valueIn(await scrape(gateway), `${P}server_state`, state)).toBeUndefined();
});

test("an administrator's key opens them, as the scrape file has it; another key does not", async () => {
  await using gateway = await startGateway({
    servers: { one: fixtureServer("echo") },
    args: ["--host", "0.0.0.0"],
    proxy: { auth: { users: { ada: { admin: true }, bob: {} } } },
  });
  const url = `http://127.0.0.1:${gateway.port}/metrics`;
  const admin = await addKey(gateway, "--user", "ada", "--admin");
  const { headers } = await addKey(gateway, "--user", "bob");
  const scraped = await fetch(url, { headers: admin.headers });
  expect(scraped.status).toBe(200);
  parsePrometheus(await scraped.text());
  expect((await fetch(url, { headers })).status).toBe(403);
  const wrong = { authorization: `${admin.headers.authorization}x` };
  expect((await fetch(url, { headers: wrong })).status).toBe(401);
  const families = parsePrometheus(await (await fetch(url, { headers: admin.headers })).text());
  const refused = { step: "request.refused", outcome: "refused" };
  expect(valueIn(families, `${P}auth_steps_total`, refused)).toBe(1);
  expect(gateway.stderr).not.toContain(admin.key);
}, 60_000);

test("without leave there are none, once the gateway can be reached from elsewhere", async () => {
  await using gateway = await startGateway({
    servers: { one: fixtureServer("echo") },
    args: ["--host", "0.0.0.0"],
  });
  const response = await fetch(`http://127.0.0.1:${gateway.port}/metrics`);
  expect(response.status).toBe(401);
  expect(await response.text()).not.toContain("one");
});
