/**
 * The children of one server, in groups.
 *
 * Owns the links: one shared child for each (principal, capability fingerprint), started on demand
 * or at boot and restarted, and one child for each session that can be asked back (protocol.md
 * 9.1). Groups beyond the first are capped and end when nobody has used them for a while. While the
 * pool is barred no child of it starts, whoever asks.
 */
import type { ServerConfig } from "../config/model.ts";
import type { Clock } from "../kernel/clock.ts";
import { GatewayError } from "../kernel/error.ts";
import type { Emit } from "../kernel/event.ts";
import type { StoppedBy, Starter } from "../supervisor/model.ts";
import type { Era } from "../wire/revision.ts";
import { jsonBytes } from "../wire/message.ts";
import { GroupTable, keyOf, type Group } from "./group.ts";
import type { ProfileKey } from "./kept-server.ts";
import { Link, type CommonLinkOptions, type LinkEvents } from "./link.ts";
import type { Profile } from "./profile.ts";

export interface PoolOptions {
  readonly server: ServerConfig;
  readonly supervisor: Starter;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly maxJsonDepth: number;
  /** Emits the body of every message. */
  readonly traceBodies?: boolean;
  /** Params that open a connection to a shared child, as JSON text. */
  readonly openingParams: (era: Era, fingerprint: string) => string;
  /** What the last run learnt of such a child. */
  readonly keptProfile: (facts: ProfileKey) => Profile | undefined;
  /** The fingerprint of clients that declare nothing. */
  readonly baseFingerprint: string;
}

/** How the owner of the clients wants to be told what a group's child says and does. */
export type PoolEvents = (group: () => Group) => LinkEvents;

/** Shared children of one person, and of all people together. */
const MAX_GROUPS = 8;
const MAX_GROUPS_OF_ALL = 64;
const GROUP_IDLE_MS = 10 * 60_000;
/** Owner of what all people share; the same as without authentication, so that it is kept alike. */
const EVERYBODY = "local";

export class Pool {
  readonly #options: PoolOptions;
  readonly #groups = new GroupTable();
  readonly #own = new Set<Link>();
  #labels = 0;
  #lastOwnError: string | undefined;
  #barred: GatewayError | undefined;
  #resident: string | undefined;
  readonly #eventsFor: PoolEvents;

  constructor(options: PoolOptions, eventsFor: PoolEvents) {
    this.#options = options;
    this.#eventsFor = eventsFor;
  }

  /** Own children of sessions that are alive. */
  get ownCount(): number {
    return this.#own.size;
  }

  /** Why the last child of a session could not be started; undefined when it could. */
  get lastOwnError(): string | undefined {
    return this.#lastOwnError;
  }

  /** Why no child may run now; undefined when they may. */
  get barred(): GatewayError | undefined {
    return this.#barred;
  }

  groups(): readonly Group[] {
    return this.#groups.all();
  }

