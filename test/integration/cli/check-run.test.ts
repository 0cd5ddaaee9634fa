/** `check --run`: every server is started once, and nothing of it is left. */
import { expect, test } from "bun:test";
import { fixturePath, fixtureServer } from "../../helpers/fixtures.ts";
import { alive } from "../../helpers/processes.ts";
import { run } from "../../helpers/run-program.ts";

/** Ours alone, so that it is found again. */
const SECONDS = 1_000_000 + process.pid;

const servers = {
  echo: fixtureServer("echo", { instances: "session", startOn: "demand" }),
  modern: fixtureServer("modern-only"),
  pages: fixtureServer("many-tools"),
  early: fixtureServer("exit-now", { args: ["3", "no licence found"] }),
  silent: fixtureServer("ignores-sigterm", { startTimeout: "1s" }),
  family: {
    command: "sh",
    args: [
      "-c",
      `sleep ${SECONDS} & echo "grandchild $!" >&2; exec "$0" "$@"`,
      process.execPath,
      fixturePath("echo"),
    ],
  },
};

test("it says what works and what does not, and why", async () => {
  const config = { mcpServers: servers };
  const { exitCode, stdout } = await run(["check", "--run"], {
    files: { "config.json": config },
    deadlineMs: 40_000,
  });
  expect(stdout).toMatch(/^echo: works, 17 tools after \d+ ms: echo, add, /m);
  expect(stdout).toMatch(/^modern: works, \d+ tools after \d+ ms: echo, /m);
  expect(stdout).toMatch(
    /^early: does not work: .*exited with code 3.*no licence found.* \[TRIAL_FAILED\]$/m,
  );
  expect(stdout).toMatch(/^silent: does not work: .*not ready within 1000 ms/m);
  expect(stdout).toEndWith("\n2 servers do not work.\n");
  expect(exitCode).toBe(1);
}, 60_000);

test("as JSON; each server is started once, and nothing is left behind", async () => {
  const { family, early, pages } = servers;
  const logged = { ...family, args: [...family.args] };
  const config = { mcpServers: { family: logged, early, pages } };
  const { exitCode, stdout } = await run(["check", "--run", "--json"], {
    files: { "config.json": config },
    deadlineMs: 40_000,
  });
  const { ok, trials } = JSON.parse(stdout) as {
    ok: boolean;
    trials: { server: string; ok: boolean; tools: string[] | null; error: string | null }[];
  };
  expect(ok).toBe(false);
  expect(exitCode).toBe(1);
  expect(trials.map(({ server, ok: works }) => [server, works])).toEqual([
    ["family", true],
    ["early", false],
    ["pages", true],
  ]);
  expect(trials[2]?.tools?.length).toBeGreaterThan(100);
  const sleepers = Bun.spawnSync(["pgrep", "-f", `^sleep ${SECONDS}$`])
    .stdout.toString()
    .trim();
  expect(
    sleepers
      .split("\n")
      .map(Number)
      .filter((pid) => pid > 0 && alive(pid)),
  ).toEqual([]);
}, 60_000);

test("0 when all work, 78 when the configuration is wrong, without starting anything then", async () => {
  const good = await run(["check", "--run"], {
    files: { "config.json": { mcpServers: { echo: servers.echo } } },
    deadlineMs: 30_000,
  });
  expect(good.exitCode).toBe(0);
  expect(good.stdout).toEndWith("\nThe configuration is good.\n");
  const bad = await run(["check", "--run"], {
    files: { "config.json": { mcpServers: { echo: servers.echo }, proxy: { port: "x" } } },
    deadlineMs: 30_000,
  });
  expect(bad.exitCode).toBe(78);
  expect(bad.stdout).not.toMatch(/works/);
}, 60_000);
