/**
 * Pure. Why an instance changes its state, for programs; the words for people are exit-text.ts's.
 */
import type { StateCause } from "../kernel/health-event.ts";
import type { GatewayError } from "../kernel/error.ts";
import type { ChildExit } from "./model.ts";
import { errorCodeOf } from "./spawn-failure.ts";

/** A cause with its words. */
export interface Reason {
  readonly why: StateCause;
  readonly text: string;
}

/** Of an incarnation that was given up while it was being prepared. */
export const NOT_STARTED: Reason = { why: { kind: "released" }, text: "it was not started yet" };

const SIGKILL_STATUS = 137;

/**
 * True for an end that may be the kernel's doing for lack of memory: SIGKILL that nobody here sent,
 * or a shell's or launcher's word for that.
 */
export function mayBeOutOfMemory({ exitCode, signal, expected }: ChildExit): boolean {
  return !expected && (signal === "SIGKILL" || exitCode === SIGKILL_STATUS);
}

/** The cause of an end that nobody here asked for. */
export function exitCause(exit: ChildExit, isOutOfMemory: boolean): StateCause {
  const { exitCode, signal } = exit;
  const how = signal === null ? { exitCode } : { signal };
  if (isOutOfMemory) return { kind: "out-of-memory", ...how };
  return signal === null ? { kind: "exit", exitCode } : { kind: "signal", signal };
}

/** The cause of a start that was refused. */
export function spawnErrorCause(error: GatewayError | undefined): StateCause {
  const errorCode = errorCodeOf(error?.cause);
  return { kind: "spawn-error", ...(errorCode === undefined ? {} : { errorCode }) };
}
