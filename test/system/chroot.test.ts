/**
 * The executable in a root that holds nothing but itself, the libraries that it names and a
 * configuration: read-only, without a shell, without /tmp, as a user that no file knows, as PID 1.
 * What the container image gives it, made of this machine's own libraries.
 */
import { afterAll, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { gatewayCommand, RunningGateway } from "../helpers/gateway.ts";
import { alive, descendants, parentOf } from "../helpers/processes.ts";
import { get, textOf } from "../helpers/raw-http.ts";
import { RawSession } from "../helpers/raw-session.ts";
import { makeFolder } from "../helpers/run-program.ts";
import { SOON_MS, until } from "../helpers/wait.ts";

const USER = 65_532;
const PROGRAM = "/usr/local/bin/remote-mcp-proxy";
const [binary = ""] = gatewayCommand(true);
/** Mounts that end with the namespace: nothing of them is seen outside, nothing is to be undone. */
const enter = `set -e
mount --bind root root
mount --bind "$1" "root${PROGRAM}"
mount -t proc proc root/proc
mount -t tmpfs -o size=1m,mode=700,uid=${USER},gid=${USER} data root/data
mount -o remount,bind,ro root
exec chroot --userspec=${USER}:${USER} --groups= root "${PROGRAM}" --port 0`;

// The executable serves its own hidden demo here, as there is no other program to serve.
const config = {
  mcpServers: { demo: { command: PROGRAM, args: ["__demo"], cwd: "${SERVER_DATA}" } },
};

const folder = makeFolder({ "root/config/config.json": config });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Copies the shared libraries that the executable names to the same paths below `root`. */
async function copyLibraries(root: string): Promise<readonly string[]> {
  const listed = await Bun.spawn(["ldd", binary], { stdout: "pipe" }).stdout.text();
  const libraries = [...listed.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? "");
  for (const library of libraries)
    cpSync(library, join(root, library), { dereference: true, recursive: true });
  return libraries;
}

test("it serves from a read-only root without a shell, as a user without a name", async () => {
  const root = join(folder, "root");
  for (const path of ["proc", "data", dirname(PROGRAM)])
    mkdirSync(join(root, path), { recursive: true });
  writeFileSync(join(root, PROGRAM), "");
  const libraries = await copyLibraries(root);
  expect(libraries.map((path) => path.replace(/.*\//, "")).sort()).toEqual([
    expect.stringMatching(/^ld-linux/),
    "libc.so.6",
    "libdl.so.2",
    "libm.so.6",
    "libpthread.so.0",
  ]);
  for (const path of ["bin/sh", "tmp", "etc"]) expect(existsSync(join(root, path))).toBe(false);

  const gateway = new RunningGateway(
    ["unshare", "--pid", "--fork", "--mount", "--kill-child", "--"].concat([
      "sh",
      "-c",
      enter,
      "enter",
      resolve(binary),
    ]),
    folder,
    { PATH: process.env["PATH"] ?? "", DATA_DIR: "/data", LOG_LEVEL_SYSTEM: "DEBUG" },
  );
  try {
    await gateway.listening(SOON_MS);
    const pid = descendants(gateway.pid).find((each) => parentOf(each) === gateway.pid) ?? 0;
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    expect(status).toMatch(/^NSpid:\t\d+\t1$/m);
    expect(status).toMatch(new RegExp(`^Uid:\t${USER}\t${USER}\t`, "m"));

    const session = await RawSession.open(gateway.mcp("demo"));
    expect(textOf(await session.call("echo", { text: "hello" }))).toBe("hello");
    const berlin = await session.call("current_time", { timeZone: "Europe/Berlin" });
    expect(textOf(berlin)).toMatch(/CES?T|GMT\+[12]/);
    // Where there is no shell to ask for the size of a page.
    const look = async (): Promise<object | undefined> => {
      const { json } = await get(`${gateway.url}/health/resources`);
      return (json as { processes: readonly object[] }).processes[0];
    };
    const seen = await until(look, { what: "the process of the server is seen" });
    expect(seen).toMatchObject({ server: "demo", cpuPercent: expect.any(Number) });
    expect((seen as { memoryMB: number }).memoryMB).toBeGreaterThan(5);
    expect(gateway.stderr).not.toMatch(/WARNING|ERROR|getconf/);

    const all = descendants(pid);
    process.kill(pid, "SIGTERM");
    expect((await gateway.ended()).exitCode).toBe(0);
    await until(() => !all.some(alive), { what: "the namespace is empty" });
  } finally {
    await gateway.kill();
  }
});
