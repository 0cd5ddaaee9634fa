/** What becomes of the gateway when nobody takes its output any more. */
import { expect, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { gatewayCommand } from "../helpers/gateway.ts";
import { alive, descendants, killPid } from "../helpers/processes.ts";
import { get } from "../helpers/raw-http.ts";
import { makeFolder } from "../helpers/run-program.ts";
import { until, withDeadline } from "../helpers/wait.ts";
import { freePort } from "./free-port.ts";

const [program = ""] = gatewayCommand(true);
/** The limit of the program is 8 s; more is for a machine under load. */
const STOP_MS = 12_000;
const MANY_BYTES = 8 * 1024 * 1024;
const flood = {
  mcpServers: { loud: { command: "sh", args: ["-c", "yes a line of the log >&2 & exec cat"] } },
};

/** The executable behind a shell, in whose words `$0` is the executable and `$1` a free port. */
class Started implements AsyncDisposable {
  readonly folder = makeFolder({ "flood.json": flood });
  readonly url: string;
  readonly child: Bun.Subprocess<"pipe", "pipe", "pipe">;

  constructor(script: string) {
    const port = freePort();
    this.url = `http://127.0.0.1:${port}`;
    this.child = Bun.spawn(["sh", "-c", script, program, String(port)], {
      cwd: this.folder,
      env: { PATH: process.env["PATH"] ?? "", HOME: this.folder },
      stdio: ["pipe", "pipe", "pipe"],
    });
  }

  async listening(): Promise<void> {
    const isUp = async (): Promise<boolean> => {
      const { exitCode } = this.child;
      if (exitCode !== null) throw new Error(`it ended with ${exitCode}`);
      try {
        return (await get(`${this.url}/health`)).status === 200;
      } catch {
        return false; // not yet
      }
    };
    await until(isUp, { what: "it serves" });
  }

  /** SIGTERM. @returns the exit code, once nothing is left of what it started */
  async stop(): Promise<number | null> {
    const started = descendants(this.child.pid);
    this.child.kill("SIGTERM");
    await withDeadline(this.child.exited, STOP_MS, "it stops");
    await until(() => !started.some(alive), { what: "all that it started is gone" });
    return this.child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const left = this.child.exitCode === null ? descendants(this.child.pid) : [];
    for (const pid of left) killPid(pid);
    this.child.kill("SIGKILL");
    await this.child.exited;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

test("a reader of stdout that leaves before the table is there ends nothing", async () => {
  await using gateway = new Started('read _; exec "$0" --port "$1"');
  const { child } = gateway;
  await child.stdout.cancel();
  await child.stdin.write("go\n");
  await child.stdin.end();
  await gateway.listening();
  expect((await get(`${gateway.url}/listmcp`)).json).toHaveProperty("count", 1);
  expect(await gateway.stop()).toBe(0);
  const log = await child.stderr.text();
  expect(log).toContain("stopping: SIGTERM");
  expect(log).not.toContain("bug");
});

test.each([
  ["stdout is closed", 'exec "$0" --port "$1" >&-'],
  ["stdout is a full disk", 'exec "$0" --port "$1" >/dev/full'],
  ["stderr is closed", 'exec "$0" --port "$1" 2>&-'],
  ["stderr is a full disk", 'exec "$0" --port "$1" 2>/dev/full'],
])("it serves and stops in order although %s", async (_, script) => {
  await using gateway = new Started(script);
  await gateway.listening();
  expect(await gateway.stop()).toBe(0);
});

test("a log that nobody reads holds up neither answers nor the stop", async () => {
  // The only one who has the pipe open for reading is the gateway itself, which never does.
  const unread = 'mkfifo log; exec 3<>log; exec "$0" --port "$1" --config flood.json 2>log';
  await using gateway = new Started(unread);
  await gateway.listening();
  // Far more than the pipe and the waiting lines hold: from here on the log cannot be written.
  await until(() => descendants(gateway.child.pid).some((pid) => writtenBy(pid) > MANY_BYTES), {
    what: "the server floods its stderr",
  });
  expect((await get(`${gateway.url}/health`, { deadlineMs: 2000 })).status).toBe(200);
  expect(await gateway.stop()).toBe(0);
});

/** Bytes that a process wrote so far. */
function writtenBy(pid: number): number {
  try {
    return Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0; // gone
  }
}