  /** Every link of this server. */
  links(): readonly Link[] {
    return [...this.groups().map((group) => group.link), ...this.#own];
  }

  /** The shared child of clients that declare nothing. */
  base(principal: string): Group {
    return this.group(principal, this.#options.baseFingerprint);
  }

  /**
   * The shared child for a principal and a fingerprint, made when there is none.
   * @param lease number of a further process of the same kind, 0 for the first
   * @throws GatewayError OVERLOADED when all groups are in use
   */
  group(principal: string, fingerprint: string, era: Era = "legacy", lease = 0): Group {
    const owner = this.#ownerOf(principal);
    const known = this.#groups.get({ era, fingerprint, principal: owner }, lease);
    if (known !== undefined) {
      known.lastUsedMs = this.#options.clock.nowMs();
      return known;
    }
    if (this.#barred !== undefined) throw this.#barred;
    this.#makeRoom(owner);
    const facts: ProfileKey = { era, fingerprint, principal: owner };
    const key = keyOf(facts, lease);
    const opening = jsonBytes(this.#options.openingParams(era, fingerprint));
    const profile = this.#options.keptProfile(facts);
    const link = new Link(
      {
        ...this.#common(),
        label: this.#nextLabel(era),
        restart: "on-failure",
        opening: { era, params: opening },
        initializedBy: "gateway",
        ...(profile === undefined ? {} : { profile }),
      },
      this.#eventsFor(() => group),
    );
    const lastUsedMs = this.#options.clock.nowMs();
    const group: Group = { key, era, facts, opening, link, users: 0, lastUsedMs };
    this.#groups.add(group);
    return group;
  }

  /**
   * A process for a call that may ask its client something: of `leases` processes that one is taken
   * which has the fewest calls, a new one rather than a busy one (protocol.md 9.2).
   */
  leased(principal: string, fingerprint: string): Group {
    const { leases } = this.#options.server;
    const owner = this.#ownerOf(principal);
    let fewest: Group | undefined;
    for (let lease = 1; lease <= leases; lease++) {
      const known = this.#groups.get({ era: "legacy", fingerprint, principal: owner }, lease);
      if (known === undefined) {
        if (fewest === undefined || fewest.users > 0) {
          return this.group(principal, fingerprint, "legacy", lease);
        }
        break;
      }
      if (fewest === undefined || known.users < fewest.users) fewest = known;
    }
    return fewest ?? this.group(principal, fingerprint);
  }

  /**
   * A child for one session, started at once.
   * @throws GatewayError OVERLOADED at `maxInstances`
   */
  openOwn(label: string, initialize: Uint8Array, events: LinkEvents): Link {
    const { server } = this.#options;
    if (this.#barred !== undefined) throw this.#barred;
    if (this.#own.size >= server.maxInstances) {
      throw new GatewayError(
        "OVERLOADED",
        `Server "${server.name}" runs ${server.maxInstances} children of sessions already (maxInstances); close a session or try again later`,
        { retryable: true },
      );
    }
    const link = new Link(
      {
        ...this.#common(),
        label,
        restart: "never",
        opening: { era: "legacy", params: initialize },
        initializedBy: "client",
      },
      events,
    );
    this.#own.add(link);
    link.start();
    return link;
  }

  /** Ends a session's child. Resolves once its exit was observed. */
  async closeOwn(link: Link, reason: string): Promise<void> {
    try {
      if (link.profile === undefined) this.#lastOwnError = link.instance.lastError;
      else this.#lastOwnError = undefined;
      await link.stop(reason);
    } finally {
      this.#own.delete(link);
    }
  }

  /** Ends a group for good. */
  end(group: Group, reason: string): void {
    this.#endGroup(group, reason);
  }

  /**
   * Stops every child; none starts again before `unbar`. Whoever asks for one meanwhile gets `error`.
   * Resolves once all exits were observed.
   */
  async bar(error: GatewayError, by: StoppedBy = "released"): Promise<void> {
    this.#barred = error;
    await Promise.all(this.links().map((link) => link.stop(error.message, by)));
  }

  /** Children may start again; those of the groups do so now. */
  unbar(): void {
    this.#barred = undefined;
    for (const { link } of this.#groups.all()) link.instance.start("operator");
  }

  /** Fresh processes for the groups, and none for sessions that had one of their own: these end. */
  restart(reason: string): void {
    this.#barred = undefined;
    for (const { link } of this.#groups.all()) link.restart(reason);
    for (const link of this.#own) this.#stopQuietly(link, reason);
  }

  sweep(nowMs: number): void {
    for (const link of this.links()) link.sweep(nowMs);
    for (const group of this.#groups.all()) {
      if (group.users > 0) group.lastUsedMs = nowMs;
      // Not those of sessions: they end with them.
      group.link.dozeWhenIdle(nowMs);
      const idle = group.users === 0 && nowMs - group.lastUsedMs > GROUP_IDLE_MS;
      if (idle && !this.#isBase(group)) this.#endGroup(group, "no client has used it for a while");
    }
  }

  #common(): CommonLinkOptions {
    return { ...this.#options, barred: () => this.#barred };
  }

  /** The person whose child runs from boot on; it never ends for want of use. */
  keepFor(principal: string): void {
    this.#resident = this.#ownerOf(principal);
  }

  /** The child that runs from boot on; a server with a child for each session has none. */
  #isBase(group: Group): boolean {
    if (this.#options.server.instances === "session") return false;
    if (group.facts.principal !== this.#resident) return false;
    return group.key.endsWith(` ${this.#options.baseFingerprint}`);
  }

  /** Whom a child belongs to: a person, or all of them together. */
  #ownerOf(principal: string): string {
    return this.#options.server.isolation === "none" ? EVERYBODY : principal;
  }

  #nextLabel(era: Era): string {
    const kind = era === "legacy" ? "shared" : "modern";
    const number = ++this.#labels;
    return number === 1 && era === "legacy" ? kind : `${kind}-${number}`;
  }

  /** Of the person who wants one more, or of all where all places are taken. */
  #makeRoom(owner: string): void {
    const { name, leases } = this.#options.server;
    const all = this.groups();
    const own = all.filter(({ facts }) => facts.principal === owner);
    const isOwnFull = own.length >= MAX_GROUPS + leases;
    if (!isOwnFull && all.length < MAX_GROUPS_OF_ALL + leases) return;
    const unused = (isOwnFull ? own : all)
      .filter((group) => group.users === 0 && !this.#isBase(group))
      .sort((a, b) => a.lastUsedMs - b.lastUsedMs);
    const oldest = unused[0];
    if (oldest === undefined) {
      const whose = isOwnFull ? "for different client capabilities" : "for different people";
      const text = `Server "${name}" runs ${isOwnFull ? own.length : all.length} shared children ${whose}; try again later`;
      throw new GatewayError("OVERLOADED", text, { retryable: true });
    }
    this.#endGroup(oldest, "its place is needed");
  }

  #endGroup(group: Group, reason: string): void {
    this.#groups.delete(group);
    this.#stopQuietly(group.link, reason);
  }

  #stopQuietly(link: Link, reason: string): void {
    link.stop(reason).catch((error: unknown) => {
      const message = `a child of ${this.#options.server.slug} could not be stopped: ${String(error)}`;
      this.#options.emit({ kind: "gateway.notice", level: "ERROR", message });
    });
  }
}
