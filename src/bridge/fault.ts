/**
 * Says what broke here, for the log; clients only learn that something did.
 */
import type { Emit } from "../kernel/event.ts";

/** Reports a fault in a request to a server. */
export function reportFault(emit: Emit, server: string, error: unknown): void {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  emit({
    kind: "gateway.notice",
    level: "ERROR",
    message: `fault in a request to ${server}: ${detail}`,
  });
}
