/**
 * Bad children under the running program: what each does to its server, what is told of it, and that
 * it comes back. All states and causes are read from `/health/servers`.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { alive, descendants } from "../../helpers/processes.ts";
import { textOf } from "../../helpers/raw-http.ts";
import { RawSession } from "../../helpers/raw-session.ts";
import { until } from "../../helpers/wait.ts";
import { courseOf, reportOf, serverHealth, untilReport, untilState } from "./health-client.ts";

/** Fails fast and gives up fast. */
const HASTY = { maxRestarts: 1, restartCoolDown: "300ms" };
/** Asks often, and is patient with a machine that is busy. */
const PROBED = { probeInterval: "200ms", probeTimeout: "1s", probeFailures: 2 };

let folder: string;
let gateway: RunningGateway;
const never = (): string => join(folder, "never");

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-children-"));
  gateway = await startGateway({
    servers: {
      exits: fixtureServer("exit-now", { args: ["7", "no license"], health: HASTY }),
      dies: fixtureServer("dies-in-initialize", { args: ["exit"], health: HASTY }),
      heals: fixtureServer("dies-in-initialize", {
        args: ["alive"],
        env: { ALIVE_IF: join(folder, "healed") },
        health: HASTY,
      }),
      half: fixtureServer("dies-in-initialize", {
        args: ["half"],
        startTimeout: "300ms",
        health: { ...HASTY, restartCoolDown: "10m" },
      }),
      missing: { command: "/no/such/program", health: HASTY },
      folder: { command: "cat", cwd: "/no/such/folder", health: HASTY },
      hangs: fixtureServer("hangs", { health: PROBED }),
      deaf: fixtureServer("hangs", { env: { IGNORES_SIGTERM: "1" }, health: PROBED }),
      stopped: fixtureServer("echo", { health: PROBED }),
      modern: fixtureServer("modern-only", { health: PROBED }),
      killed: fixtureServer("echo"),
      floods: fixtureServer("eats", { health: PROBED }),
    },
  });
});
afterAll(async () => {
  await gateway.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("a child that ends", () => {
  test.each([
    ["exits", 7, "exited with code 7: no license"],
    ["dies", 5, "exited with code 5: no database at localhost"],
  ])(
    "%s: is given up after its restarts, and tried again after the cool-down",
    async (name, exitCode, words) => {
      const failed = await untilState(gateway, name, "failed");
      expect(failed).toMatchObject({
        status: "unhealthy",
        restartCount: expect.any(Number),
        lastError: words,
      });
      expect(failed.retryInMs).toBeLessThanOrEqual(300);
      // The last of a history that goes on for as long as other tests take.
      expect(courseOf(failed).slice(-3)).toEqual([
        "starting → backoff exit",
        "backoff → starting retry",
        "starting → failed exit",
      ]);
      expect(failed.history.at(-1)).toMatchObject({
        exitCode,
        cause: `exited with code ${exitCode}`,
      });
      expect((await serverHealth(gateway, name)).status).toBe(503);
      await untilReport(
        gateway,
        name,
        (report) => courseOf(report).includes("failed → starting retry"),
        "is tried again",
      );
    },
  );

  test("heals: serves as soon as its reason to fail is gone", async () => {
    await untilState(gateway, "heals", "failed");
    writeFileSync(join(folder, "healed"), "");
    const healed = await untilState(gateway, "heals", "ready");
    expect(healed.status).toBe("healthy");
    expect((await serverHealth(gateway, "heals")).status).toBe(200);
  });

  test("killed: by a signal that was not sent from here", async () => {
    const session = await RawSession.open(gateway.mcp("killed"));
    const ready = await untilState(gateway, "killed", "ready");
    process.kill(ready.instances[0]?.pid ?? 0, "SIGKILL");
    const back = await untilReport(
      gateway,
      "killed",
      (one) => one.restartCount === 1 && one.state === "ready",
      "is back",
    );
    expect(courseOf(back).slice(2)).toEqual([
      "ready → backoff signal",
      "backoff → starting retry",
      "starting → ready ready",
    ]);
    expect(back.history[2]).toMatchObject({ signal: "SIGKILL" });
    expect(back.history[3]).toMatchObject({ after: "signal" });
    expect(textOf(await session.call("echo", { text: "same session" }))).toBe("same session");
  });
});

describe("a child that cannot be started", () => {
  test.each(["missing", "folder"])("%s: is not tried again", async (name) => {
    const failed = await untilState(gateway, name, "failed");
    expect(failed).not.toHaveProperty("retryInMs");
    expect(courseOf(failed)).toEqual([
      "stopped → starting demand",
      "starting → failed spawn-error",
    ]);
    expect(failed.lastError).toContain("/no/such/");
  });

  test("is started when its entry of the configuration is right", async () => {
    await using own = await startGateway({ servers: { one: { command: "/no/such/program" } } });
    const failed = await untilState(own, "one", "failed");
    expect(failed.history[1]).toMatchObject({ kind: "spawn-error", errorCode: "ENOENT" });
    const right = { mcpServers: { one: fixtureServer("echo") } };
    writeFileSync(join(own.folder, "config.json"), JSON.stringify(right));
    own.signal("SIGHUP");
    await untilState(own, "one", "ready");
  });
});

test("half: a start that stops in the middle of a line is a start that failed", async () => {
  const failed = await untilState(gateway, "half", "failed");
  expect(failed.lastError).toBe("not ready within 300 ms");
  expect(courseOf(failed)).toEqual([
    "stopped → starting demand",
    "starting → stopping start-failed",
    "stopping → backoff start-failed",
    "backoff → starting retry",
    "starting → stopping start-failed",
    "stopping → failed start-failed",
  ]);
});

describe("a child that answers no more", () => {
  test.each([
    ["hangs", "hang"],
    ["hangs", "half"],
    ["deaf", "hang"],
  ])(
    "%s in a call of %s: is doubted, then started anew; its caller is told",
    async (name, tool) => {
      const session = await RawSession.open(gateway.mcp(name));
      const before = (await untilState(gateway, name, "ready")).restartCount;
      const pid = Number(textOf(await session.call("pid")));
      const answer = session.call(tool, { until: never() });
      const back = await untilReport(
        gateway,
        name,
        (one) => one.restartCount > before && one.state === "ready",
        "is back",
      );
      expect(courseOf(back).slice(-5)).toEqual([
        "ready → degraded probe",
        "degraded → stopping probe",
        "stopping → backoff probe",
        "backoff → starting retry",
        "starting → ready ready",
      ]);
      const { error } = await answer;
      expect(error?.message).toContain("2 health checks in a row failed");
      expect(error?.data?.["gateway"]).toMatchObject({ code: "UPSTREAM_EXITED", retryable: true });
      expect(alive(pid)).toBe(false);
      expect(Number(textOf(await session.call("pid")))).not.toBe(pid);
    },
  );

  test.each(["stopped", "modern"])(
    "%s by SIGSTOP: 503 while it is doubted, then a fresh one",
    async (name) => {
      const ready = await untilState(gateway, name, "ready");
      const pid = ready.instances[0]?.pid ?? 0;
      process.kill(pid, "SIGSTOP");
      const doubted = await untilState(gateway, name, "degraded");
      expect([doubted.status, doubted.consecutiveFails]).toEqual(["unhealthy", 1]);
      const back = await untilReport(
        gateway,
        name,
        (one) => one.state === "ready" && one.instances[0]?.pid !== pid,
        "is back",
      );
      expect(back.history.find(({ to }) => to === "backoff")).toMatchObject({
        kind: "probe",
        failures: 2,
      });
      expect(alive(pid)).toBe(false);
    },
  );

  test("for a moment only: is ready again, and the process stays", async () => {
    await using own = await startGateway({
      servers: { one: fixtureServer("echo", { health: { ...PROBED, probeFailures: 100 } }) },
    });
    const { instances } = await untilState(own, "one", "ready");
    const pid = instances[0]?.pid ?? 0;
    process.kill(pid, "SIGSTOP");
    await untilState(own, "one", "degraded");
    process.kill(pid, "SIGCONT");
    const back = await untilState(own, "one", "ready");
    expect(back).toMatchObject({ consecutiveFails: 0, restartCount: 0, instances: [{ pid }] });
    expect(courseOf(back).slice(-2)).toEqual(["ready → degraded probe", "degraded → ready probe"]);
  });
});

describe("a child that is busy", () => {
  test.each(["stdout", "stderr"])("and writes to %s meanwhile is left alone", async (stream) => {
    await using own = await startGateway({
      servers: { one: fixtureServer("hangs", { health: { ...PROBED, probeTimeout: "200ms" } }) },
      logLevel: "TRACE",
    });
    const session = await RawSession.open(own.mcp("one"));
    const done = join(own.folder, "done");
    const answer = session.call("grind", { until: done, stream });
    const busy = () => own.stderr.split("health check busy").length - 1;
    await until(() => busy() > 4, { what: "more checks than would have ended it" });
    writeFileSync(done, "");
    expect(textOf(await answer)).toBe("unblocked");
    const report = await reportOf(own, "one");
    expect(report).toMatchObject({ status: "healthy", restartCount: 0, consecutiveFails: 0 });
    expect(courseOf(report)).not.toContain("ready → degraded probe");
  });

  test.each(["stdout", "stderr"])("flooding %s: answers, and stays healthy", async (stream) => {
    const session = await RawSession.open(gateway.mcp("floods"));
    const flooded = await session.call("flood", { stream, megabytes: 20 });
    expect(textOf(flooded)).toBe("flooded");
    const checkedAt = (await reportOf(gateway, "floods")).lastCheck;
    const report = await untilReport(
      gateway,
      "floods",
      (one) => one.lastCheck !== checkedAt,
      "checked",
    );
    expect(report).toMatchObject({ status: "healthy", restartCount: 0 });
  });
});

test("forks: with the leader killed, its grandchild goes too, and the next one comes", async () => {
  await using own = await startGateway({
    servers: {
      one: {
        command: "sh",
        args: ["-c", `sleep 300 & exec "$0" "$@"`, process.execPath, fixtureServer("echo").args[0]],
      },
    },
  });
  const { instances } = await untilState(own, "one", "ready");
  const pid = instances[0]?.pid ?? 0;
  const [grandchild = 0] = descendants(pid);
  expect(alive(grandchild)).toBe(true);
  process.kill(pid, "SIGKILL");
  await untilReport(
    own,
    "one",
    (one) => one.restartCount === 1 && one.state === "ready",
    "is back",
  );
  expect(alive(grandchild)).toBe(false);
});
