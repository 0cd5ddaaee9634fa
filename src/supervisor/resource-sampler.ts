/**
 * What all processes of all servers use: CPU from pidusage, which keeps the numbers of the last look
 * to compare with; memory and threads from /proc, where they do not depend on the page size; on
 * systems without /proc all of it from pidusage.
 *
 * Which processes belong to a server is found by our own walk (child-tree.ts). One look at a time.
 */
import { readdirSync, readFileSync } from "node:fs";
import type { ProcessUsage, ServerUsage } from "../kernel/health-event.ts";
import type { Instance } from "./model.ts";
import { parseStatus } from "./process-numbers.ts";

/** Processes that one look takes in. */
const MAX_PROCESSES = 1_000;
/** pidusage forgets a process, and closes its file, so long after the last look that missed it. */
const FORGET_FACTOR = 1.2;

interface Found {
  readonly server: string;
  readonly instance: string;
  readonly pid: number;
}

/** CPU in percent of one core since the last look, and memory in bytes. */
interface Numbers {
  readonly cpu: number;
  readonly memory: number;
}

/** Owns the look that is under way. */
export class ResourceSampler {
  readonly #instances: () => Iterable<Instance>;
  #running: Promise<readonly ServerUsage[]> | undefined;

  constructor(instances: () => Iterable<Instance>) {
    this.#instances = instances;
  }

  /**
   * One look; whoever asks while one is under way gets that one.
   * @param intervalMs how far looks are apart
   */
  sample(intervalMs: number): Promise<readonly ServerUsage[]> {
    this.#running ??= this.#look(intervalMs).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #look(intervalMs: number): Promise<readonly ServerUsage[]> {
    const found = [...this.#instances()].flatMap((instance) =>
      instance.processes().map((pid) => ({
        server: instance.server,
        instance: instance.label,
        pid,
      })),
    );
    const taken = found.slice(0, MAX_PROCESSES);
    if (taken.length === 0) return [];
    const numbers = await readNumbers(
      taken.map(({ pid }) => pid),
      Math.ceil(intervalMs * FORGET_FACTOR),
    );
    return byServer(taken, numbers);
  }
}

type NumbersByPid = Readonly<Record<string, Numbers | undefined>>;

/** Loaded with the first look: most of a start is over by then. */
async function readNumbers(pids: number[], maxage: number): Promise<NumbersByPid> {
  const { default: pidusage } = await import("pidusage");
  return pidusage(pids, { usePs: false, maxage });
}

function byServer(found: readonly Found[], numbers: NumbersByPid): readonly ServerUsage[] {
  const servers = new Map<string, ProcessUsage[]>();
  for (const each of found) {
    const usage = usageOf(each, numbers[each.pid]);
    if (usage === undefined) continue;
    const known = servers.get(each.server);
    if (known === undefined) servers.set(each.server, [usage]);
    else known.push(usage);
  }
  return [...servers].map(([server, processes]) => {
    const sum = (of: (one: ProcessUsage) => number): number =>
      processes.reduce((total, one) => total + of(one), 0);
    return {
      server,
      processes,
      residentBytes: sum((one) => one.residentBytes),
      virtualBytes: sum((one) => one.virtualBytes),
      cpuPercent: sum((one) => one.cpuPercent),
      threads: sum((one) => one.threads),
      descriptors: sum((one) => one.descriptors ?? 0),
    };
  });
}

/** Undefined for what ended between the walk and the look. */
function usageOf(found: Found, numbers: Numbers | undefined): ProcessUsage | undefined {
  const { pid, instance } = found;
  const status = readProcessNumbers(pid);
  if (numbers === undefined) return undefined;
  const { cpu, memory } = numbers;
  return {
    pid,
    ppid: status?.ppid ?? 0,
    name: status?.name ?? "",
    instance,
    residentBytes: status?.residentBytes ?? memory,
    virtualBytes: status?.virtualBytes ?? 0,
    cpuPercent: Number.isFinite(cpu) ? cpu : 0,
    threads: status?.threads ?? 0,
    descriptors: countDescriptors(pid),
  };
}

function readProcessNumbers(pid: number): ReturnType<typeof parseStatus> {
  try {
    return parseStatus(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return undefined; // it has ended, or there is no /proc: pidusage's numbers have to do
  }
}

function countDescriptors(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined; // it has ended, or it has changed its user: not for us to see
  }
}
