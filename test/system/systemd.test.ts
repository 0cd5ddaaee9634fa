/**
 * Under systemd the executable starts no guardian, as the control group of its unit ends whatever it
 * leaves; systemd says so by SYSTEMD_EXEC_PID. The variable is inherited by every program of a
 * session, so it counts only when it names the process itself.
 */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { gatewayCommand, RunningGateway } from "../helpers/gateway.ts";
import { descendants } from "../helpers/processes.ts";
import { makeFolder } from "../helpers/run-program.ts";
import { SOON_MS } from "../helpers/wait.ts";

test.each([
  ["names itself", "SYSTEMD_EXEC_PID=$$", 0],
  ["names its parent", "SYSTEMD_EXEC_PID=$PPID", 1],
  ["is absent", "", 1],
])("SYSTEMD_EXEC_PID that %s", async (_, setting, guardians) => {
  const folder = makeFolder();
  const [binary = ""] = gatewayCommand(true);
  const script = `export ${setting || "NOTHING="}; exec "$0" --port 0`;
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder, LOG_LEVEL_SYSTEM: "DEBUG" };
  await using gateway = new RunningGateway(["sh", "-c", script, binary], folder, env);
  await gateway.listening(SOON_MS);
  // The guardian is started right after the first child, long before that one is ready.
  await gateway.untilLogged(/\[demo\].*→ ready/);
  // The era probe is one process more for a moment.
  await gateway.untilLogged(/"demo" is not known to speak|"demo" speaks/);
  const lines = descendants(gateway.pid).map((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim(),
  );
  expect(lines.filter((line) => line.endsWith(" __demo")).length).toBe(1);
  expect(lines.filter((line) => line.endsWith(" __guardian")).length).toBe(guardians);
});
