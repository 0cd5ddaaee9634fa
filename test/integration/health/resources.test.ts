/** What servers use, as `/health/resources`, the log and the alerts tell it, with real processes. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { descendants, openDescriptors } from "../../helpers/processes.ts";
import { textOf } from "../../helpers/raw-http.ts";
import { RawSession } from "../../helpers/raw-session.ts";
import { until } from "../../helpers/wait.ts";
import { type ResourcesReport, resources, untilState } from "./health-client.ts";

let gateway: RunningGateway;

beforeAll(async () => {
  const [program] = fixtureServer("echo").args;
  gateway = await startGateway({
    servers: {
      // As `npx` does it: the server is a grandchild.
      wrapped: {
        command: "sh",
        args: ["-c", `"$0" "$@"; exit`, process.execPath, program],
        health: { alertMemory: 0 },
      },
      eats: fixtureServer("eats", { health: { alertMemory: "200MiB", alertCpu: 5 } }),
      idle: fixtureServer("echo", { startOn: "demand" }),
    },
    proxy: { health: { sampleInterval: "1s", summaryInterval: "2s" } },
    logLevel: "INFO",
  });
  await untilState(gateway, "wrapped", "ready");
});
afterAll(() => gateway.stop());

function untilResources(
  isWanted: (report: ResourcesReport) => boolean,
  what: string,
): Promise<ResourcesReport> {
  return until(
    async () => {
      const report = await resources(gateway);
      return isWanted(report) && report;
    },
    { what, deadlineMs: 20_000 },
  );
}

describe("/health/resources", () => {
  test("lists every process of a server's tree, and their total", async () => {
    const { instances } = await untilState(gateway, "wrapped", "ready");
    const leader = instances[0]?.pid ?? 0;
    const tree = [leader, ...descendants(leader)];
    const report = await untilResources(
      ({ servers }) => servers["wrapped"]?.processCount === 2,
      "both processes are seen",
    );
    const processes = report.processes.filter(({ server }) => server === "wrapped");
    expect(processes.map(({ pid }) => pid).sort()).toEqual([...tree].sort());
    const [shell, server] = [...processes].sort((a, b) => a.memoryMB - b.memoryMB);
    expect(shell).toMatchObject({ pid: leader, ppid: gateway.pid, name: "sh", threads: 1 });
    expect(server).toMatchObject({ ppid: leader });
    expect(server?.memoryMB).toBeGreaterThan(10);
    expect(server?.virtualMB).toBeGreaterThan(server?.residentMB ?? Infinity);
    expect(server?.fileDescriptors).toBe(openDescriptors(server?.pid ?? 0));
    const total = report.servers["wrapped"];
    expect(total?.memoryMB).toBeCloseTo((shell?.memoryMB ?? 0) + (server?.memoryMB ?? 0), 1);
    expect(total?.threads).toBe((server?.threads ?? 0) + 1);
    expect(report.summary["processCount"]).toBe(report.processes.length);
  });

  test("has nothing of servers that do not run", async () => {
    const report = await untilResources(({ processes }) => processes.length > 0, "a look");
    expect(report.servers).not.toHaveProperty("idle");
  });
});

test("the log has a line with all of it, each time the interval is over", async () => {
  const pattern = /INFO .*resources: \d+ processes, \d+ MB, \d+ % CPU \(.*wrapped \d+ MB/;
  await gateway.untilLogged(pattern);
  const count = () => gateway.stderr.split("resources: ").length - 1;
  const before = count();
  await until(() => count() > before);
});

describe("an alert", () => {
  test("of memory comes and goes, in the log and in the report", async () => {
    const session = await RawSession.open(gateway.mcp("eats"));
    expect(textOf(await session.call("eat", { megabytes: 250 }))).toBe("250 MB");
    const raised = await untilResources(
      ({ servers }) => (servers["eats"]?.alerts.length ?? 0) > 0,
      "it is raised",
    );
    const [alert] = raised.servers["eats"]?.alerts ?? [];
    expect(alert).toMatchObject({ alert: "memory", threshold: 200, unit: "MB" });
    expect(alert?.value).toBeGreaterThan(250);
    await gateway.untilLogged(/WARNING \[eats\] uses \d+ MB of memory; alert above 200 MB/);
    expect(raised.servers["wrapped"]?.alerts).toEqual([]);

    process.kill(Number(textOf(await session.call("pid"))), "SIGKILL");
    await gateway.untilLogged(/INFO +\[eats\] alert over: \d+ MB of memory/, 20_000);
    await untilResources(({ servers }) => servers["eats"]?.alerts.length === 0, "it is over");
  });

  test("has another threshold as soon as the file says so, and the process stays", async () => {
    const entry = (alertMemory: string) => ({
      mcpServers: { one: fixtureServer("echo", { health: { alertMemory } }) },
      proxy: { health: { sampleInterval: "1s" } },
    });
    await using own = await startGateway({ config: entry("10GiB") });
    const { instances } = await untilState(own, "one", "ready");
    writeFileSync(join(own.folder, "config.json"), JSON.stringify(entry("1MiB")));
    await own.untilLogged(/WARNING \[one\] uses \d+ MB of memory; alert above 1 MB/);
    expect((await untilState(own, "one", "ready")).instances[0]?.pid).toBe(instances[0]?.pid);
  });

  test("of CPU counts all processes of the tree", async () => {
    const session = await RawSession.open(gateway.mcp("eats"));
    const until_ = join(gateway.folder, "enough");
    const spinner = Number(textOf(await session.call("spin", { until: until_ })));
    // A small part of a core: the machine may have much else to do.
    await untilResources(
      ({ servers, processes }) =>
        servers["eats"]?.alerts.some(({ alert }) => alert === "cpu") === true &&
        processes.some(({ pid, cpuPercent }) => pid === spinner && cpuPercent > 4),
      "it is raised",
    );
    writeFileSync(until_, "");
    await untilResources(({ servers }) => servers["eats"]?.alerts.length === 0, "it is over");
  });
});
