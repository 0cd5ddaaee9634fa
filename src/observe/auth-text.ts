/**
 * Pure. One line for a step of authorization: what happened, to whom, and the correlation id that
 * follows a client from its registration to its first call.
 */
import type { AuthEvent } from "../kernel/event.ts";

/** The line without level and server. Values are quoted, so that a name cannot pass for a field. */
export function authText(event: AuthEvent): string {
  const { step, outcome, correlation, user, client, reason } = event;
  const fields = Object.entries({ correlation, user, client, reason })
    .filter((field): field is [string, string] => field[1] !== undefined)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return [`auth ${step}${outcome === "ok" ? "" : " refused"}`, ...fields].join(" ");
}

/** The same as fields, for programs. */
export function authFields(event: AuthEvent): Readonly<Record<string, string | null>> {
  const { step, outcome, correlation, user, client, reason } = event;
  return {
    step,
    outcome,
    correlation: correlation ?? null,
    user: user ?? null,
    client: client ?? null,
    reason: reason ?? null,
  };
}
