/** The socket that commands come by: for its owner only, one gateway's only, never in the way. */
import { expect, test } from "bun:test";
import { existsSync, lstatSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { startGateway } from "../../helpers/gateway.ts";
import { makeFolder, run, serve } from "../../helpers/run-program.ts";
import { until } from "../../helpers/wait.ts";
import { command, commandJson, dataOf } from "./command.ts";

const servers = { echo: fixtureServer("echo") };

test("nobody else may open it, and it goes with the gateway", async () => {
  const gateway = await startGateway({ servers });
  const path = join(dataOf(gateway), "admin.sock");
  const { mode } = lstatSync(path);
  expect((mode & 0o777).toString(8)).toBe("600");
  expect((lstatSync(dataOf(gateway)).mode & 0o777).toString(8)).toBe("700");
  gateway.signal("SIGTERM");
  await gateway.ended();
  expect(existsSync(path)).toBe(false);
  await gateway.stop();
});

test("a data folder with a path longer than a socket's may be serves as well", async () => {
  const folder = makeFolder();
  const dataDir = join(folder, "d".repeat(100), "e".repeat(100));
  await using gateway = await startGateway({ servers, env: { DATA_DIR: dataDir } });
  expect(gateway.stderr).not.toMatch(/WARNING/);
  const { stdout } = await run(["status"], { env: { DATA_DIR: dataDir } });
  expect(stdout).toMatch(new RegExp(`pid ${gateway.pid}, `));
  rmSync(folder, { recursive: true });
});

test("a second gateway with the same folder serves, says so and takes nothing from the first", async () => {
  await using first = await startGateway({ servers });
  const config = { mcpServers: servers };
  const second = await serve(["--port", "0"], {
    files: { "config.json": config },
    env: { DATA_DIR: dataOf(first) },
  });
  try {
    await second.untilLogged(/WARNING.*another gateway runs with the same data folder/);
    expect((await commandJson(first, "status"))["pid"]).toBe(first.pid);
  } finally {
    await second.stop();
  }
  expect((await commandJson(first, "status"))["pid"]).toBe(first.pid);
});

test("what a killed gateway left is replaced by the next one", async () => {
  const folder = makeFolder();
  const env = { DATA_DIR: join(folder, "data") };
  const files = { "config.json": { mcpServers: {} } };
  const killed = await serve(["--port", "0"], { files, env });
  await killed.kill();
  expect(existsSync(join(env.DATA_DIR, "admin.sock"))).toBe(true);
  const stale = await run(["status"], { env });
  expect(stale.exitCode).toBe(69);
  expect(stale.stderr).toMatch(/no gateway runs with this data folder any more/);
  const next = await serve(["--port", "0"], { files, env });
  try {
    const { stdout } = await run(["status"], { env });
    expect(stdout).toMatch(new RegExp(`pid ${next.pid}, `));
  } finally {
    await next.stop();
    rmSync(folder, { recursive: true });
  }
});

test("something else at its place, or a folder that cannot be used, costs the commands only", async () => {
  const folder = makeFolder({ "data/admin.sock": "a file of somebody" });
  for (const dataDir of [join(folder, "data"), "/proc/self/nothing"]) {
    await using gateway = await startGateway({ servers, env: { DATA_DIR: dataDir } });
    await gateway.untilLogged(/WARNING.*commands such as "status" cannot reach this gateway/);
    const health = await fetch(`${gateway.url}/health`);
    expect(health.status).toBe(200);
  }
  expect(lstatSync(join(folder, "data", "admin.sock")).isFile()).toBe(true);
  rmSync(folder, { recursive: true });
});

test("a command finds the gateway while it drains, and sees that it stops", async () => {
  const gateway = await startGateway({
    servers,
    proxy: { limits: { drain: "30s", shutdown: "40s" } },
  });
  const call = command(gateway, "call", "echo", "progress", "steps=6", "delayMs=500");
  const load = async () => (await commandJson(gateway, "status"))["servers"][0].load;
  await until(async () => (await load()).unanswered > 0);
  gateway.signal("SIGTERM");
  await gateway.untilLogged(/stopping: SIGTERM/);
  const status = await command(gateway, "status");
  expect(status.stdout).toMatch(/, stopping, /);
  expect(await call).toMatchObject({ exitCode: 0, stdout: "done\n" });
  // A second signal would end it at once.
  await gateway.ended();
  await gateway.stop();
}, 30_000);
