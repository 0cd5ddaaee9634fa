/**
 * Pure. The words in which pages, logs and errors speak of an incarnation that ended and of an
 * instance that cannot serve.
 */
import { GatewayError } from "../kernel/error.ts";
import type { InstanceState } from "../kernel/event.ts";
import type { ChildExit } from "./model.ts";

/** "exited with code 1", "ended by SIGKILL". */
export function exitText({ exitCode, signal }: ChildExit): string {
  if (signal !== null) return `ended by ${signal}`;
  return exitCode === null ? "ended without a known exit code" : `exited with code ${exitCode}`;
}

/** The same, followed by the last line that the child wrote to stderr. */
export function exitTextWithStderr(exit: ChildExit): string {
  const last = exit.stderrTail.at(-1);
  return last === undefined ? exitText(exit) : `${exitText(exit)}: ${last}`;
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
