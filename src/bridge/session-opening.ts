/**
 * `initialize` of legacy clients: which child a session gets, and the answer (protocol.md 9.1).
 *
 * Owns which session talks to which child. A session that can be asked something gets a child of
 * its own; the others share one; on a server that is modern only all share that one.
 */
import {
  canBeAsked,
  NO_CAPABILITIES,
  ownInitializeParams,
  readClientCapabilities,
  type ClientCapabilities,
} from "../codec/client-capabilities.ts";
import { toInitializeResult } from "../codec/discover.ts";
import type { ServerConfig } from "../config/model.ts";
import type { Clock } from "../kernel/clock.ts";
import { GatewayError } from "../kernel/error.ts";
import type { RequestOutcome } from "../kernel/event.ts";
import type { SessionRegistry } from "../session/registry.ts";
import type { Session } from "../session/session.ts";
import { HandshakeRefused } from "../upstream/handshake.ts";
import type { Link } from "../upstream/link.ts";
import type { Group } from "../upstream/group.ts";
import type { Pool } from "../upstream/pool.ts";
import { sharedInitializeResult, type Profile } from "../upstream/profile.ts";
import { INVALID_REQUEST } from "../wire/error-codes.ts";
import {
  jsonBytes,
  outgoingAnswer,
  textError,
  type Message,
  type Outgoing,
} from "../wire/message.ts";
import { LATEST_LEGACY, negotiateLegacy, traitsOf, type Era } from "../wire/revision.ts";
import type { ClientMessages } from "./client-messages.ts";
import { Conversation, type Household } from "./conversation.ts";
import { failureAnswer } from "./exchange.ts";
import { reportFault } from "./fault.ts";
import { isComing } from "./kept-answers.ts";
import { fromOwnChild, type ServerMessageContext } from "./server-messages.ts";
import { stringMember, type SharedState } from "./shared-state.ts";
import type { Shim } from "./shim.ts";

/** The answer to `initialize`. */
export interface Opening {
  readonly answer: Outgoing;
  /** False when the answer is an error and the session has no child. */
  readonly opened: boolean;
  /** True when the refusal is a full house, which HTTP tells by 503. */
  readonly overloaded: boolean;
}

export interface SessionOpeningOptions {
  readonly server: ServerConfig;
  readonly pool: Pool;
  readonly registry: SessionRegistry;
  readonly clock: Clock;
  readonly household: Household;
  readonly messages: ClientMessages;
  readonly shim: Shim;
  readonly context: ServerMessageContext;
  readonly sharedState: (group: Group) => SharedState;
  /** True when a refused handshake says that the server is modern only. */
  readonly isModernOnly: (error: unknown) => boolean;
  /** The era that the server is opened in for a legacy client; asks the server when it must. */
  readonly era: (principal: string) => Promise<Era>;
}

/** Clients that never say `initialized` are taken to be ready after this long. */
const INITIALIZED_AFTER_MS = 1000;

export class SessionOpening {
  readonly conversations = new Map<Session, Conversation>();
  readonly #options: SessionOpeningOptions;

  constructor(options: SessionOpeningOptions) {
    this.#options = options;
  }

  /** Answers `initialize` and binds the session to its child. Never rejects, never ends the session. */
  async open(message: Message, session: Session): Promise<Opening> {
    const { clock, context, server } = this.#options;
    const sinceMs = clock.nowMs();
    const { outcome, ...opening } = await this.#open(message, session);
    context.emit({
      kind: "request.settled",
      server: server.slug,
      sessionRef: session.facts.ref,
      user: session.facts.caller.user,
      method: message.method,
      id: message.id ?? "null",
      era: "legacy",
      outcome,
      durationMs: clock.nowMs() - sinceMs,
    });
    return opening;
  }

