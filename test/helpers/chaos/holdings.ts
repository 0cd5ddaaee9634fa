/** What a gateway holds at rest: descriptors and memory, read from /proc. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { descendants } from "../processes.ts";
import { until } from "../wait.ts";

const LOG_FILES = "log files";
/** What is left of `/proc/1234/stat` without its number. */
const SAMPLED = "/proc//stat";
const AT_REST_MS = 8_000;

/**
 * How many descriptors of each kind, in words. Two kinds are only bounded: those that the sampler of
 * resources holds for a minute, by the number of processes, and files of the log, of which each server
 * has two once it was in it.
 */
export function descriptorsOf(
  pid: number,
  logFiles: { readonly folder: string; readonly most: number },
): string {
  const kinds = new Map<string, number>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    let target: string;
    try {
      target = readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      continue; // closed meanwhile
    }
    const kind = target.startsWith(`${logFiles.folder}/`)
      ? LOG_FILES
      : target.replace(/\[?\d+\]?/g, "").replace(/:$/, "");
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const sampled = kinds.get(SAMPLED) ?? 0;
  kinds.delete(SAMPLED);
  const most = descendants(pid).length + 1;
  if (sampled > most) kinds.set(`more than ${most} ${SAMPLED}`, sampled);
  const files = kinds.get(LOG_FILES) ?? 0;
  kinds.delete(LOG_FILES);
  if (files > logFiles.most) kinds.set(`more than ${logFiles.most} ${LOG_FILES}`, files);
  return [...kinds.entries()]
    .map(([kind, count]) => `${kind}: ${count}`)
    .sort()
    .join(", ");
}

/** What it holds at rest: the least, once that has not become less for a while. */
export async function leastMemory(pid: number, deadlineMs: number): Promise<number> {
  let least = Infinity;
  let sinceMs = performance.now();
  await until(
    () => {
      const now = memoryOf(pid);
      if (now < least - 1024 * 1024) sinceMs = performance.now();
      least = Math.min(least, now);
      return performance.now() - sinceMs > AT_REST_MS;
    },
    { deadlineMs, what: "memory is at rest" },
  );
  return least;
}

/** Resident bytes that are its own. */
export function memoryOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const kilobytes = [...text.matchAll(/^Private_\w+: +(\d+) kB$/gm)].map((match) =>
    Number(match[1]),
  );
  return kilobytes.reduce((total, one) => total + one, 0) * 1024;
}
