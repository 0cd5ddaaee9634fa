/**
 * The last changes of state of each server, from the stream of events: what was, and why.
 */
import type { GatewayEvent } from "../kernel/event.ts";
import type { StateChange } from "../kernel/server-health.ts";

/** Changes that are kept of one server. */
const MAX_CHANGES = 20;
/** Servers that are kept; the one that changed longest ago gives way. */
const MAX_SERVERS = 1_000;

/** Owns the changes. */
export class StateHistory {
  readonly #wallMs: () => number;
  readonly #servers = new Map<string, StateChange[]>();

  constructor(wallMs: () => number) {
    this.#wallMs = wallMs;
  }

  /** Takes any event; keeps changes of state, but for those of throw-away processes. */
  record(event: GatewayEvent): void {
    if (event.kind !== "instance.state" || event.instance === "probe") return;
    const { server, instance, from, to, cause, why } = event;
    const changes = this.#servers.get(server) ?? [];
    changes.push({ atMs: this.#wallMs(), instance, from, to, cause, why });
    if (changes.length > MAX_CHANGES) changes.shift();
    this.#servers.delete(server);
    this.#servers.set(server, changes);
    if (this.#servers.size <= MAX_SERVERS) return;
    for (const oldest of this.#servers.keys()) {
      this.#servers.delete(oldest);
      return;
    }
  }

  /** The changes of a server, oldest first. */
  of(server: string): readonly StateChange[] {
    return this.#servers.get(server) ?? [];
  }
}
