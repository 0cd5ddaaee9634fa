/**
 * One client and the child behind it: the calls that run, the questions that are open, what it
 * subscribed to. Without a session it lives for one request.
 *
 * Owns that state; decides nothing about the child's messages (see `server-messages.ts`).
 */
import type { ClientCapabilities } from "../codec/client-capabilities.ts";
import type { ClientIdentity } from "../codec/modern-params.ts";
import type { ListenFilter } from "../codec/listen.ts";
import type { ByteBudget } from "../kernel/byte-budget.ts";
import { PassingMap, type PassingList, type Place } from "../kernel/passing.ts";
import type { Session } from "../session/session.ts";
import type { CallHandle } from "../upstream/call.ts";
import type { Link } from "../upstream/link.ts";
import type { Group } from "../upstream/group.ts";
import { idKey, type Outgoing } from "../wire/message.ts";
import type { Era } from "../wire/revision.ts";
import type { Exchange } from "./exchange.ts";
import { chooseOutlet } from "./routing.ts";

/** A request of the client that was not answered yet. */
export interface ClientCall {
  readonly key: string;
  readonly id: string;
  readonly method: string;
  readonly exchange: Exchange;
  readonly startedMs: number;
  /** From then on it is answered within this time, whoever does it. */
  readonly timeoutMs: number;
  /** Of a `tools/call`: the tool as its client calls it, for the log. */
  toolAsked: string | undefined;
  /** Of a `tools/call`: the tool by the child's own name. */
  tool: string | undefined;
  /** How often the child has answered with questions. */
  rounds: number;
  /** It asks for a further page of a list. */
  pages: boolean;
  /** What its params hold of the server's budget. */
  bytes: number;
  handle: CallHandle | undefined;
  settled: boolean;
  /** Lets go of what belongs to the call alone, however it ends. */
  onEnd: (() => void) | undefined;
  /** Notes what the child has agreed to, when the outcome is a result. */
  commit: (() => void) | undefined;
}

/** A request of the child that the client was asked, or will be when it has a stream. */
export interface Question {
  /** Our id toward the client, as JSON text. */
  readonly id: string;
  readonly method: string;
  /** The child's id, as JSON text. */
  readonly childId: string;
  readonly message: Outgoing;
  readonly answer: (kind: "result" | "error", payload: Uint8Array) => void;
  readonly refuse: (code: number, message: string) => void;
  /** Until when it may wait for a stream; undefined once it was sent. */
  holdUntilMs: number | undefined;
  readonly deadlineMs: number;
}

/** What a session on a modern child declared, and what it follows there. */
export interface ShimState {
  readonly identity: ClientIdentity;
  /** Ends the session's listen. */
  endListen: (() => void) | undefined;
}

/** What the conversations of one server have in common. */
export interface Household {
  /** What their unanswered requests may hold together. */
  readonly budget: ByteBudget;
  /** Those that have requests running. */
  readonly live: PassingList<Conversation>;
}

export interface ConversationFacts {
  readonly household: Household;
  readonly session: Session | undefined;
  readonly link: Link;
  /** The group that shares the child; undefined for a child of the session's own. */
  readonly group: Group | undefined;
  readonly capabilities: ClientCapabilities;
  /** Whose turn its calls use. */
  readonly flow: string;
  /** The person, where there is no session to tell. */
  readonly user?: string;
  /** The client's era; legacy when it is not said. */
  readonly era?: Era;
}

