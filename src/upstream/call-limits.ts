/**
 * Pure. Which calls count against a child's slots, and what callers are told at a limit.
 */
import { GatewayError } from "../kernel/error.ts";
import type { Call } from "./call.ts";

/** Probes pass the queue by; what stands open for long must not use up the slots. */
export function needsNoSlot(call: Call): boolean {
  return call.urgent === true || call.standing === true;
}

/** A call whose time is over; `waited` when it never reached the child. */
export function timedOut(server: string, call: Call, waited: boolean): GatewayError {
  const seconds = Math.round(call.timeoutMs / 100) / 10;
  const where = waited ? "was still waiting for a free slot" : "did not answer";
  const message = `Server "${server}" ${where} after ${seconds} s (${call.method})`;
  const { timeoutMs } = call;
  return new GatewayError("UPSTREAM_TIMEOUT", message, { retryable: true, data: { timeoutMs } });
}

/** One call more than may run and wait. */
export function overloaded(limits: {
  readonly server: string;
  readonly maxInFlight: number;
  readonly maxQueue: number;
}): GatewayError {
  const { server, maxInFlight, maxQueue } = limits;
  const message = `Server "${server}" is busy: ${maxInFlight} requests run and ${maxQueue} wait; try again later`;
  return new GatewayError("OVERLOADED", message, { retryable: true });
}

/** An answer that cannot be relayed, and why. */
export function brokenAnswer(server: string, why: string): GatewayError {
  const message = `Server "${server}" answered with ${why}`;
  return new GatewayError("UPSTREAM_PROTOCOL", message, { retryable: false });
}
