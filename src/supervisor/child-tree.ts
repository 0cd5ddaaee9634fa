/**
 * All processes of one child: found, signalled, waited for. A child that is `npx` has the server as
 * its grandchild; whoever ends only the leader leaves the rest behind.
 *
 * It remembers whom it has seen, since the link from parent to child is lost when the parent ends.
 */
import type { Clock } from "../kernel/clock.ts";
import { type ProcessTableReader, readMark } from "./process-table.ts";
import {
  findTree,
  isRecycled,
  isRunning,
  type Leader,
  type ProcessEntry,
  type ProcessTable,
} from "./process-tree.ts";
import { orphanWaitMs, type Rung } from "./stop-ladder.ts";

const POLL_MS = 10;

/** What a tree is known by, and how it looks. */
export interface ChildTreeOptions {
  readonly leader: Leader;
  readonly mark: string;
  readonly selfPid: number;
  readonly processes: ProcessTableReader;
  /** True when orphans of our tree become our children, so that no others need a look. */
  readonly adoptsOrphans: () => boolean;
  /** True for processes that we started ourselves: leaders of trees, never orphans. */
  readonly isDirect: (pid: number) => boolean;
}

/** What the ladder needs of a child. */
export interface Stoppable {
  readonly dead: boolean;
  readonly died: Promise<void>;
  closeStdin(): void;
}

/** The leader of one incarnation and all that descends from it. */
export class ChildTree {
  readonly leader: Leader;
  readonly mark: string;
  readonly #options: ChildTreeOptions;
  /** pid → start, of every member but the leader that was ever seen. */
  readonly #seen = new Map<number, number>();

  constructor(options: ChildTreeOptions) {
    this.leader = options.leader;
    this.mark = options.mark;
    this.#options = options;
  }

  /** The members that were seen, without the leader; those that ended may be our zombies now. */
  get seen(): Iterable<number> {
    return this.#seen.keys();
  }

  /**
   * Remembers who belongs to the tree now. To be called before a stop: once the leader has heeded the
   * end of its stdin, the way from it to a grandchild with a session and environment of its own is lost.
   */
  remember(): void {
    const table = this.#options.processes.recent();
    if (table !== undefined) this.#members(table);
  }

  /** The processes of the tree that run now; only the leader where the system has no table of them. */
  running(): readonly number[] {
    const table = this.#options.processes.recent();
    if (table === undefined) return [this.leader.pid];
    return this.#members(table)
      .filter(isRunning)
      .map(({ pid }) => pid);
  }

  /** True while any process of the tree runs, as far as this system can tell. */
  isAlive(): boolean {
    const table = this.#options.processes.recent();
    return table === undefined ? this.#groupExists() : this.#members(table).some(isRunning);
  }

  /** Sends a signal to the group and to every member that has left it. Synchronous. */
  signal(name: "SIGTERM" | "SIGKILL"): void {
    const table = this.#options.processes.read();
    if (table === undefined) {
      send(-this.leader.pid, name);
      return;
    }
    const members = this.#members(table).filter(isRunning);
    const usesGroup = !isRecycled(table, this.leader);
    if (usesGroup && members.some(({ pgrp }) => pgrp === this.leader.pid)) {
      send(-this.leader.pid, name);
    }
    for (const { pid, pgrp } of members) {
      if (!usesGroup || pgrp !== this.leader.pid) send(pid, name);
    }
  }

  #members(table: ProcessTable): readonly ProcessEntry[] {
    const others: number[] = [];
    for (const [pid, startTicks] of this.#seen) {
      if (table.get(pid)?.startTicks === startTicks) others.push(pid);
      else this.#seen.delete(pid); // ended, and perhaps its number names a stranger by now
    }
    const { selfPid, adoptsOrphans, isDirect } = this.#options;
    const looksAtAll = !adoptsOrphans();
    for (const entry of table.values()) {
      const mayBeOrphan = looksAtAll || entry.ppid === selfPid;
      if (!mayBeOrphan || !isRunning(entry) || this.#seen.has(entry.pid)) continue;
      if (!isDirect(entry.pid) && readMark(entry.pid) === this.mark) others.push(entry.pid);
    }
    const members = findTree({ table, leaders: [this.leader], others, spare: [selfPid] });
    for (const { pid, startTicks } of members) {
      if (pid !== this.leader.pid) this.#seen.set(pid, startTicks);
    }
    return members;
  }

  #groupExists(): boolean {
    try {
      return process.kill(-this.leader.pid, 0);
    } catch {
      return false; // ESRCH: no such group. EPERM: only zombies are left in it (macOS).
    }
  }
}

/** Sends a signal; that the process ended a moment before is no failure. */
function send(pid: number, name: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, name);
  } catch {
    // ESRCH: gone already. EPERM: it changed its user; the caller sees by `isAlive` that it stays.
  }
}

/**
 * Climbs the rungs until no process of the tree is left. Resolves to false when some outlived them
 * all. After the leader's end the others get a short time, not the whole rung.
 */
export async function climb(
  rungs: readonly Rung[],
  child: Stoppable,
  tree: ChildTree,
  clock: Clock,
): Promise<boolean> {
  tree.remember();
  for (const { action, waitMs } of rungs) {
    if (action === "close-stdin") child.closeStdin();
    else tree.signal(action);
    const untilMs = clock.nowMs() + waitMs;
    if (!child.dead) await within(clock, waitMs, child.died);
    if (!child.dead) continue;
    const repeat = action === "SIGKILL" ? () => tree.signal("SIGKILL") : () => {};
    if (await isGone(tree, orphanWaitMs(untilMs - clock.nowMs()), clock, repeat)) return true;
  }
  return child.dead && !tree.isAlive();
}

/** Ends what a leader that died by itself has left behind; false when some of it cannot be ended in `waitMs`. */
export function killRest(tree: ChildTree, waitMs: number, clock: Clock): Promise<boolean> {
  tree.signal("SIGKILL");
  return isGone(tree, waitMs, clock, () => tree.signal("SIGKILL"));
}

async function isGone(
  tree: ChildTree,
  waitMs: number,
  clock: Clock,
  repeat: () => void,
): Promise<boolean> {
  const untilMs = clock.nowMs() + waitMs;
  while (tree.isAlive()) {
    if (clock.nowMs() >= untilMs) return false;
    await within(clock, POLL_MS, undefined);
    repeat(); // SIGKILL again: a process may have forked while its parent was being killed
  }
  return true;
}

/** Resolves with `event`, at the latest after `waitMs`. */
export function within(
  clock: Clock,
  waitMs: number,
  event: Promise<void> | undefined,
): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(waitMs, resolve);
    if (event === undefined) return;
    const finish = (): void => {
      timer.cancel();
      resolve();
    };
    event.then(finish, finish);
  });
}
