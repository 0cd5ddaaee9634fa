/**
 * What processes cost, read from /proc: the whole tree of a contender, the benchmark's own child left
 * out where only the relay counts.
 */
import { readdirSync, readFileSync } from "node:fs";

export interface Usage {
  /** User and system time of all processes but the child's. */
  readonly relayCpuMs: number;
  readonly relayRssBytes: number;
  /** Memory that no other process shares, of all but the child's. */
  readonly relayPrivateBytes: number;
  readonly processes: number;
}

const TICK_MS = 10;
const PAGE_BYTES = 4096;

/** Pids of a tree, its root first. */
export function treeOf(root: number): readonly number[] {
  const parents = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const parent = Number(fieldsOf(Number(name))?.[1]);
    parents.set(parent, [...(parents.get(parent) ?? []), Number(name)]);
  }
  const found = [root];
  for (const pid of found) found.push(...(parents.get(pid) ?? []));
  return found;
}

/** What the tree uses now. */
export function usageOf(root: number): Usage {
  const pids = treeOf(root);
  const relay = pids.filter((pid) => !isChild(pid));
  let relayCpuMs = 0;
  let relayRssBytes = 0;
  let relayPrivateBytes = 0;
  for (const pid of relay) {
    const fields = fieldsOf(pid);
    if (fields === undefined) continue;
    relayCpuMs += (Number(fields[11]) + Number(fields[12])) * TICK_MS;
    relayRssBytes += Number(fields[21]) * PAGE_BYTES;
    relayPrivateBytes += privateOf(pid);
  }
  return { relayCpuMs, relayRssBytes, relayPrivateBytes, processes: pids.length };
}

/** The highest resident size that the root process ever had. */
export function peakOf(pid: number): number {
  const peak = /VmHWM:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`))?.[1];
  return Number(peak ?? 0) * 1024;
}

function isChild(pid: number): boolean {
  return read(`/proc/${pid}/cmdline`).split("\0")[1]?.endsWith("bench/child.ts") === true;
}

function privateOf(pid: number): number {
  const text = read(`/proc/${pid}/smaps_rollup`);
  const kilobytes = [...text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB/gm)].map((match) =>
    Number(match[1]),
  );
  return kilobytes.reduce((sum, value) => sum + value, 0) * 1024;
}

/** Fields of /proc/PID/stat behind the name; undefined when the process is gone. */
function fieldsOf(pid: number): readonly string[] | undefined {
  const text = read(`/proc/${pid}/stat`);
  const end = text.lastIndexOf(")");
  return end < 0 ? undefined : text.slice(end + 2).split(" ");
}

/** "" for a process that has gone. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (
      error instanceof Error &&
      "code" in error &&
      (error.code === "ENOENT" || error.code === "ESRCH" || error.code === "EACCES")
    )
      return "";
    throw error;
  }
}
