/** The end of the executable: by signals in order, at once, and by force; nothing outlives it. */
import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { fixtureServer } from "../helpers/fixtures.ts";
import { gatewayCommand, type RunningGateway } from "../helpers/gateway.ts";
import { alive, descendants, killPid } from "../helpers/processes.ts";
import { RawSession } from "../helpers/raw-session.ts";
import { makeFolder, serve } from "../helpers/run-program.ts";
import { until, withDeadline } from "../helpers/wait.ts";

const STOP_MS = 8000;
const servers = {
  echo: fixtureServer("echo"),
  family: fixtureServer("forks-a-grandchild", { args: ["setsid"] }),
  orphan: fixtureServer("forks-a-grandchild", { args: ["setsid", "orphan"] }),
  deaf: fixtureServer("forks-a-grandchild", { args: ["setsid", "deaf"] }),
};

/** A gateway whose grandchildren have all said that they are there. */
async function startFamily(): Promise<RunningGateway> {
  const files = { "config.json": { mcpServers: servers } };
  const gateway = await serve(["--port", "0"], { binary: true, files });
  for (const name of ["family", "orphan", "deaf"])
    await gateway.untilLogged(new RegExp(`\\[${name}\\].*grandchild \\d+`));
  return gateway;
}

function grandchildren(log: string): readonly number[] {
  return [...log.matchAll(/grandchild (\d+)/g)].map((match) => Number(match[1]));
}

describe("stops in order", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("by %s, whole trees included", async (signal) => {
    const gateway = await startFamily();
    const session = await RawSession.open(gateway.mcp("echo"));
    const stream = await session.stream();
    const young = grandchildren(gateway.stderr);
    expect(young.length).toBe(3);
    expect(young.every(alive)).toBe(true);
    gateway.signal(signal);
    // `stop` finds the signal sent; it still expects code 0 and that every process is gone.
    const all = gateway.processes();
    const { exitCode, tookMs } = await gateway.ended();
    expect(exitCode).toBe(0);
    expect(tookMs).toBeLessThan(STOP_MS);
    expect([...all, ...young].filter(alive)).toEqual([]);
    expect(gateway.stderr).toContain(`stopping: ${signal}`);
    expect(gateway.stderr.trimEnd()).toEndWith("stopped");
    await stream.close();
    await gateway.stop();
  });

  test("by a Ctrl-C, which npm passes on a second time", async () => {
    const start = `exec ${gatewayCommand(true).join(" ")} --port 0`;
    const folder = makeFolder({ "package.json": { scripts: { start } } });
    const { PATH = "", HOME = folder } = process.env;
    // A process group of its own is what a terminal sends the signal to, npm and gateway alike.
    const npm = Bun.spawn(["npm", "start"], {
      cwd: folder,
      env: { PATH, HOME },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const log = npm.stderr.text();
    let all: readonly number[] = [];
    try {
      for await (const chunk of npm.stdout)
        if (new TextDecoder().decode(chunk).includes("Listening on")) break;
      all = descendants(npm.pid);
      process.kill(-npm.pid, "SIGINT");
      expect(await withDeadline(log, STOP_MS, "the end of the log")).toMatch(
        /stopping: SIGINT\n[^]* stopped\n/,
      );
      await until(() => !all.some(alive), { what: "every process is gone" });
    } finally {
      for (const pid of [npm.pid, ...all]) if (alive(pid)) killPid(pid);
      rmSync(folder, { recursive: true });
    }
  });
});

test("kill -9 leaves no process, grandchildren in sessions of their own included", async () => {
  const gateway = await startFamily();
  const all = [...gateway.processes(), ...grandchildren(gateway.stderr)];
  expect(all.length).toBeGreaterThan(Object.keys(servers).length);
  try {
    gateway.signal("SIGKILL");
    expect((await gateway.ended()).signal).toBe("SIGKILL");
    await until(() => all.filter(alive).length === 0, { what: "every process is gone" });
  } finally {
    for (const pid of all) if (alive(pid)) killPid(pid);
    await gateway.kill();
  }
});
