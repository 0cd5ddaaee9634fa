/**
 * Pure. On which stream of its one recipient a child's message goes.
 *
 * stdio does not say which call a message belongs to. With one call running it is that one; hosted
 * clients are known to post only and never open the stand-alone stream, so a call's stream is the
 * fallback for everything (protocol.md 1.7).
 */
import { levelIndex, LOG_LEVELS } from "../wire/log-levels.ts";

export interface OutletFacts {
  /** Whether the message probably belongs to a running call. */
  readonly prefer: "call" | "session";
  /** Calls that run for this client. */
  readonly running: number;
  /** Whether the stand-alone stream is connected. */
  readonly standalone: boolean;
}

export type Outlet = "call" | "standalone";

/** The streams to try, in order; none when the message must wait. */
export function chooseOutlet(facts: OutletFacts): readonly Outlet[] {
  const { prefer, running, standalone } = facts;
  if (running === 0) return standalone ? ["standalone"] : [];
  if (!standalone) return ["call"];
  return prefer === "call" && running === 1 ? ["call", "standalone"] : ["standalone"];
}

/** Index of a log level, the least severe is 0; undefined for no level. */
export function logLevelIndex(level: string | undefined): number | undefined {
  return level === undefined ? undefined : levelIndex(level);
}

/** Name of a log level. */
export function logLevelName(index: number): string {
  return LOG_LEVELS[index] ?? "info";
}

/**
 * Whether a log message reaches a client of a shared child.
 * @param wanted the client's own level, undefined when it never set one
 * @param childLevel the level that the child was set to for somebody, undefined when never
 */
export function passesLogLevel(
  level: number | undefined,
  wanted: number | undefined,
  childLevel: number | undefined,
): boolean {
  if (level === undefined) return true;
  if (wanted !== undefined) return level >= wanted;
  // Nobody raised the volume: the child's own choice. Somebody did: not at this client's cost.
  return childLevel === undefined || level >= 1;
}
