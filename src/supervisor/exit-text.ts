/**
 * Pure. The words in which pages, logs and errors speak of an incarnation that ended and of an
 * instance that cannot serve.
 */
import { GatewayError } from "../kernel/error.ts";
import type { InstanceState } from "../kernel/event.ts";
import type { ChildExit } from "./model.ts";

/** "exited with code 1", "ended by SIGKILL"; what else is known of a SIGKILL that we did not send. */
export function exitText(exit: ChildExit, isOutOfMemory = false): string {
  if (isOutOfMemory) return `${plainText(exit)}: the kernel was out of memory`;
  const isForeign = exit.signal === "SIGKILL" && !exit.expected;
  return isForeign ? `${plainText(exit)}, which was not sent from here` : plainText(exit);
}

function plainText({ exitCode, signal }: ChildExit): string {
  if (signal !== null) return `ended by ${signal}`;
  return exitCode === null ? "ended without a known exit code" : `exited with code ${exitCode}`;
}

/** The same, followed by the last line that the child wrote to stderr. */
export function exitTextWithStderr(exit: ChildExit, isOutOfMemory = false): string {
  const last = exit.stderrTail.at(-1);
  const text = exitText(exit, isOutOfMemory);
  return last === undefined ? text : `${text}: ${last}`;
}

/** Why an instance cannot serve now. */
export interface Unavailability {
  /** What the server does or did not: "is stopped". */
  readonly what: string;
  readonly state: InstanceState;
  readonly lastError: string | undefined;
  readonly retryInMs: number | undefined;
}

/** UPSTREAM_UNAVAILABLE; retryable unless the instance has failed for good. */
export function unavailable({ what, state, lastError, retryInMs }: Unavailability): GatewayError {
  const why = lastError === undefined ? "" : ` (${lastError})`;
  return new GatewayError("UPSTREAM_UNAVAILABLE", `The server ${what}${why}.`, {
    retryable: state !== "failed" || retryInMs !== undefined,
    data: { state, ...(retryInMs === undefined ? {} : { retryInMs: Math.ceil(retryInMs) }) },
  });
}

/** DRAINING. */
export function draining(): GatewayError {
  return new GatewayError("DRAINING", "The gateway is stopping.", { retryable: true });
}
