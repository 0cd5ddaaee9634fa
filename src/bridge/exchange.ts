/**
 * Pure. What the bridge needs of a client's request while it runs, whatever the HTTP binding.
 */
import { GatewayError } from "../kernel/error.ts";
import { INTERNAL_ERROR } from "../wire/error-codes.ts";
import { textError, type Outgoing } from "../wire/message.ts";

export interface Exchange {
  /** A reader is there now, and takes more than the answer. */
  readonly connected: boolean;
  /**
   * Gives the one answer. `id` is the request's id as JSON text; `status` the HTTP status where the
   * era has one for it. Called at most once.
   */
  answer(message: Outgoing, id: string, status?: number): void;
  /** Sends something that belongs to the request before its answer; false when this one cannot. */
  relate(message: Outgoing): boolean;
  /** Ends without an answer: the client has cancelled. */
  abandon(): void;
}

/** An own fault as the error of a request (architecture.md 3.2). */
export function failureAnswer(id: string | undefined, error: unknown): Outgoing {
  if (error instanceof GatewayError) {
    const gateway = { code: error.code, retryable: error.retryable, ...error.data };
    return textError(id, INTERNAL_ERROR, error.message, { gateway });
  }
  return textError(id, INTERNAL_ERROR, "Internal error of the gateway; see its log");
}
