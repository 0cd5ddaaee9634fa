/** The executable as systemd and an operator meet it: told to reload, looked into by its own commands. */
import { afterAll, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatagramReceiver } from "../helpers/datagrams.ts";
import { fixtureServer } from "../helpers/fixtures.ts";
import { makeFolder, run, serve } from "../helpers/run-program.ts";
import { until } from "../helpers/wait.ts";

const folder = makeFolder();
afterAll(() => rmSync(folder, { recursive: true }));
const config = (...names: readonly string[]) => ({
  mcpServers: Object.fromEntries(names.map((name) => [name, fixtureServer("echo")])),
});

test("it tells systemd, reloads, and answers its own commands", async () => {
  const socket = join(folder, "notify");
  using systemd = new DatagramReceiver(socket);
  const env = { DATA_DIR: join(folder, "data"), NOTIFY_SOCKET: socket, WATCHDOG_USEC: "3000000" };
  const path = join(folder, "servers.json");
  writeFileSync(path, JSON.stringify(config("one")));
  const gateway = await serve(["--port", "0", "--config", path], { binary: true, env });
  const command = (...args: readonly string[]) =>
    run(args, { binary: true, env: { DATA_DIR: env.DATA_DIR }, deadlineMs: 30_000 });
  try {
    await systemd.until(/^READY=1/);
    await systemd.until(/^WATCHDOG=1/);
    writeFileSync(path, JSON.stringify(config("one", "two")));
    await systemd.until(/^RELOADING=1/);
    await gateway.untilLogged(/configuration read again \(the file has changed\): started two/);
    const status = await until(async () => {
      const { stdout } = await command("status");
      return /^two +ready/m.test(stdout) ? stdout : undefined;
    });
    expect(status).toMatch(new RegExp(`pid ${gateway.pid}, `));
    expect((await command("call", "two", "add", "a=2", "b=3")).stdout).toBe("5\n");
    expect((await command("restart", "two")).stdout).toMatch(/^two: ready, pid \d+\n$/);
    expect((await command("logs", "two")).stdout).toMatch(/restarted by its operator/);
    expect((await command("check", "--run", "--config", path)).stdout).toMatch(/^two: works, 17/m);
  } finally {
    await gateway.stop();
  }
  await systemd.until(/^STOPPING=1/);
  expect((await command("status")).exitCode).toBe(69);
});
