/**
 * Pure. The rungs by which a child is ended: close stdin, SIGTERM, SIGKILL, each with its wait.
 *
 * Closing stdin comes first because it is how a stdio server is told to stop (MCP 2025-11-25,
 * basic/lifecycle#stdio); what ignores it is told more clearly. Signals go to the whole tree.
 */

/** The longest wait on each rung, in milliseconds. */
export interface StopTimes {
  /** Wait after stdin was closed. */
  readonly stdinMs: number;
  /** Wait after SIGTERM. */
  readonly termMs: number;
  /** Wait after SIGKILL, for the kernel only: nothing can refuse it. */
  readonly killMs: number;
}

/** Two seconds, three seconds, one second: six in all. */
export const DEFAULT_STOP_TIMES: StopTimes = { stdinMs: 2_000, termMs: 3_000, killMs: 1_000 };

/**
 * Once the leader is gone, the rest of its tree was orphaned by an orderly end: it gets this long on
 * a rung, not the whole wait. Time enough for `npx` to die before the server that it wraps has saved
 * its data, without keeping a stop waiting for a forgotten daemon.
 */
const ORPHAN_WAIT_MS = 500;

/** What a rung does. */
export type StopAction = "close-stdin" | "SIGTERM" | "SIGKILL";

/** One step of a stop: an action and the longest wait for what it brings about. */
export interface Rung {
  readonly action: StopAction;
  readonly waitMs: number;
}

/** The rungs in order; all waits are shortened alike when they do not fit into `budgetMs`. */
export function planStop(times: StopTimes, budgetMs: number): readonly Rung[] {
  const total = times.stdinMs + times.termMs + times.killMs;
  const scale = total > budgetMs ? Math.max(0, budgetMs) / total : 1;
  return [
    { action: "close-stdin", waitMs: Math.floor(times.stdinMs * scale) },
    { action: "SIGTERM", waitMs: Math.floor(times.termMs * scale) },
    { action: "SIGKILL", waitMs: Math.floor(times.killMs * scale) },
  ];
}

/** How long the rest of a tree may still take on a rung of which `leftMs` are left when its leader ended. */
export function orphanWaitMs(leftMs: number): number {
  return Math.max(0, Math.min(leftMs, ORPHAN_WAIT_MS));
}
