/**
 * Helpers about processes: which are alive, which descend from which, what they hold open.
 *
 * Reads /proc by itself, so that it can contradict the code under test.
 */
import { readdirSync, readFileSync } from "node:fs";

interface Seen {
  readonly state: string;
  readonly ppid: number;
  readonly session: number;
}

function look(pid: number | string): Seen | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [state, ppid, , session] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: state ?? "?", ppid: Number(ppid), session: Number(session) };
  } catch {
    return undefined; // no such process
  }
}

/** True while the process runs; a zombie does not. */
export function alive(pid: number): boolean {
  const seen = look(pid);
  return seen !== undefined && seen.state !== "Z" && seen.state !== "X";
}

/** True while the number is taken, also by a zombie. */
export function exists(pid: number): boolean {
  return look(pid) !== undefined;
}

/** The parent of a process. */
export function parentOf(pid: number): number | undefined {
  return look(pid)?.ppid;
}

/** The session that a process is in. */
export function sessionOf(pid: number): number | undefined {
  return look(pid)?.session;
}

/** Children, their children and so on, zombies included. */
export function descendants(pid: number): readonly number[] {
  const all = allPids().map((each) => ({ each, ppid: look(each)?.ppid }));
  const found = new Set<number>([pid]);
  for (let size = 0; size !== found.size;) {
    size = found.size;
    for (const { each, ppid } of all) if (ppid !== undefined && found.has(ppid)) found.add(each);
  }
  found.delete(pid);
  return [...found];
}

/** Zombies that wait for `parent`. */
export function zombiesOf(parent: number): readonly number[] {
  return allPids().filter((pid) => {
    const seen = look(pid);
    return seen?.ppid === parent && seen.state === "Z";
  });
}

/** Open descriptors of a process. */
export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Ends a process that a test started; that it is gone already is fine. */
export function killPid(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // gone already
  }
}

function allPids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}
