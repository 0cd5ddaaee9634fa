/** What systemd hears of a gateway that it started with `Type=notify`. */
import { expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatagramReceiver, monotonicUsec } from "../../helpers/datagrams.ts";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { startGateway } from "../../helpers/gateway.ts";
import { jsonOf } from "../../helpers/raw-http.ts";
import { RawSession } from "../../helpers/raw-session.ts";
import { makeFolder } from "../../helpers/run-program.ts";

const servers = { echo: fixtureServer("echo") };

test.each(["a path", "an abstract name"])("the life of a gateway, at %s", async (kind) => {
  const folder = makeFolder();
  const name = kind === "a path" ? join(folder, "notify") : `@remote-mcp-proxy-${process.pid}`;
  using socket = new DatagramReceiver(name);
  const gateway = await startGateway({
    servers,
    env: { NOTIFY_SOCKET: name, WATCHDOG_USEC: "300000" },
  });
  await socket.until(/^READY=1\nSTATUS=Serving on http:\/\/127\.0\.0\.1:\d+$/);
  await socket.until(/^WATCHDOG=1$/);

  const before = monotonicUsec();
  const sofar = socket.received.length;
  gateway.signal("SIGHUP");
  const reloading = await socket.until(/^RELOADING=1\n/, sofar);
  const usec = BigInt(/^MONOTONIC_USEC=(\d+)$/m.exec(reloading)?.[1] ?? 0);
  expect(usec).toBeGreaterThanOrEqual(before);
  expect(usec).toBeLessThanOrEqual(monotonicUsec());
  await socket.until(/^READY=1/, socket.received.indexOf(reloading));

  // A reload that is refused is over as well.
  writeFileSync(join(gateway.folder, "config.json"), "{");
  const refusal = await socket.until(/^RELOADING=1\n/, socket.received.indexOf(reloading) + 1);
  await socket.until(/^READY=1/, socket.received.indexOf(refusal));

  await gateway.stop();
  await socket.until(/^STOPPING=1/);
  const stopping = socket.received.findIndex((text) => text.startsWith("STOPPING=1"));
  expect(socket.received.slice(stopping).filter((text) => text.startsWith("READY"))).toEqual([]);
  rmSync(folder, { recursive: true });
});

test("signs of life are only for the process that they were asked of", async () => {
  const folder = makeFolder();
  using socket = new DatagramReceiver(join(folder, "notify"));
  const env = { NOTIFY_SOCKET: join(folder, "notify"), WATCHDOG_USEC: "30000", WATCHDOG_PID: "1" };
  const gateway = await startGateway({ servers, env });
  // A start takes longer than many such periods.
  await gateway.stop();
  await socket.until(/^STOPPING=1/);
  expect(socket.received.filter((text) => text.startsWith("WATCHDOG"))).toEqual([]);
  rmSync(folder, { recursive: true });
});

test("news that find the queue of the socket full are told a little later", async () => {
  const folder = makeFolder();
  const name = join(folder, "notify");
  using socket = new DatagramReceiver(name);
  // The kernel keeps ten datagrams that nobody takes: signs of life take their places at once.
  const env = { NOTIFY_SOCKET: name, WATCHDOG_USEC: "3000" };
  const gateway = await startGateway({
    servers: { echo: fixtureServer("echo"), deaf: fixtureServer("ignores-sigterm") },
    env,
  });
  await gateway.untilLogged(/\[echo\].*→ ready/);
  gateway.signal("SIGTERM");
  await gateway.untilLogged(/stopping: SIGTERM/);
  await socket.until(/^STOPPING=1/);
  expect((await gateway.ended()).exitCode).toBe(0);
  expect(gateway.stderr).not.toContain("systemd hears nothing");
  await gateway.stop();
  rmSync(folder, { recursive: true });
});

test.each(["/nonexistent/notify", "relative", `/${"x".repeat(200)}`])(
  "a socket that cannot be used (%.20s) is said once and costs nothing else",
  async (name) => {
    await using gateway = await startGateway({ servers, env: { NOTIFY_SOCKET: name } });
    await gateway.untilLogged(/WARNING.*systemd hears nothing/);
    gateway.signal("SIGHUP");
    await gateway.untilLogged(/configuration read again/);
    expect(gateway.stderr.match(/systemd hears nothing/g)).toHaveLength(1);
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
  },
);

test("servers hear nothing of systemd, also those that inherit all there is", async () => {
  const folder = makeFolder();
  const name = join(folder, "notify");
  using socket = new DatagramReceiver(name);
  await using gateway = await startGateway({
    servers: { echo: fixtureServer("echo", { inheritEnv: true }) },
    env: { NOTIFY_SOCKET: name, WATCHDOG_USEC: "300000", WATCHDOG_PID: "1", OTHER: "inherited" },
  });
  await socket.until(/^READY/);
  const session = await RawSession.open(gateway.mcp("echo"));
  const env = jsonOf(await session.call("env"));
  expect(env["OTHER"]).toBe("inherited");
  expect(Object.keys(env).filter((key) => /^(NOTIFY|WATCHDOG)_/.test(key))).toEqual([]);
  rmSync(folder, { recursive: true });
});
