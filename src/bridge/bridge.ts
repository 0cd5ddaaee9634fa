/**
 * Joins the clients of one server with its children.
 *
 * Owns the conversations: which session talks to which child, and the state that clients of a
 * shared child have in common. Every request is settled exactly once. Knows no HTTP.
 */
import {
  canBeAsked,
  NO_CAPABILITIES,
  ownInitializeParams,
  readClientCapabilities,
  type ClientCapabilities,
} from "../codec/client-capabilities.ts";
import type { Limits, ServerConfig } from "../config/model.ts";
import type { Clock } from "../kernel/clock.ts";
import { GatewayError } from "../kernel/error.ts";
import type { Emit } from "../kernel/event.ts";
import type { Session } from "../session/session.ts";
import type { SessionRegistry } from "../session/registry.ts";
import { HandshakeRefused } from "../upstream/handshake.ts";
import type { Link } from "../upstream/link.ts";
import type { Group, Pool, PoolEvents } from "../upstream/pool.ts";
import { sharedInitializeResult } from "../upstream/profile.ts";
import { INVALID_REQUEST } from "../wire/error-codes.ts";
import {
  jsonBytes,
  outgoingAnswer,
  textError,
  type Message,
  type Outgoing,
} from "../wire/message.ts";
import { LATEST_LEGACY, negotiateLegacy, traitsOf } from "../wire/revision.ts";
import { ClientMessages } from "./client-messages.ts";
import { Conversation } from "./conversation.ts";
import { failureAnswer } from "./exchange.ts";
import { sendHeld, sweepQuestions } from "./questions.ts";
import { fromOwnChild, fromSharedChild, type ServerMessageContext } from "./server-messages.ts";
import { SharedState, stringMember } from "./shared-state.ts";
import { ToolDirectory } from "./tool-directory.ts";

export interface BridgeOptions {
  readonly server: ServerConfig;
  readonly limits: Limits;
  /** Makes the pool of the server's children, which reports to the bridge. */
  readonly createPool: (eventsFor: PoolEvents) => Pool;
  readonly registry: SessionRegistry;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** The answer to `initialize`. */
export interface Opening {
  readonly answer: Outgoing;
  /** False when the answer is an error and the session has no child. */
  readonly opened: boolean;
  /** True when the refusal is a full house, which HTTP tells by 503. */
  readonly overloaded: boolean;
}

/** Clients that never say `initialized` are taken to be ready after this long. */
const INITIALIZED_AFTER_MS = 1000;

export class Bridge {
  readonly server: ServerConfig;
  readonly pool: Pool;
  readonly tools: ToolDirectory;
  readonly messages: ClientMessages;
  readonly #options: BridgeOptions;
  readonly #conversations = new Map<Session, Conversation>();
  readonly #shared = new WeakMap<Group, SharedState>();
  readonly #context: ServerMessageContext;

  constructor(options: BridgeOptions) {
    this.#options = options;
    const { server, limits, clock, emit } = options;
    this.server = server;
    this.tools = new ToolDirectory(server, clock);
    this.#context = { server, tools: this.tools, limits, emit, nowMs: () => clock.nowMs() };
    this.messages = new ClientMessages({
      server,
      tools: this.tools,
      maxJsonDepth: limits.maxJsonDepth,
      maxPendingBytes: limits.maxPendingBytes,
      clock,
      emit,
      sharedState: (group) => this.#sharedState(group),
    });
    this.pool = options.createPool((group) => ({
      onMessage: (message, upstream) =>
        fromSharedChild(message, upstream, this.#sharedState(group()), this.#context),
      onReady: (upstream, again) => {
        this.tools.invalidate();
        if (again) this.#sharedState(group()).restore(upstream);
      },
    }));
  }

  /** Starts the shared child, as at boot. */
  start(principal: string): void {
    this.pool.base(principal).link.start();
  }

  /** The conversation of a session that was opened here, or undefined before its `initialize`. */
  conversationOf(session: Session): Conversation | undefined {
    return this.#conversations.get(session);
  }

  /** A conversation for one request without a session (protocol.md 9.4). */
  stateless(principal: string): Conversation {
    const group = this.pool.base(principal);
    const flow = `stateless ${principal}`;
    const capabilities = NO_CAPABILITIES;
    return new Conversation({ session: undefined, link: group.link, group, capabilities, flow });
  }

  /** Answers `initialize` and binds the session to its child. Never rejects, never ends the session. */
  async open(message: Message, session: Session): Promise<Opening> {
    const id = message.id ?? "null";
    if (session.opening || this.#conversations.has(session)) {
      const text = "Invalid request: the session is initialized already";
      return { answer: textError(id, INVALID_REQUEST, text), opened: false, overloaded: false };
    }
    session.opening = true;
    try {
      const capabilities = readClientCapabilities(message.payload, this.server.roots);
      const result = this.#wantsOwn(capabilities)
        ? await this.#openOwn(message, session, capabilities)
        : await this.#openShared(message, session, capabilities);
      return { answer: outgoingAnswer(id, "result", result), opened: true, overloaded: false };
    } catch (error) {
      if (error instanceof HandshakeRefused) {
        const answer = outgoingAnswer(id, "error", error.payload);
        return { answer, opened: false, overloaded: false };
      }
      if (!(error instanceof GatewayError)) this.#reportFault(error);
      const overloaded = error instanceof GatewayError && error.code === "OVERLOADED";
      return { answer: failureAnswer(id, error), opened: false, overloaded };
    } finally {
      session.opening = false;
    }
  }

  /** The gateway stops: requests without a session get an answer too. */
  endStateless(reason: string): void {
    this.messages.endStateless(reason);
  }

  /** The session has a stream again that the child may speak on. */
  streamOpened(session: Session): void {
    const conversation = this.#conversations.get(session);
    if (conversation !== undefined) sendHeld(conversation);
  }

  /** The one coarse sweep: deadlines of calls and questions, clients that never said `initialized`. */
  sweep(nowMs: number): void {
    this.pool.sweep(nowMs);
    for (const conversation of this.#conversations.values()) {
      if (conversation.questions.size > 0) sweepQuestions(conversation, nowMs);
      if (conversation.own && conversation.initializedByMs <= nowMs) {
        conversation.link.markInitialized();
      }
    }
  }

  #wantsOwn(capabilities: ClientCapabilities): boolean {
    const { instances, roots } = this.server;
    return instances === "session" || (instances === "auto" && canBeAsked(capabilities, roots));
  }