export class Conversation {
  readonly session: Session | undefined;
  readonly link: Link;
  readonly group: Group | undefined;
  readonly capabilities: ClientCapabilities;
  readonly flow: string;
  readonly user: string | undefined;
  readonly era: Era;
  readonly #household: Household;
  readonly calls = new PassingMap<string, ClientCall>();
  readonly questions = new Map<string, Question>();
  readonly subscriptions = new Set<string>();
  /** Index into the log levels, the least severe first; undefined until the client set one. */
  logLevel: number | undefined;
  /** Of a session whose child is modern. */
  shim: ShimState | undefined;
  /** A modern client that listens: what it asked for, and the id of its request as JSON text. */
  listen: { readonly filter: ListenFilter; readonly id: string } | undefined;
  /** When the client is taken to be ready although it never said so. */
  initializedByMs = 0;
  /** Among those that have requests running. */
  #liveAt: Place<Conversation> | undefined;
  #lastQuestion = 0;
  #duplicates = 0;

  constructor(facts: ConversationFacts) {
    this.session = facts.session;
    this.link = facts.link;
    this.group = facts.group;
    this.capabilities = facts.capabilities;
    this.flow = facts.flow;
    this.user = facts.session?.facts.caller.user ?? facts.user;
    this.era = facts.era ?? "legacy";
    this.#household = facts.household;
  }

  get own(): boolean {
    return this.group === undefined;
  }

  /** Registers a request; two running requests with one id are both served. */
  begin(request: {
    readonly id: string;
    readonly method: string;
    readonly exchange: Exchange;
    readonly nowMs: number;
    readonly timeoutMs: number;
  }): ClientCall {
    const { id, method, exchange, nowMs, timeoutMs } = request;
    const wanted = idKey(id);
    const key = this.calls.has(wanted) ? `${wanted}#${++this.#duplicates}` : wanted;
    const call: ClientCall = {
      key,
      id,
      method,
      exchange,
      startedMs: nowMs,
      timeoutMs,
      toolAsked: undefined,
      tool: undefined,
      rounds: 0,
      pages: false,
      bytes: 0,
      handle: undefined,
      settled: false,
      onEnd: undefined,
      commit: undefined,
    };
    this.calls.set(key, call);
    this.#liveAt ??= this.#household.live.add(this);
    if (this.session !== undefined) this.session.busy++;
    return call;
  }

  /** Counts what a request holds; false when there is no room for it. */
  admit(call: ClientCall, bytes: number): boolean {
    if (!this.#household.budget.take(bytes)) return false;
    call.bytes = bytes;
    return true;
  }

  /** Marks the request as done; false when it was already. */
  finish(call: ClientCall): boolean {
    if (call.settled) return false;
    call.settled = true;
    this.calls.delete(call.key);
    this.#household.budget.release(call.bytes);
    call.onEnd?.();
    if (this.calls.size === 0 && this.#liveAt !== undefined) {
      this.#household.live.remove(this.#liveAt);
      this.#liveAt = undefined;
    }
    if (this.session !== undefined) this.session.busy--;
    return true;
  }

  /** An id for the next question to this client, as JSON text. */
  nextQuestionId(): string {
    return `"gw-${++this.#lastQuestion}"`;
  }

  /**
   * Hands a message of the child to the one stream that it belongs on.
   * @param prefer `call`: it probably belongs to a running call; `session`: it does not
   * @returns false when no stream can carry it now
   */
  deliver(message: Outgoing, prefer: "call" | "session"): boolean {
    const { session } = this;
    if (session?.direct !== undefined) return session.direct(message);
    const standalone = session !== undefined && session.standaloneConnected;
    const order = chooseOutlet({ prefer, running: this.calls.size, standalone });
    for (const outlet of order) {
      if (outlet === "standalone") {
        session?.standalone.send(message);
        return true;
      }
      for (const call of this.calls.values().reverse()) {
        if (call.exchange.connected && call.exchange.relate(message)) return true;
      }
    }
    return false;
  }

  /** The same for what may wait until the client opens its stand-alone stream. */
  deliverOrKeep(message: Outgoing, prefer: "call" | "session"): boolean {
    if (this.deliver(message, prefer)) return true;
    if (this.session === undefined || this.session.facts.binding === "http-sse") return false;
    this.session.standalone.send(message);
    return true;
  }
}
