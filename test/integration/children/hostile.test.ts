/** Servers that flood or fork: the gateway goes on, others are served, and nothing is left at the end. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { startGateway } from "../../helpers/gateway.ts";
import { alive } from "../../helpers/processes.ts";
import { textOf } from "../../helpers/raw-http.ts";
import { RawSession } from "../../helpers/raw-session.ts";
import { until } from "../../helpers/wait.ts";

const FORKS = 500;
const GIB = 1_073_741_824;
const MIB = 1_048_576;
const FLOOD_MS = 60_000;

/** Resident memory of a process, in bytes. */
function residentBytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
}

test("T42 a server that forks 500 processes: others are served, and none of them outlives the gateway", async () => {
  const loop = `i=0; while [ $i -lt ${FORKS} ]; do sleep 300 & i=$((i+1)); done; echo forked >&2; exec cat`;
  const gateway = await startGateway({
    servers: { bomb: { command: "sh", args: ["-c", loop] }, echo: fixtureServer("echo") },
  });
  let started: readonly number[] = [];
  try {
    await gateway.untilLogged(/\[bomb\].*stderr: forked/, FLOOD_MS);
    started = gateway.processes();
    expect(started.length).toBeGreaterThan(FORKS);
    const session = await RawSession.open(gateway.mcp("echo"));
    expect(textOf(await session.call("echo", { text: "still here" }))).toBe("still here");
  } finally {
    // Fails when a process is left.
    await gateway.stop();
  }
  expect(started.filter(alive)).toEqual([]);
});

test("T43 a server that writes one line of a gigabyte: memory stays bounded, others are served", async () => {
  const flood = `head -c ${GIB} /dev/zero | tr '\\0' x; echo; echo flooded >&2; exec cat`;
  await using gateway = await startGateway({
    servers: {
      flood: { command: "sh", args: ["-c", flood], maxLineBytes: "8MiB", startTimeout: "60s" },
      echo: fixtureServer("echo"),
    },
  });
  const session = await RawSession.open(gateway.mcp("echo"));
  const before = residentBytes(gateway.pid);
  let peak = before;
  await until(
    async () => {
      peak = Math.max(peak, residentBytes(gateway.pid));
      expect(textOf(await session.call("echo", { text: "x" }))).toBe("x");
      return /\[flood\].*stderr: flooded/.test(gateway.stderr);
    },
    { deadlineMs: FLOOD_MS, what: "the flood is over" },
  );
  expect(peak - before).toBeLessThan(256 * MIB);
  await gateway.untilLogged(/\[flood\].*skipped a line on stdout/);
});