  async #openShared(
    message: Message,
    session: Session,
    capabilities: ClientCapabilities,
  ): Promise<Uint8Array> {
    const { server } = this;
    const { principal, id } = session.facts;
    const group =
      server.instances === "shared"
        ? this.pool.base(principal)
        : this.pool.group(principal, capabilities.fingerprint);
    // Held while it starts: a group without users is the first to give way.
    group.users++;
    try {
      await group.link.ready(server.startTimeoutMs);
    } finally {
      group.users--;
    }
    const { profile } = group.link;
    if (profile === undefined || session.ended) throw ended(server.name);
    const revision = negotiateLegacy(stringMember(message.payload, "protocolVersion"));
    session.traits = traitsOf(revision);
    const state = this.#sharedState(group);
    const shared = { ...NO_CAPABILITIES, fingerprint: capabilities.fingerprint };
    const facts = { session, link: group.link, group, capabilities: shared, flow: id };
    const conversation = new Conversation(facts);
    this.#conversations.set(session, conversation);
    state.join(conversation);
    session.onEnd((reason) => {
      this.#conversations.delete(session);
      this.messages.endAll(conversation, reason);
      state.leave(conversation);
    });
    return sharedInitializeResult(profile, revision);
  }

  async #openOwn(
    message: Message,
    session: Session,
    capabilities: ClientCapabilities,
  ): Promise<Uint8Array> {
    const { server } = this;
    const { id, ref } = session.facts;
    const params = ownInitializeParams(message.payload ?? jsonBytes("{}"), server.roots);
    let isOpen = false;
    const link = this.pool.openOwn(`session-${ref}`, params, {
      onMessage: (one, upstream) => fromOwnChild(one, upstream, conversation, this.#context),
      onReady: () => this.tools.invalidate(),
      onGone: (error) => {
        if (isOpen) this.#options.registry.close(session, error.message);
      },
    });
    const conversation = new Conversation({
      session,
      link,
      group: undefined,
      capabilities,
      flow: id,
    });
    session.onEnd((reason) => {
      this.#conversations.delete(session);
      this.messages.endAll(conversation, reason);
      this.#stopOwn(link, reason);
    });
    try {
      await link.ready(server.startTimeoutMs);
      if (link.upstream === undefined || session.ended) throw ended(server.name);
    } catch (error) {
      this.#stopOwn(link, "its session could not be opened");
      throw error;
    }
    const { profile } = link;
    if (profile === undefined) throw ended(server.name);
    isOpen = true;
    session.traits = traitsOf(profile.revision) ?? traitsOf(LATEST_LEGACY);
    conversation.initializedByMs = this.#options.clock.nowMs() + INITIALIZED_AFTER_MS;
    this.#conversations.set(session, conversation);
    return profile.result;
  }

  #reportFault(error: unknown): void {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const message = `fault in a request to ${this.server.slug}: ${detail}`;
    this.#options.emit({ kind: "gateway.notice", level: "ERROR", message });
  }

  #stopOwn(link: Link, reason: string): void {
    this.pool.closeOwn(link, reason).catch((error: unknown) => {
      const message = `a child of ${this.server.slug} could not be stopped: ${String(error)}`;
      this.#options.emit({ kind: "gateway.notice", level: "ERROR", message });
    });
  }

  #sharedState(group: Group): SharedState {
    const known = this.#shared.get(group);
    if (known !== undefined) return known;
    const state = new SharedState(group);
    this.#shared.set(group, state);
    return state;
  }
}

function ended(server: string): GatewayError {
  const message = `The session with server "${server}" ended before it was open`;
  return new GatewayError("SESSION_ENDED", message, { retryable: true });
}
