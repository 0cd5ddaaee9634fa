/**
 * The executable as PID 1 of a PID namespace, as in a container without an init: it reaps orphans,
 * heeds signals, and needs no guardian, since the kernel ends a namespace with its PID 1.
 */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { fixturePath, fixtureServer } from "../helpers/fixtures.ts";
import { gatewayCommand, RunningGateway } from "../helpers/gateway.ts";
import { alive, descendants, exists, killPid, parentOf, zombiesOf } from "../helpers/processes.ts";
import { textOf } from "../helpers/raw-http.ts";
import { RawSession } from "../helpers/raw-session.ts";
import { makeFolder } from "../helpers/run-program.ts";
import { SOON_MS, until } from "../helpers/wait.ts";

const STOP_MS = 8000;
/** Its subshell ends at once, so that the sleep has no parent but PID 1. */
const orphaning = `(sleep 317 &); exec '${process.execPath}' '${fixturePath("echo")}'`;
const servers = {
  echo: { command: "sh", args: ["-c", orphaning] },
  family: fixtureServer("forks-a-grandchild", { args: ["setsid", "orphan"] }),
};

/** The executable in a namespace of its own; `pid` is its number out here. */
async function startAsInit(): Promise<{ gateway: RunningGateway; pid: number }> {
  const folder = makeFolder({ "config.json": { mcpServers: servers } });
  const inNamespace = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "--"];
  const gateway = new RunningGateway(
    [...inNamespace, ...gatewayCommand(true), "--port", "0"],
    folder,
    { PATH: process.env["PATH"] ?? "", HOME: folder },
  );
  try {
    await gateway.listening(SOON_MS);
    await gateway.untilLogged(/\[family\].*grandchild \d+/);
    await gateway.untilLogged(/\[echo\].*→ ready/);
    const pid = descendants(gateway.pid).find((each) => parentOf(each) === gateway.pid) ?? 0;
    expect(readFileSync(`/proc/${pid}/status`, "utf8")).toMatch(/^NSpid:\t\d+\t1$/m);
    return { gateway, pid };
  } catch (error) {
    await gateway.kill();
    throw error;
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return ""; // gone
  }
}

test("it reaps orphans, starts no guardian and stops in order by SIGTERM", async () => {
  const { gateway, pid } = await startAsInit();
  try {
    const session = await RawSession.open(gateway.mcp("echo"));
    expect(textOf(await session.call("echo", { text: "hello" }))).toBe("hello");

    const all = descendants(pid);
    const sleeper = all.find((each) => commandLine(each) === "sleep 317") ?? 0;
    expect(parentOf(sleeper)).toBe(pid);
    killPid(sleeper);
    await until(() => !exists(sleeper), { what: "the orphan that ended is no zombie" });
    expect(zombiesOf(pid)).toEqual([]);
    expect(all.map(commandLine).filter((line) => line.includes("__guardian"))).toEqual([]);

    const left = descendants(pid);
    process.kill(pid, "SIGTERM");
    const { exitCode, tookMs } = await gateway.ended();
    expect(exitCode).toBe(0);
    expect(tookMs).toBeLessThan(STOP_MS);
    expect(gateway.stderr).toMatch(/stopping: SIGTERM\n[^]* stopped\n$/);
    await until(() => !left.some(alive), { what: "the namespace is empty" });
  } finally {
    await gateway.kill();
  }
});

test("killed by force it takes everything with it", async () => {
  const { gateway, pid } = await startAsInit();
  const all = descendants(pid);
  expect(all.length).toBeGreaterThan(2);
  try {
    killPid(pid);
    await gateway.ended();
    await until(() => !all.some(alive), { what: "the namespace is empty" });
  } finally {
    await gateway.kill();
  }
});
