/**
 * T34: a server that runs as the gateway's own user, an ordinary one, reads neither the environment
 * nor the memory of the gateway. As root the tests become nobody for it.
 */
import { expect, test } from "bun:test";
import { chmodSync, chownSync, copyFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gatewayCommand, RunningGateway } from "../helpers/gateway.ts";
import { makeFolder } from "../helpers/run-program.ts";
import { SOON_MS, until } from "../helpers/wait.ts";

const NOBODY = 65_534;
const CANARY = "canary-of-the-gateway";
/** Says what it can read of its parent, then stays. */
const SPY = `{ id -u; cat /proc/$PPID/environ; dd if=/proc/$PPID/mem bs=1 count=1; ls /proc/$PPID/fd
  cat /proc/$PPID/stat; } >seen.part 2>&1; mv seen.part seen; exec cat`;

test("T34 a child of the same user reads neither environment nor memory of the gateway", async () => {
  const isRoot = process.getuid?.() === 0;
  const spy = { command: "sh", args: ["-c", SPY], cwd: "${SERVER_DATA}" };
  const folder = makeFolder({ "config.json": { mcpServers: { spy } } });
  // Others than root may not reach the folder that the tests run in.
  const program = join(folder, "program");
  copyFileSync(gatewayCommand(true)[0] ?? "", program);
  chmodSync(program, 0o755);
  if (isRoot) for (const path of [folder, program]) chownSync(path, NOBODY, NOBODY);
  const ordinary = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--"];
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder, OWN_SECRET: CANARY };
  const data = join(folder, "data");
  await using gateway = new RunningGateway(
    [...(isRoot ? ordinary : []), program, "--port", "0"],
    folder,
    { ...env, DATA_DIR: data },
  );
  await gateway.listening(SOON_MS);
  const seen = join(data, "servers/spy/seen");
  await until(() => existsSync(seen), { what: "the spy has looked" });
  const text = readFileSync(seen, "utf8");
  if (isRoot) expect(text).toMatch(new RegExp(`^${NOBODY}\n`));
  // It is really the gateway that it looked at, which anybody may see the state of.
  expect(text).toMatch(new RegExp(`^${gateway.pid} \\(`, "m"));
  expect(text).toMatch(/\/environ'?: Permission denied/);
  expect(text).toMatch(/\/mem'?: Permission denied/);
  expect(text).toMatch(/\/fd'?: Permission denied/);
  expect(text).not.toContain(CANARY);
  // The gateway itself goes on as before.
  expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
});
