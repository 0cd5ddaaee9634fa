/**
 * Tells a SIGKILL of the kernel for lack of memory from any other: the kernel counts its own, for the
 * control group where there is one, else for the whole machine. Without a counter nothing is claimed.
 *
 * A kill that is counted belongs to the next child that is found dead by SIGKILL. What no child's end
 * explains (a grandchild was taken) is forgotten after a while, so that it does not explain another's.
 */
import { readFileSync } from "node:fs";

/** Owns how many of the counted kills are explained. */
export class OomWatch {
  readonly #read: () => number | undefined;
  #explained: number | undefined;
  #atLastForget: number | undefined;

  /** @param read the count of kills for lack of memory so far; undefined when it cannot be known */
  constructor(read: () => number | undefined) {
    this.#read = read;
    this.#explained = this.#atLastForget = read();
  }

  /** True when the kernel has counted a kill that no other end explains yet. */
  claim(): boolean {
    const count = this.#read();
    if (count === undefined || this.#explained === undefined || count <= this.#explained) {
      return false;
    }
    this.#explained++;
    return true;
  }

  /** Forgets kills that nobody has claimed since the last time. */
  forget(): void {
    const before = this.#atLastForget;
    this.#atLastForget = this.#read();
    if (before === undefined || this.#explained === undefined) return;
    this.#explained = Math.max(this.#explained, before);
  }
}

const ROOT = "/sys/fs/cgroup";

/** The best counter of this system: of our control group (version 2, then 1), then of the machine. */
export function findOomCounter(read = readText): () => number | undefined {
  for (const path of counterFiles(read("/proc/self/cgroup") ?? "")) {
    const count = (): number | undefined => countIn(read(path));
    if (count() !== undefined) return count;
  }
  return () => undefined;
}

/** Files that may hold the count; in a container the path of the group may be the host's or `/`. */
function counterFiles(groups: string): readonly string[] {
  const files: string[] = [];
  for (const line of groups.split("\n")) {
    const [, controllers, path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    const own = path === "/" ? "" : path;
    if (controllers === "") {
      files.unshift(`${ROOT}${own}/memory.events`, `${ROOT}/memory.events`);
    } else if (controllers?.split(",").includes("memory") === true) {
      files.push(`${ROOT}/memory${own}/memory.oom_control`, `${ROOT}/memory/memory.oom_control`);
    }
  }
  return [...files, "/proc/vmstat"];
}

function countIn(text: string | undefined): number | undefined {
  const count = /^oom_kill (\d+)$/m.exec(text ?? "")?.[1];
  return count === undefined ? undefined : Number(count);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined; // no such counter on this system: the next one is asked
  }
}
