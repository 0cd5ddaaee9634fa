/**
 * Takes care of orphans: makes this process the subreaper of its descendants, waits for zombies that
 * nobody else waits for, and ends adopted processes whose instance is gone. Also what PID 1 needs.
 *
 * Linux only, by bun:ffi; where that fails it says so once and everything else goes on. It never
 * waits for a process that Bun started: that would take the exit status away from its owner.
 */
import { FFIType } from "bun:ffi";
import type { Clock, Timer } from "../kernel/clock.ts";
import { messageOf } from "../kernel/error.ts";
import type { Emit } from "../kernel/event.ts";
import { openLibc } from "./libc.ts";
import { type ProcessTableReader, readMark } from "./process-table.ts";
import { isRunning } from "./process-tree.ts";

const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;

const SWEEP_PERIOD_MS = 5_000;
const SOON_MS = 150;
/**
 * A zombie must be seen twice, this far apart, before it is taken: one that another part of this
 * program started is waited for by Bun within one turn of its loop.
 */
const RIPE_MS = 100;

interface Libc {
  readonly prctl: (option: number, value: bigint, a: bigint, b: bigint, c: bigint) => number;
  readonly waitpid: (pid: number, status: null, options: number) => number;
}

/** A zombie, and since when it is known. */
interface Sighting {
  readonly startTicks: number;
  readonly sinceMs: number;
}

/** What the reaper may know of the children that are not its own business. */
export interface ReaperOptions {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly selfPid: number;
  readonly platform: string;
  readonly processes: ProcessTableReader;
  readonly isDirect: (pid: number) => boolean;
  /** True for marks that we gave to children whose tree is gone or is being left alone no more. */
  readonly isStaleMark: (mark: string) => boolean;
}

/** Owns the zombies that nobody else waits for; finished after `stop`. */
export class Reaper {
  readonly #options: ReaperOptions;
  #libc: Libc | undefined;
  #isSubreaper = false;
  #isStarted = false;
  #periodic: Timer | undefined;
  #soon: Timer | undefined;
  /** Zombies of the last sweep by pid. */
  #unripe: ReadonlyMap<number, Sighting> = new Map();

  constructor(options: ReaperOptions) {
    this.#options = options;
  }

  /** True when orphaned descendants become our children. */
  get isSubreaper(): boolean {
    return this.#isSubreaper;
  }

  /** Becomes subreaper and begins to sweep; no effect when done before. */
  start(): void {
    if (this.#isStarted || this.#options.platform !== "linux") return;
    this.#isStarted = true;
    try {
      this.#libc = openFunctions();
      this.#isSubreaper = this.#libc.prctl(PR_SET_CHILD_SUBREAPER, 1n, 0n, 0n, 0n) === 0;
    } catch (thrown) {
      this.#notice(`Orphans cannot be reaped: ${messageOf(thrown)}.`);
      return;
    }
    if (!this.#isSubreaper) this.#notice("Orphans cannot be adopted: prctl was refused.");
    this.#periodic = this.#options.clock.every(SWEEP_PERIOD_MS, () => this.sweep());
  }

  /** Sweeps a moment from now: something has just ended. */
  sweepSoon(): void {
    if (this.#periodic === undefined || this.#soon !== undefined) return;
    this.#soon = this.#options.clock.after(SOON_MS, () => {
      this.#soon = undefined;
      this.sweep();
    });
  }

  /** Waits at once for those of `pids` that are our zombies; they must not be direct children. */
  reap(pids: Iterable<number>): void {
    const { processes, selfPid } = this.#options;
    if (this.#libc === undefined) return;
    const table = processes.recent();
    for (const pid of pids) {
      const entry = table?.get(pid);
      if (entry !== undefined && entry.ppid === selfPid) this.#wait(pid);
    }
  }

  /** One look at our children: ripe zombies are waited for, stray orphans ended. */
  sweep(): void {
    const { processes, selfPid, isDirect, isStaleMark, clock } = this.#options;
    const nowMs = clock.nowMs();
    const unripe = new Map<number, Sighting>();
    for (const entry of processes.read()?.values() ?? []) {
      const { pid, startTicks } = entry;
      if (entry.ppid !== selfPid || isDirect(pid)) continue;
      if (isRunning(entry)) {
        const mark = readMark(pid);
        if (mark !== undefined && isStaleMark(mark)) this.#end(pid);
        continue;
      }
      const before = this.#unripe.get(pid);
      const sinceMs = before?.startTicks === startTicks ? before.sinceMs : nowMs;
      if (nowMs - sinceMs < RIPE_MS || !this.#wait(pid)) unripe.set(pid, { startTicks, sinceMs });
    }
    this.#unripe = unripe;
    if (unripe.size > 0) this.sweepSoon();
  }

  /** Stops sweeping. The kernel flag stays: it is harmless and ends with the process. */
  stop(): void {
    this.#periodic?.cancel();
    this.#periodic = undefined;
    this.#soon?.cancel();
    this.#soon = undefined;
  }

  #wait(pid: number): boolean {
    if (this.#options.isDirect(pid)) return false;
    return this.#libc?.waitpid(pid, null, WNOHANG) === pid;
  }

  #end(pid: number): void {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      return; // it ended by itself between the look and the signal
    }
    this.sweepSoon();
  }

  #notice(message: string): void {
    this.#options.emit({ kind: "gateway.notice", level: "WARNING", message });
  }
}

function openFunctions(): Libc {
  const { i32, u64, ptr } = FFIType;
  return openLibc({
    prctl: { args: [i32, u64, u64, u64, u64], returns: i32 },
    waitpid: { args: [i32, ptr, i32], returns: i32 },
  });
}
