/**
 * Pure. Which processes belong to a child: its process group, its session, its descendants, and what
 * descends from those, judged from one reading of the process table.
 *
 * A leader is started in a session of its own, so every session and group found inside its tree was
 * made inside it; that is what finds a grandchild that called setsid and whose parent has died.
 */

/** One process as proc(5) tells it. */
export interface ProcessEntry {
  readonly pid: number;
  /** One letter of proc(5); `Z` and `X` are dead. */
  readonly state: string;
  readonly ppid: number;
  readonly pgrp: number;
  readonly session: number;
  /** Clock ticks since boot; with the pid it names a process for ever. */
  readonly startTicks: number;
}

/** One reading of all processes, by pid. */
export type ProcessTable = ReadonlyMap<number, ProcessEntry>;

/** The process as which a child was started; `startTicks` undefined when it was gone too soon to read. */
export interface Leader {
  readonly pid: number;
  readonly startTicks: number | undefined;
}

/** Reads the text of /proc/<pid>/stat; undefined when it is no such text. The name may hold any character. */
export function parseStat(text: string): ProcessEntry | undefined {
  const afterName = text.lastIndexOf(")");
  const pid = Number.parseInt(text, 10);
  const fields = text.slice(afterName + 2).split(" ");
  const [state, ppid, pgrp, session] = fields;
  const startTicks = Number(fields[19]);
  if (afterName < 0 || state === undefined || !Number.isInteger(pid)) return undefined;
  if (!Number.isFinite(startTicks)) return undefined;
  return {
    pid,
    state,
    ppid: Number(ppid),
    pgrp: Number(pgrp),
    session: Number(session),
    startTicks,
  };
}

/** False for zombies: they hold nothing and cannot be signalled. */
export function isRunning(entry: ProcessEntry): boolean {
  return entry.state !== "Z" && entry.state !== "X";
}

/** True when the leader's number now names another process, so that nothing may be concluded from it. */
export function isRecycled(table: ProcessTable, leader: Leader): boolean {
  const entry = table.get(leader.pid);
  if (entry === undefined) return false;
  return leader.startTicks === undefined || entry.startTicks !== leader.startTicks;
}

/** Whose trees are looked for, and where. */
export interface TreeQuery {
  readonly table: ProcessTable;
  readonly leaders: readonly Leader[];
  /** Processes known to belong to it by other evidence. */
  readonly others: Iterable<number>;
  /** Never part of a tree, nor is their session or group: ourselves and our guardian. */
  readonly spare: readonly number[];
}

/** All members of the trees, zombies included, in no order. */
export function findTree({ table, leaders, others, spare }: TreeQuery): readonly ProcessEntry[] {
  const spared = new Set<number>([0, 1, ...spare]);
  const ids = new Set<number>(); // of groups and sessions
  const pids = new Set<number>(others);
  for (const leader of leaders) {
    if (isRecycled(table, leader)) continue;
    pids.add(leader.pid);
    ids.add(leader.pid);
  }
  const foreign = new Set<number>([0, 1]);
  for (const pid of spare) {
    const own = table.get(pid);
    if (own !== undefined) foreign.add(own.session).add(own.pgrp);
  }
  const members = new Map<number, ProcessEntry>();
  let size = -1;
  while (members.size !== size) {
    size = members.size;
    for (const entry of table.values()) {
      if (members.has(entry.pid) || spared.has(entry.pid)) continue;
      const related =
        pids.has(entry.pid) ||
        pids.has(entry.ppid) ||
        ids.has(entry.session) ||
        ids.has(entry.pgrp);
      if (!related) continue;
      members.set(entry.pid, entry);
      pids.add(entry.pid);
      if (!foreign.has(entry.session)) ids.add(entry.session);
      if (!foreign.has(entry.pgrp)) ids.add(entry.pgrp);
    }
  }
  return [...members.values()];
}
