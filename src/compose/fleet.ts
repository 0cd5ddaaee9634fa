/**
 * The servers that are served now, and their coming and going while the gateway runs.
 *
 * Sole writer of the set of endpoints. What leaves takes nothing new, may end what it has in flight
 * for a moment, and is gone when its last process is; only then does its successor begin, so that two
 * processes of one server never write the same files. Requests for it wait meanwhile.
 */
import type { Bridge } from "../bridge/bridge.ts";
import type { ServerConfig } from "../config/model.ts";
import type { Clock } from "../kernel/clock.ts";
import { GatewayError } from "../kernel/error.ts";
import type { SessionRegistry } from "../session/registry.ts";
import type { Endpoint } from "../transport/endpoint.ts";
import type { CreateEndpoint } from "./endpoints.ts";
import { drain } from "./timers.ts";

/** What the fleet is built with. */
export interface FleetOptions {
  readonly createEndpoint: CreateEndpoint;
  readonly registry: SessionRegistry;
  readonly clock: Clock;
  /** How long calls of a server that leaves may go on. */
  readonly drainMs: number;
  /** Whose child of a server starts without a request; undefined for nobody's. */
  readonly bootUser: (server: ServerConfig) => string | undefined;
}

export class Fleet {
  readonly #options: FleetOptions;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #probes = new Map<Endpoint, AbortController>();
  /** Bridges that leave; their calls have deadlines until they are gone. */
  readonly #leaving = new Set<Bridge>();
  /** Servers that their operator has stopped; a new entry does not start them either. */
  readonly #held = new Set<string>();
  /** Servers whose successor waits for them. */
  readonly #handovers = new Map<string, Promise<void>>();

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** By slug; changes while the gateway runs. */
  get endpoints(): ReadonlyMap<string, Endpoint> {
    return this.#endpoints;
  }

  /** All bridges, those that leave included. */
  *bridges(): Iterable<Bridge> {
    for (const { bridge } of this.#endpoints.values()) yield bridge;
    yield* this.#leaving;
  }

  /** Resolves when the server has changed hands; undefined when it stays with whom it is. */
  handover(slug: string): Promise<void> | undefined {
    return this.#handovers.get(slug);
  }

  /** Serves a server from now on. Its children start with `boot`. */
  add(server: ServerConfig): void {
    const probe = new AbortController();
    const endpoint = this.#options.createEndpoint(server, probe.signal);
    this.#probes.set(endpoint, probe);
    this.#endpoints.set(server.slug, endpoint);
  }

  /** Starts the children that a server has without being asked. */
  boot(slug: string): void {
    const bridge = this.#endpoints.get(slug)?.bridge;
    if (bridge === undefined || bridge.server.startOn === "demand") return;
    if (this.#held.has(slug)) return;
    // Servers whose every session has its own child have nothing to start before the first one.
    if (bridge.server.instances === "session") return;
    const user = this.#options.bootUser(bridge.server);
    if (user !== undefined) bridge.start(user);
  }

  /** The same for all, one in a turn of the event loop: nobody waits until the last has started. */
  async bootAll(servers: readonly ServerConfig[], isOver: () => boolean): Promise<void> {
    for (const { slug } of servers) {
      await new Promise((resolve) => setImmediate(resolve));
      if (isOver()) return;
      this.boot(slug);
    }
  }

  /** Serves a server no more. Resolves when nothing of it is left. */
  async remove(slug: string, reason: string): Promise<void> {
    const endpoint = this.#endpoints.get(slug);
    if (endpoint === undefined) return;
    this.#endpoints.delete(slug);
    this.#held.delete(slug);
    await this.#retire(endpoint, reason);
  }

  /** Serves a server with another entry. Resolves when the old one is gone and the new one starts. */
  async replace(server: ServerConfig, reason: string): Promise<void> {
    const { slug } = server;
    const old = this.#endpoints.get(slug);
    const done = Promise.withResolvers<void>();
    this.#handovers.set(slug, done.promise);
    try {
      if (old !== undefined) await this.#retire(old, reason);
      this.add(server);
      if (this.#held.has(slug)) await this.hold(slug);
      this.boot(slug);
    } finally {
      this.#handovers.delete(slug);
      done.resolve();
    }
  }

  /** The operator stops a server: no request starts it. Resolves when no process of it is left. */
  async hold(slug: string): Promise<void> {
    const bridge = this.#endpoints.get(slug)?.bridge;
    if (bridge === undefined) return;
    this.#held.add(slug);
    const text = `Server "${bridge.server.name}" is stopped by its operator`;
    await bridge.pool.bar(
      new GatewayError("UPSTREAM_UNAVAILABLE", text, { retryable: true }),
      "operator",
    );
  }

  /** The operator starts a server, or restarts it: fresh processes at once. */
  release(slug: string, how: "start" | "restart"): void {
    const pool = this.#endpoints.get(slug)?.bridge.pool;
    this.#held.delete(slug);
    if (how === "start") pool?.unbar();
    else pool?.restart("restarted by its operator");
    this.boot(slug);
  }

  async #retire(endpoint: Endpoint, reason: string): Promise<void> {
    const { registry, clock, drainMs } = this.#options;
    const { bridge } = endpoint;
    const { name, slug } = bridge.server;
    this.#leaving.add(bridge);
    this.#probes.get(endpoint)?.abort();
    this.#probes.delete(endpoint);
    const sessions = registry.retire(slug);
    try {
      await drain(() => [bridge], clock, drainMs);
      const text = `Server "${name}" ${reason}`;
      const stopped = bridge.pool.bar(
        new GatewayError("UPSTREAM_UNAVAILABLE", text, { retryable: false }),
      );
      for (const session of sessions) registry.close(session, text);
      bridge.endStateless(text);
      await stopped;
    } finally {
      this.#leaving.delete(bridge);
    }
  }
}
