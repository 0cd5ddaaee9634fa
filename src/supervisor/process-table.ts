/**
 * Reads the process table of Linux from /proc: one snapshot for all who ask within a moment, since
 * many children are stopped at once, and the mark that we put into the environment of each child.
 *
 * Elsewhere (macOS) there is no /proc: `snapshot` is undefined, and only process groups are known.
 */
import { readdirSync, readFileSync } from "node:fs";
import type { Clock } from "../kernel/clock.ts";
import { parseStat, type ProcessEntry, type ProcessTable } from "./process-tree.ts";

/**
 * The variable that every process of a child's tree inherits, so that it is known even after setsid,
 * a double fork and the death of its parents. The value is `<token of the gateway>.<number>`.
 */
export const MARK_VARIABLE = "REMOTE_MCP_PROXY_CHILD";

/** Younger snapshots are shared. */
const SHARE_MS = 10;

/** Reads the process table, at most once in a moment for those who poll. */
export class ProcessTableReader {
  readonly #clock: Clock;
  #last: ProcessTable | undefined;
  #lastAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The process table as it is now; undefined where there is no /proc. */
  read(): ProcessTable | undefined {
    this.#last = readProcessTable();
    this.#lastAtMs = this.#clock.nowMs();
    return this.#last;
  }

  /** The process table as it was a moment ago at most: good for polling, not for the last look. */
  recent(): ProcessTable | undefined {
    const fresh = this.#clock.nowMs() - this.#lastAtMs < SHARE_MS;
    return fresh ? this.#last : this.read();
  }
}

/** All processes that can be seen; undefined where there is no /proc. About 5 µs for each process. */
export function readProcessTable(): ProcessTable | undefined {
  let names: string[];
  try {
    names = readdirSync("/proc");
  } catch {
    return undefined; // no /proc on this system: that is the answer
  }
  const table = new Map<number, ProcessEntry>();
  for (const name of names) {
    const first = name.charCodeAt(0);
    if (first < 48 || first > 57) continue;
    const entry = readEntry(name);
    if (entry !== undefined) table.set(entry.pid, entry);
  }
  return table.size === 0 ? undefined : table;
}

/** One process, undefined when it is gone or there is no /proc. */
export function readEntry(pid: number | string): ProcessEntry | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return undefined; // it ended between the listing and the look: the same as not being there
  }
}

/** The mark that a process inherited from us; undefined when it has none or may not be read. */
export function readMark(pid: number): string | undefined {
  let environment: string;
  try {
    environment = readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return undefined; // gone, or another user's: not one that we may judge
  }
  const start = `${MARK_VARIABLE}=`;
  for (const variable of environment.split("\0")) {
    if (variable.startsWith(start)) return variable.slice(start.length);
  }
  return undefined;
}