  async #open(
    message: Message,
    session: Session,
  ): Promise<Opening & { readonly outcome: RequestOutcome }> {
    const id = message.id ?? "null";
    if (session.opening || this.conversations.has(session)) {
      const text = "Invalid request: the session is initialized already";
      const answer = textError(id, INVALID_REQUEST, text);
      return { answer, opened: false, overloaded: false, outcome: "refused" };
    }
    session.opening = true;
    try {
      const result = await this.#result(message, session);
      const answer = outgoingAnswer(id, "result", result);
      return { answer, opened: true, overloaded: false, outcome: "result" };
    } catch (error) {
      if (error instanceof HandshakeRefused) {
        const answer = outgoingAnswer(id, "error", error.payload);
        return { answer, opened: false, overloaded: false, outcome: "error" };
      }
      if (!(error instanceof GatewayError)) this.#report(error);
      const overloaded = error instanceof GatewayError && error.code === "OVERLOADED";
      const answer = failureAnswer(id, error);
      return { answer, opened: false, overloaded, outcome: "failed" };
    } finally {
      session.opening = false;
    }
  }

  async #result(message: Message, session: Session): Promise<Uint8Array> {
    const { server, era } = this.#options;
    const capabilities = readClientCapabilities(message.payload, server.roots);
    if ((await era(session.facts.caller.user)) === "modern") {
      return this.#openModern(message, session, capabilities);
    }
    const { instances, roots } = server;
    const isOwn =
      instances === "session" || (instances === "auto" && canBeAsked(capabilities, roots));
    if (!isOwn) return this.#openShared(message, session, capabilities);
    try {
      return await this.#openOwn(message, session, capabilities);
    } catch (error) {
      if (!this.#options.isModernOnly(error)) throw error;
      return this.#openModern(message, session, capabilities);
    }
  }

  async #openShared(
    message: Message,
    session: Session,
    capabilities: ClientCapabilities,
  ): Promise<Uint8Array> {
    const { server, pool, sharedState } = this.#options;
    const { user: principal } = session.facts.caller;
    const group =
      server.instances === "shared"
        ? pool.base(principal)
        : pool.group(principal, capabilities.fingerprint);
    const profile = await this.#profileOf(group, session);
    const revision = this.#negotiate(message, session);
    const shared = { ...NO_CAPABILITIES, fingerprint: capabilities.fingerprint };
    const conversation = this.#register(session, group.link, group, shared);
    const state = sharedState(group);
    state.join(conversation);
    // Bound: a closure made here would keep the whole request for as long as the session lasts.
    session.onEnd(state.leave.bind(state, conversation));
    return sharedInitializeResult(profile, revision);
  }

  /** The server is modern only: what the client can be asked rides in each request. */
  async #openModern(
    message: Message,
    session: Session,
    capabilities: ClientCapabilities,
  ): Promise<Uint8Array> {
    const { server, pool, shim } = this.#options;
    const group = pool.group(session.facts.caller.user, "{}", "modern");
    const profile = await this.#profileOf(group, session);
    const revision = this.#negotiate(message, session);
    const conversation = this.#register(session, group.link, group, capabilities);
    group.users++;
    shim.open(conversation, message.payload);
    session.onEnd(leave.bind(undefined, group, shim, conversation)); // not a closure: see above
    return toInitializeResult(profile.result, revision, server.slug);
  }

  async #openOwn(
    message: Message,
    session: Session,
    capabilities: ClientCapabilities,
  ): Promise<Uint8Array> {
    const { server, pool, registry, clock, context, household, messages } = this.#options;
    const { id, ref } = session.facts;
    const params = ownInitializeParams(message.payload ?? jsonBytes("{}"), server.roots);
    let isOpen = false;
    const link = pool.openOwn(`session-${ref}`, params, {
      onMessage: (one, upstream) => fromOwnChild(one, upstream, conversation, context),
      onReady: () => context.tools.invalidate(),
      onGone: (error) => {
        if (isOpen) registry.close(session, error.message);
      },
    });
    const conversation = new Conversation({
      household,
      session,
      link,
      group: undefined,
      capabilities,
      flow: id,
    });
    session.onEnd((reason) => {
      this.conversations.delete(session);
      messages.endAll(conversation, reason);
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
    conversation.initializedByMs = clock.nowMs() + INITIALIZED_AFTER_MS;
    this.conversations.set(session, conversation);
    return profile.result;
  }

  /** What is known of the child: from the last run while it starts, else from its handshake. */
  async #profileOf(group: Group, session: Session): Promise<Profile> {
    const { server } = this.#options;
    const kept = group.link.profile;
    if (kept !== undefined && isComing(group.link)) {
      group.link.start();
      return kept;
    }
    // Held while it starts: a group without users is the first to give way.
    group.users++;
    try {
      await group.link.ready(server.startTimeoutMs);
    } finally {
      group.users--;
    }
    const { profile } = group.link;
    if (session.ended || profile === undefined) throw ended(server.name);
    return profile;
  }

  #negotiate(message: Message, session: Session): string {
    const revision = negotiateLegacy(stringMember(message.payload, "protocolVersion"));
    session.traits = traitsOf(revision);
    return revision;
  }

  #register(
    session: Session,
    link: Link,
    group: Group,
    capabilities: ClientCapabilities,
  ): Conversation {
    const { household, messages } = this.#options;
    const flow = session.facts.id;
    const conversation = new Conversation({ household, session, link, group, capabilities, flow });
    this.conversations.set(session, conversation);
    session.onEnd((reason) => {
      this.conversations.delete(session);
      messages.endAll(conversation, reason);
    });
    return conversation;
  }

  #report(error: unknown): void {
    const { context, server } = this.#options;
    reportFault(context.emit, server.slug, error);
  }

  #stopOwn(link: Link, reason: string): void {
    const { pool, context, server } = this.#options;
    pool.closeOwn(link, reason).catch((error: unknown) => {
      const message = `a child of ${server.slug} could not be stopped: ${String(error)}`;
      context.emit({ kind: "gateway.notice", level: "ERROR", message });
    });
  }
}

function leave(group: Group, shim: Shim, conversation: Conversation): void {
  group.users--;
  shim.close(conversation);
}

function ended(server: string): GatewayError {
  const message = `The session with server "${server}" ended before it was open`;
  return new GatewayError("SESSION_ENDED", message, { retryable: true });
}
