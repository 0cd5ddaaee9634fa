/**
 * Says what broke here, for the log; clients only learn that something did.
 */
import { GatewayError } from "../kernel/error.ts";
import type { Emit } from "../kernel/event.ts";
import type { Message } from "../wire/message.ts";
import type { Era } from "../wire/revision.ts";
import { failureAnswer } from "./exchange.ts";
import type { ModernRequest } from "./modern-request.ts";

/** Reports a fault in a request to a server. */
export function reportFault(emit: Emit, server: string, error: unknown): void {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  emit({
    kind: "gateway.notice",
    level: "ERROR",
    message: `fault in a request to ${server}: ${detail}`,
  });
}

/** What is known of a request that no conversation has taken. */
export interface RefusedFacts {
  readonly era: Era;
  readonly outcome: "failed" | "refused";
  readonly durationMs: number;
}

/** The end of such a request. Its session, if it named one, is not known to exist. */
export function reportRefused(
  emit: Emit,
  server: string,
  { method, id = "null" }: Message,
  facts: RefusedFacts,
): void {
  emit({ kind: "request.settled", server, sessionRef: undefined, method, id, ...facts });
}

/** What a caller is told when the server has as much to do as it may. */
export function tooMuch(server: string): GatewayError {
  const text = `Server "${server}" has too much to do already; try again later`;
  return new GatewayError("OVERLOADED", text, { retryable: true });
}

/** Answers a request of a modern client that finds no child. @returns what to do when it leaves */
export function refuseModern(
  emit: Emit,
  server: string,
  { message, exchange }: ModernRequest,
  error: unknown,
): () => void {
  if (!(error instanceof GatewayError)) reportFault(emit, server, error);
  reportRefused(emit, server, message, { era: "modern", outcome: "failed", durationMs: 0 });
  const id = message.id ?? "null";
  exchange.answer(failureAnswer(id, error), id, 503);
  return () => undefined;
}
