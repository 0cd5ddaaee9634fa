/**
 * Joins the clients of one server with its children.
 *
 * Owns the conversations: which session talks to which child, and the state that clients of a
 * shared child have in common. Every request is settled exactly once. Knows no HTTP.
 */
import { NO_CAPABILITIES } from "../codec/client-capabilities.ts";
import type { Limits, ServerConfig } from "../config/model.ts";
import { ByteBudget } from "../kernel/byte-budget.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Emit } from "../kernel/event.ts";
import { PassingList } from "../kernel/passing.ts";
import type { Session } from "../session/session.ts";
import type { SessionRegistry } from "../session/registry.ts";
import type { EraVerdict } from "../upstream/era-probe.ts";
import type { Link } from "../upstream/link.ts";
import type { Group } from "../upstream/group.ts";
import type { Pool, PoolEvents } from "../upstream/pool.ts";
import type { Message } from "../wire/message.ts";
import type { Era } from "../wire/revision.ts";
import { ClientMessages } from "./client-messages.ts";
import { Conversation, type Household } from "./conversation.ts";
import { Eras, type KeptVerdicts } from "./eras.ts";
import { refuseModern, reportRefused, tooMuch, type RefusedFacts } from "./fault.ts";
import { legacyGroupFor } from "./legacy-group.ts";
import { ModernBridge } from "./modern-bridge.ts";
import { isInUse } from "./in-use.ts";
import { KeptAnswers, type KeptLists } from "./kept-answers.ts";
import { endListen } from "./modern-listen.ts";
import type { ModernRequest } from "./modern-request.ts";
import type { StateSealer } from "./request-state.ts";
import { sendHeld, sweepQuestions } from "./questions.ts";
import { fromSharedChild, type ServerMessageContext } from "./server-messages.ts";
import { SessionOpening, type Opening } from "./session-opening.ts";
import { SharedState } from "./shared-state.ts";
import { ToolDirectory } from "./tool-directory.ts";

export interface BridgeOptions {
  readonly server: ServerConfig;
  readonly limits: Limits;
  readonly sealer: StateSealer;
  readonly kept: KeptVerdicts &
    KeptLists & { readonly interactive: boolean; markInteractive(): void };
  /** Asks the server in a throw-away process whether it speaks the modern era. */
  readonly probe: () => Promise<EraVerdict>;
  readonly randomId: () => string;
  /** Makes the pool of the server's children, which reports to the bridge. */
  readonly createPool: (eventsFor: PoolEvents) => Pool;
  readonly registry: SessionRegistry;
  readonly clock: Clock;
  readonly emit: Emit;
}

export class Bridge {
  readonly server: ServerConfig;
  readonly pool: Pool;
  readonly tools: ToolDirectory;
  readonly messages: ClientMessages;
  readonly #opening: SessionOpening;
  readonly household: Household;
  readonly #kept: KeptAnswers;
  readonly #shared = new WeakMap<Group, SharedState>();
  readonly #context: ServerMessageContext;
  readonly #eras: Eras;
  readonly #modern: ModernBridge;
  /** Modern requests that wait for the server's era. */
  #undecided = 0;

