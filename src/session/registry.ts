/**
 * Opens, finds and expires sessions. Sole writer of the set of sessions.
 *
 * A session ends by DELETE, when idle for too long, when its child is gone for good, or when its
 * place is needed: the longest idle first, and none that has work in flight.
 */
import { isSameCaller, type Caller } from "../kernel/caller.ts";
import type { Clock } from "../kernel/clock.ts";
import { GatewayError } from "../kernel/error.ts";
import type { Emit } from "../kernel/event.ts";
import { Session, type Binding, type SessionLimits } from "./session.ts";

export interface RegistryOptions {
  readonly maxSessions: number;
  readonly maxSessionsPerServer: number;
  readonly sessionIdleMs: number;
  readonly session: SessionLimits;
  readonly clock: Clock;
  readonly emit: Emit;
  /** 32 random bytes as URL-safe text. */
  readonly randomId: () => string;
  /** A short reference that does not reveal the id. */
  readonly refOf: (id: string) => string;
}

/** Sessions that are found in one look at all of them. */
const IDLE_ONES = 64;

export class SessionRegistry {
  readonly #options: RegistryOptions;
  readonly #sessions = new Map<string, Session>();
  readonly #perServer = new Map<string, number>();
  /** Those that were idle longest when they were last looked for, the longest last. */
  #idleOnes: { readonly session: Session; readonly lastUsedMs: number }[] = [];

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size;
  }

  sessions(): IterableIterator<Session> {
    return this.#sessions.values();
  }

  /** @throws GatewayError OVERLOADED when all places are taken by sessions with work in flight */
  open(server: string, caller: Caller, binding: Binding): Session {
    this.#makeRoom(server);
    const { randomId, refOf, clock, emit } = this.#options;
    const id = randomId();
    const facts = { id, ref: refOf(id), server, caller, binding };
    const session = new Session(facts, this.#options.session, clock.nowMs());
    this.#sessions.set(id, session);
    this.#perServer.set(server, (this.#perServer.get(server) ?? 0) + 1);
    emit({ kind: "session.opened", server, sessionRef: facts.ref, binding });
    return session;
  }

  /** The live session with this id, if it belongs to this server and caller. */
  find(id: string, server: string, caller: Caller): Session | undefined {
    const session = this.#sessions.get(id);
    if (session === undefined || session.ended || session.retired) return undefined;
    const { facts } = session;
    if (facts.server !== server || !isSameCaller(facts.caller, caller)) return undefined;
    session.lastUsedMs = this.#options.clock.nowMs();
    return session;
  }

  /** Ends the session. Idempotent. */
  close(session: Session, reason: string): void {
    if (!this.#sessions.delete(session.facts.id)) return;
    const { server, ref } = session.facts;
    this.#perServer.set(server, (this.#perServer.get(server) ?? 1) - 1);
    session.end(reason, this.#options.clock.nowMs());
    this.#options.emit({ kind: "session.closed", server, sessionRef: ref, reason });
  }

  /** Ends sessions idle for longer than allowed; tidies the streams of the others. */
  sweep(nowMs: number): void {
    for (const session of this.#sessions.values()) {
      if (session.busy > 0) session.lastUsedMs = nowMs;
      if (nowMs - session.lastUsedMs > this.#options.sessionIdleMs) this.close(session, "idle");
      else session.sweep(nowMs);
    }
  }

  /** Ends every session without work in flight; for `POST /cleanup`. @returns how many */
  closeIdle(reason: string): number {
    const idle = [...this.#sessions.values()].filter((session) => session.busy === 0);
    for (const session of idle) this.close(session, reason);
    return idle.length;
  }

  /**
   * The server goes: nobody finds its sessions again, while what they have in flight may still end.
   * @returns those sessions, to be closed by the caller
   */
  retire(server: string): readonly Session[] {
    const all = [...this.#sessions.values()].filter((session) => session.facts.server === server);
    for (const session of all) session.retired = true;
    return all;
  }

  closeAll(reason: string): void {
    for (const session of this.#sessions.values()) this.close(session, reason);
  }

  /** Of one server, or of all. Looked for among all sessions once for many that make room. */
  #longestIdle(server: string | undefined): Session | undefined {
    const isOf = ({ facts }: Session): boolean => server === undefined || facts.server === server;
    for (;;) {
      const next = this.#idleOnes.pop();
      if (next === undefined) break;
      const { session, lastUsedMs } = next;
      const isIdleSince = session.lastUsedMs === lastUsedMs && session.busy === 0;
      if (isIdleSince && !session.ended && isOf(session)) return session;
    }
    const idle = [...this.#sessions.values()]
      .filter((session) => session.busy === 0 && isOf(session))
      .sort((a, b) => a.lastUsedMs - b.lastUsedMs)
      .slice(0, IDLE_ONES);
    const [longest, ...others] = idle;
    this.#idleOnes = others
      .reverse()
      .map((session) => ({ session, lastUsedMs: session.lastUsedMs }));
    return longest;
  }

  #makeRoom(server: string): void {
    const { maxSessions, maxSessionsPerServer } = this.#options;
    const full = this.#sessions.size >= maxSessions;
    const serverFull = (this.#perServer.get(server) ?? 0) >= maxSessionsPerServer;
    if (!full && !serverFull) return;
    const oldest = this.#longestIdle(serverFull ? server : undefined);
    if (oldest === undefined) {
      throw new GatewayError("OVERLOADED", "All session places are taken; try again later", {
        retryable: true,
      });
    }
    this.close(oldest, "its place was needed");
  }
}
