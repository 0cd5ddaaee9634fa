/**
 * One line for each request that was refused before anybody could settle it: an unknown session, a
 * missing header, a full house.
 */
import { classifyMessage } from "../codec/classify.ts";
import type { Message } from "../wire/message.ts";
import { isRefusal } from "./answers.ts";
import type { Endpoint } from "./endpoint.ts";

/** Reports the requests of a body whose response is a refusal; others have been settled. */
export function reportRefused(
  response: Response,
  messages: readonly Message[],
  endpoint: Endpoint,
  facts: { readonly version: string | null; readonly startedMs: number },
): void {
  if (!isRefusal(response)) return;
  const outcome = response.status >= 500 ? "failed" : "refused";
  const durationMs = endpoint.clock.nowMs() - facts.startedMs;
  for (const message of messages) {
    if (message.kind !== "request") continue;
    const isModern = classifyMessage(message, facts.version).kind === "modern";
    const era = isModern ? "modern" : "legacy";
    endpoint.bridge.reportRefused(message, { era, outcome, durationMs });
  }
}