  constructor(options: BridgeOptions) {
    const { server, limits, clock, emit } = options;
    this.server = server;
    this.household = { budget: new ByteBudget(limits.maxPendingBytes), live: new PassingList() };
    this.tools = new ToolDirectory(server, clock);
    this.#context = { server, tools: this.tools, limits, emit, nowMs: () => clock.nowMs() };
    this.messages = new ClientMessages({
      server,
      tools: this.tools,
      maxJsonDepth: limits.maxJsonDepth,
      clock,
      emit,
      sharedState: (group) => this.#sharedState(group),
      shim: () => this.#modern.shim,
      kept: () => this.#kept,
    });
    this.#kept = new KeptAnswers(options.kept);
    this.#eras = new Eras(server, options.kept, options.probe);
    this.#modern = new ModernBridge({
      ...this.#context,
      household: this.household,
      kept: this.#kept,
      lastLists: new WeakMap(),
      maxJsonDepth: limits.maxJsonDepth,
      clock,
      sealer: options.sealer,
      memory: options.kept,
      parkedTtlMs: limits.clientAnswerTimeoutMs,
      randomId: options.randomId,
      sharedState: (group) => this.#sharedState(group),
      settle: (conversation, call, answer, outcome) =>
        this.messages.settle(conversation, call, answer, outcome),
      report: (conversation, call, outcome) => this.messages.report(conversation, call, outcome),
    });
    this.pool = options.createPool((group) => ({
      onMessage: (message, upstream) => {
        if (this.#modern.fromChild(message, upstream, group())) return;
        fromSharedChild(message, upstream, this.#sharedState(group()), this.#context);
      },
      onReady: (upstream, again) => {
        this.tools.invalidate();
        if (group().era === "legacy") this.#eras.legacyReady();
        const state = this.#sharedState(group());
        this.#kept.ready(group(), upstream, (method) => {
          state.fanOut({ kind: "notification", id: undefined, method, payload: undefined });
        });
        this.#modern.shim.restore(upstream);
        if (again) state.restore(upstream);
      },
      isNeeded: () =>
        isInUse(group().link, { live: this.household.live.values(), sessions: this.conversations }),
    }));
    this.#opening = new SessionOpening({
      server,
      pool: this.pool,
      registry: options.registry,
      clock,
      household: this.household,
      messages: this.messages,
      shim: this.#modern.shim,
      context: this.#context,
      sharedState: (group) => this.#sharedState(group),
      isModernOnly: (error) => this.#eras.learnsModernOnly(error),
      era: (principal) => this.legacyEra(principal),
    });
  }

  /** Modern clients are told to fall back. */
  get declinesModern(): boolean {
    return this.server.modern === "decline" && this.#eras.choose("modern") === "legacy";
  }

  /** Takes a request of a modern client. @returns what to do when it leaves */
  modernRequest(request: ModernRequest): () => void {
    if (this.server.era !== "auto" || this.#eras.choose("modern") === "modern") {
      return this.#toEra(request);
    }
    let base: Link;
    try {
      base = this.pool.base(request.principal).link;
    } catch (error) {
      return this.#refuse(request, error);
    }
    if (base.profile !== undefined) return this.#toEra(request);
    if (this.#undecided >= this.server.maxQueue) {
      return this.#refuse(request, tooMuch(this.server.name));
    }
    this.#undecided++;
    let leave: (() => void) | undefined;
    let hasLeft = false;
    const go = (): void => {
      this.#undecided--;
      if (!hasLeft) leave = this.#toEra(request);
    };
    // The first answer of a new server says whether it speaks the legacy era at all.
    base.ready(this.server.startTimeoutMs).then(go, (error: unknown) => {
      this.#learn(error, request.principal);
      go();
    });
    return () => {
      hasLeft = true;
      leave?.();
    };
  }

  #toEra(request: ModernRequest): () => void {
    const { principal } = request;
    const { server } = this;
    try {
      const { relay, messages } = this.#modern;
      if (this.#eras.choose("modern") === "modern" && !messages.asking.goesOn(request)) {
        return relay.request(request, this.pool.group(principal, "{}", "modern"));
      }
      const group = legacyGroupFor(request, this.pool, server);
      return messages.bridge(request, group);
    } catch (error) {
      return this.#refuse(request, error);
    }
  }

  /** Says how a request ended that did not come as far as to a conversation. */
  reportRefused(message: Message, facts: RefusedFacts): void {
    reportRefused(this.#context.emit, this.server.slug, message, facts);
  }

  #refuse(request: ModernRequest, error: unknown): () => void {
    return refuseModern(this.#context.emit, this.server.slug, request, error);
  }

  /** A server that turns out to be modern only is opened so, also for legacy clients. */
  async legacyEra(principal: string): Promise<Era> {
    const { link } = this.pool.base(principal);
    const isOpen = link.profile !== undefined || this.server.instances === "session";
    if (this.#eras.choose("legacy") === "modern" || isOpen) return this.#eras.choose("legacy");
    try {
      await link.ready(this.server.startTimeoutMs);
    } catch (error) {
      this.#learn(error, principal);
    }
    return this.#eras.choose("legacy");
  }

  /** A server that is modern only goes on in that era. */
  #learn(error: unknown, principal: string): void {
    if (!this.#eras.learnsModernOnly(error)) return;
    this.pool.end(this.pool.base(principal), "the server speaks the modern era only");
    this.pool.group(principal, "{}", "modern").link.start();
  }

  /** Starts the shared child, as at boot. */
  start(principal: string): void {
    this.pool.keepFor(principal);
    if (this.#eras.choose("legacy") === "modern") {
      this.pool.group(principal, "{}", "modern").link.start();
      return;
    }
    this.pool
      .base(principal)
      .link.ready(this.server.startTimeoutMs)
      .then(
        () => undefined,
        (error: unknown) => this.#learn(error, principal),
      );
  }

  /** Answers `initialize` and binds the session to its child. Never rejects, never ends the session. */
  open(message: Message, session: Session): Promise<Opening> {
    return this.#opening.open(message, session);
  }

  /** The conversation of a session that was opened here, or undefined before its `initialize`. */
  conversationOf(session: Session): Conversation | undefined {
    return this.#opening.conversations.get(session);
  }

  /** A conversation for one request without a session (protocol.md 9.4). */
  stateless(user: string): Conversation {
    const group = this.pool.base(user);
    const flow = `stateless ${user}`;
    const capabilities = NO_CAPABILITIES;
    const household = this.household;
    const session = undefined;
    const { link } = group;
    return new Conversation({ household, session, link, group, capabilities, flow, user });
  }

  /** The gateway stops: requests without a session get an answer too. */
  endStateless(reason: string): void {
    for (const conversation of this.household.live.values()) {
      for (const call of conversation.calls.values()) {
        if (call.method === "subscriptions/listen") endListen(conversation, call);
      }
      this.messages.endAll(conversation, reason);
    }
  }

  /** Of sessions that are open. */
  get conversations(): Iterable<Conversation> {
    return this.#opening.conversations.values();
  }

  /** Calls that wait for their modern clients to come back. */
  get parked(): number {
    return this.#modern.messages.asking.parked.parkedCount;
  }

  /** The session has a stream again that the child may speak on. */
  streamOpened(session: Session): void {
    const conversation = this.#opening.conversations.get(session);
    if (conversation !== undefined) sendHeld(conversation);
  }

  /** The one coarse sweep: deadlines of calls and questions, clients that never said `initialized`. */
  sweep(nowMs: number): void {
    this.pool.sweep(nowMs);
    this.#modern.messages.asking.parked.sweep();
    for (const conversation of this.#opening.conversations.values()) {
      if (conversation.questions.size > 0) sweepQuestions(conversation, nowMs);
      if (conversation.own && conversation.initializedByMs <= nowMs) {
        conversation.link.markInitialized();
      }
    }
  }

  #sharedState(group: Group): SharedState {
    const known = this.#shared.get(group);
    if (known !== undefined) return known;
    const state = new SharedState(group);
    this.#shared.set(group, state);
    return state;
  }
}
