/** What is left of a gateway that is killed or stopped: nothing, grandchildren included. */
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readlinkSync } from "node:fs";
import { resolve } from "node:path";
import { needsGuardian } from "../../../src/supervisor/guardian-link.ts";
import { alive, descendants, killPid } from "../../helpers/processes.ts";
import { until } from "../../helpers/wait.ts";
import {
  createHarness,
  createSpoken,
  fixture,
  GUARDED,
  GUARDIAN_COMMAND,
  noticesOf,
  pidAfter,
} from "./harness.ts";

// Each test starts three generations of programs.
setDefaultTimeout(20_000);

const STUB = resolve(import.meta.dir, "gateway-stub.ts");
/** Whatever a failed test leaves behind. */
const started = new Set<number>();

afterEach(() => {
  for (const pid of started) killPid(pid);
  started.clear();
});

interface Stub {
  readonly process: Bun.Subprocess<"ignore", "pipe", "inherit">;
  readonly text: string;
  readonly guardian: number;
  /** Children, grandchildren and the guardian. */
  readonly pids: readonly number[];
}

async function startStub(...commands: readonly (readonly string[])[]): Promise<Stub> {
  const argv = [process.execPath, STUB, ...commands.map((each) => JSON.stringify(each))];
  const stub = Bun.spawn(argv, { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  started.add(stub.pid);
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stub.stdout) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes("ready\n")) break;
  }
  const named = [...text.matchAll(/^(?:child|grandchild) (\d+)$/gm)].map((found) =>
    Number(found[1]),
  );
  const pids = [...new Set([...named, ...descendants(stub.pid)])];
  for (const pid of pids) started.add(pid);
  return { process: stub, text, guardian: pidAfter(text, "guardian"), pids };
}

describe("kill -9 of the gateway leaves nothing", () => {
  const families: readonly (readonly [string, readonly string[]])[] = [
    ["a child that heeds the end of its stdin", ["sh", "-c", "echo up; exec cat"]],
    ["a child that ignores stdin and SIGTERM", fixture("ignores-sigterm")],
    ["a grandchild", fixture("forks-a-grandchild")],
    ["a grandchild that ignores SIGTERM", fixture("forks-a-grandchild", "deaf")],
    ["a grandchild with setsid", fixture("forks-a-grandchild", "setsid", "deaf")],
    ["an orphaned grandchild", fixture("forks-a-grandchild", "orphan")],
    [
      "an orphaned grandchild with setsid",
      fixture("forks-a-grandchild", "setsid", "orphan", "deaf"),
    ],
  ];
  test.each(families.map(([name, command]) => ({ name, command })))(
    "$name",
    async ({ command }) => {
      const stub = await startStub(command);
      expect(stub.pids.filter(alive).length).toBeGreaterThanOrEqual(2);
      if (command.join().includes("forks"))
        expect(alive(pidAfter(stub.text, "grandchild"))).toBe(true);
      stub.process.kill("SIGKILL");
      await until(() => !stub.pids.some(alive), { deadlineMs: 10_000 });
    },
  );
});

test("a shutdown in order leaves nothing either, not even the guardian", async () => {
  const stub = await startStub(fixture("forks-a-grandchild", "setsid", "deaf"), [
    "sh",
    "-c",
    "echo up; exec cat",
  ]);
  stub.process.kill("SIGTERM");
  await stub.process.exited;
  expect(stub.process.exitCode).toBe(0);
  expect(stub.pids.filter(alive)).toEqual([]);
});

test("the guardian ignores the signals of a terminal and of an impatient user", async () => {
  const stub = await startStub(["sh", "-c", "echo up; exec cat"]);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.kill(stub.guardian, signal);
  stub.process.kill("SIGKILL");
  await until(() => !stub.pids.some(alive), { deadlineMs: 10_000 });
  expect(alive(stub.guardian)).toBe(false);
});

test("the guardian holds no output of the gateway", async () => {
  const stub = await startStub(["sh", "-c", "echo up; exec cat"]);
  const links = [1, 2].map((fd) => readlinkSync(`/proc/${stub.guardian}/fd/${fd}`));
  expect(links).toEqual(["/dev/null", "/dev/null"]);
  stub.process.kill("SIGKILL");
  await until(() => !stub.pids.some(alive), { deadlineMs: 10_000 });
});

test("a guardian that dies is replaced and knows the children that it did not see start", async () => {
  const stub = await startStub(fixture("forks-a-grandchild", "setsid", "deaf"));
  const before = new Set(stub.pids);
  process.kill(stub.guardian, "SIGKILL");
  let replaced: number | undefined;
  await until(
    () => {
      replaced = descendants(stub.process.pid).find((pid) => !before.has(pid) && alive(pid));
      // It has begun to guard once it has left our folder; until then nobody can have told it a list.
      return replaced !== undefined && readlinkSync(`/proc/${replaced}/cwd`) === "/";
    },
    { deadlineMs: 5_000 },
  );
  started.add(replaced ?? 0);
  stub.process.kill("SIGKILL");
  await until(() => !stub.pids.some(alive) && !alive(replaced ?? 0), { deadlineMs: 10_000 });
});

test("a guardian that cannot be started is said once, and children run all the same", async () => {
  const { supervisor, events } = createHarness({
    host: GUARDED,
    selfCommand: ["/no/such/executable"],
  });
  const { instance } = createSpoken(supervisor, ["cat"]);
  instance.start();
  await instance.whenReady(5_000);
  const second = createSpoken(supervisor, ["cat"]);
  second.instance.start();
  await second.instance.whenReady(5_000);
  await supervisor.shutdown("test");
  expect(noticesOf(events)).toHaveLength(1);
  expect(noticesOf(events)[0]).toContain("No guardian");
});

test("the guardian takes a child off its list, so that its number may go to others", async () => {
  const guardian = Bun.spawn([...GUARDIAN_COMMAND, "__guardian"], {
    stdin: "pipe",
    stdout: "ignore",
    stderr: "inherit",
  });
  const kept = Bun.spawn(["sleep", "300"], {
    detached: true,
    stdio: ["ignore", "ignore", "ignore"],
  });
  const ended = Bun.spawn(["sleep", "300"], {
    detached: true,
    stdio: ["ignore", "ignore", "ignore"],
  });
  for (const { pid } of [guardian, kept, ended]) started.add(pid);
  await guardian.stdin.write(
    `=token\n+${kept.pid}\n+${ended.pid}\nnonsense\n+x\n+1\n-${kept.pid}\n`,
  );
  await guardian.stdin.end();
  await guardian.exited;
  expect({ kept: alive(kept.pid), ended: alive(ended.pid) }).toEqual({ kept: true, ended: false });
  kept.kill("SIGKILL");
  await kept.exited;
});

test("where the system ends our children, there is no guardian", () => {
  const rows = [
    { pid: 1, systemdExecPid: undefined, expected: false },
    { pid: 77, systemdExecPid: "77", expected: false },
    { pid: 77, systemdExecPid: "76", expected: true },
    { pid: 77, systemdExecPid: undefined, expected: true },
  ];
  for (const { pid, systemdExecPid, expected } of rows) {
    expect(needsGuardian({ pid, systemdExecPid, platform: "linux" })).toBe(expected);
  }
});
