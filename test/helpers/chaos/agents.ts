/**
 * Those who make trouble for a gateway: each waits for what its last deed led to before the next one,
 * so that the pace is the gateway's own.
 */
import { readFileSync, writeFileSync } from "node:fs";
import type { RunningGateway } from "../gateway.ts";
import { alive, descendants } from "../processes.ts";
import { until } from "../wait.ts";

/** Long for what follows at once, short for a run of two minutes. */
const REACTION_MS = 20_000;

/** Chance that can be repeated: the same seed, the same choices. */
export type Random = () => number;

/** A generator of numbers from 0 to 1 (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Processes of servers: what runs a fixture. */
export function serverProcesses(gateway: RunningGateway): readonly number[] {
  return descendants(gateway.pid).filter((pid) => commandLine(pid).includes("/fixtures/servers/"));
}

/** Every process of the machine that was started with this variable. */
export function processesWith(variable: string, among: readonly number[]): readonly number[] {
  return among.filter((pid) => alive(pid) && environment(pid).includes(variable));
}

/** Kills one process of a server after the other by SIGKILL. @returns how many */
export async function killer(
  gateway: RunningGateway,
  rounds: number,
  random: Random,
): Promise<number> {
  for (let round = 0; round < rounds; round++) {
    const pid = await until(() => oneOf(serverProcesses(gateway), random), {
      deadlineMs: REACTION_MS,
    });
    send(pid, "SIGKILL");
    await until(() => !alive(pid), { deadlineMs: REACTION_MS, what: `${pid} is gone` });
    // Somebody else must be there to be killed: not one server is down for long.
    await until(() => serverProcesses(gateway).length > 3, { deadlineMs: REACTION_MS });
  }
  return rounds;
}

/** Stops one after the other by SIGSTOP, and waits until the gateway has noticed and ended it. */
export async function stopper(
  gateway: RunningGateway,
  rounds: number,
  random: Random,
): Promise<number> {
  for (let round = 0; round < rounds; round++) {
    const pid = await until(() => oneOf(serverProcesses(gateway), random), {
      deadlineMs: REACTION_MS,
    });
    send(pid, "SIGSTOP");
    await until(() => !alive(pid), {
      deadlineMs: REACTION_MS,
      what: `the stopped ${pid} is ended`,
    });
  }
  return rounds;
}

/** Writes one text after the other into the config file, each once the one before was read. */
export async function rewriter(
  gateway: RunningGateway,
  path: string,
  texts: readonly string[],
): Promise<number> {
  const readings = (): number =>
    gateway.stderr.match(/configuration (?:read again|not taken)/g)?.length ?? 0;
  for (const text of texts) {
    const before = readings();
    writeFileSync(path, text);
    await until(() => readings() > before, { deadlineMs: REACTION_MS, what: "the file is read" });
  }
  return texts.length;
}

function oneOf(pids: readonly number[], random: Random): number | undefined {
  return pids[Math.floor(random() * pids.length)];
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself meanwhile.
  }
}

function commandLine(pid: number): string {
  return readProc(pid, "cmdline");
}

function environment(pid: number): string {
  return readProc(pid, "environ");
}

function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8").replaceAll("\0", " ");
  } catch {
    return ""; // gone
  }
}
