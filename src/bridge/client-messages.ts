/**
 * Requests, notifications and answers of clients, each to the child of its conversation.
 *
 * What the gateway answers itself, what clients of a shared child have in common, cancellation,
 * and the end of calls. A request is settled exactly once and reported once.
 */
import { readClientParams } from "../codec/client-params.ts";
import { optionalList } from "../codec/optional-lists.ts";
import type { ServerConfig } from "../config/model.ts";
import type { Clock } from "../kernel/clock.ts";
import { GatewayError } from "../kernel/error.ts";
import type { Emit } from "../kernel/event.ts";
import type { Group } from "../upstream/group.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND } from "../wire/error-codes.ts";
import { MAX_DEPTH, memberNamed, objectMembers } from "../wire/json-scan.ts";
import { textOf } from "../wire/key-text.ts";
import { idKey, textError, textResult, type Message, type Outgoing } from "../wire/message.ts";
import type { ClientCall, Conversation } from "./conversation.ts";
import { failureAnswer, type Exchange } from "./exchange.ts";
import { tooMuch } from "./fault.ts";
import type { KeptAnswers } from "./kept-answers.ts";
import { sendHeld, settleQuestion } from "./questions.ts";
import type { Outcome, RelayContext } from "./relay-context.ts";
import { deliver, fail, relay } from "./relay.ts";
import { logLevelIndex } from "./routing.ts";
import { MAX_SUBSCRIPTIONS, stringMember, type SharedState } from "./shared-state.ts";
import type { Shim } from "./shim.ts";
import type { ToolDirectory } from "./tool-directory.ts";

export interface ClientMessagesOptions {
  readonly server: ServerConfig;
  readonly tools: ToolDirectory;
  readonly maxJsonDepth: number;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly sharedState: (group: Group) => SharedState;
  /** Lists of the last run. */
  readonly kept: () => KeptAnswers;
  /** For sessions whose child is modern. */
  readonly shim: () => Shim;
}

export class ClientMessages {
  readonly #options: ClientMessagesOptions;
  readonly #relayContext: RelayContext;
  #notReady = 0;

  constructor(options: ClientMessagesOptions) {
    this.#options = options;
    this.#relayContext = {
      server: options.server,
      tools: options.tools,
      lastLists: new WeakMap(),
      maxJsonDepth: options.maxJsonDepth,
      emit: options.emit,
      learnList: ({ group }, method, result) => {
        if (group !== undefined) options.kept().learn(group, method, result);
      },
      isPassing: true,
      readParams: ({ payload, plain }, conversation) =>
        payload === undefined
          ? undefined
          : readClientParams(payload, !conversation.own, options.maxJsonDepth, plain),
      settle: (conversation, call, answer, outcome) =>
        this.settle(conversation, call, answer, outcome),
    };
  }

  /** Takes a request; the exchange gets its answer when there is one. */
  request(conversation: Conversation, message: Message, exchange: Exchange): void {
    const id = message.id ?? "null";
    const { server, clock } = this.#options;
    const { method } = message;
    const isList = optionalList(method) !== undefined;
    const timeoutMs = isList
      ? Math.min(server.optionalListTimeoutMs, server.requestTimeoutMs)
      : server.requestTimeoutMs;
    const call = conversation.begin({ id, method, exchange, nowMs: clock.nowMs(), timeoutMs });
    if (this.#answerHere(conversation, call) || !this.#admit(conversation, call, message)) return;
    const upstream = conversation.link.upstream;
    if (upstream !== undefined) {
      this.#dispatch(conversation, call, message, upstream);
      return;
    }
    const { group } = conversation;
    const list =
      group === undefined || conversation.shim !== undefined
        ? undefined
        : this.#options.kept().list(group, method, message.payload);
    if (list !== undefined) {
      deliver(conversation, call, { kind: "result", payload: list }, this.#relayContext);
      return;
    }
    this.#notReady++;
    conversation.link.ready(timeoutMs).then(
      (ready) => {
        this.#notReady--;
        if (!call.settled) this.#dispatch(conversation, call, message, ready);
      },
      (error: unknown) => {
        this.#notReady--;
        fail(conversation, call, error, this.#relayContext);
      },
    );
  }

  /** Caps what may wait for this server, in the child or before it. False when it was refused. */
  #admit(conversation: Conversation, call: ClientCall, message: Message): boolean {
    const { server } = this.#options;
    const bytes = message.payload?.length ?? 0;
    const isFull = conversation.link.upstream === undefined && this.#notReady >= server.maxQueue;
    if (!isFull && conversation.admit(call, bytes)) return true;
    const error = tooMuch(server.name);
    this.settle(conversation, call, failureAnswer(call.id, error), "failed");
    return false;
  }

  /** Takes a notification of the client. */
  notification(conversation: Conversation, message: Message): void {
    const { link, own } = conversation;
    // A child that does not look for the id would run a call that nobody has judged.
    if (!message.method.startsWith("notifications/")) {
      this.#drop(`${message.method} without an id`);
      return;
    }
    switch (message.method) {
      case "notifications/initialized":
        if (own) link.markInitialized();
        return;
      case "notifications/cancelled":
        this.#cancel(conversation, message.payload);
        return;
      case "notifications/roots/list_changed":
        if (!own || this.#options.server.roots !== "forward") return;
        break;
      case "notifications/progress":
      case "notifications/tasks/status":
        // About a request of the child, and a shared child has asked this client nothing.
        if (!own) return;
        break;
      default:
        break;
    }
    if (own) link.markInitialized();
    const sent = link.upstream?.notify(message.method, message.payload) ?? false;
    if (!sent) this.#drop(`${message.method}: the child is not there to take it`);
  }

  /** Takes the client's answer to a question of the child. */
  response(conversation: Conversation, message: Message): void {
    if (!settleQuestion(conversation, message)) {
      this.#drop(`answer of a client to unknown id ${message.id ?? "(none)"}`);
    }
  }

  /** The session ends: calls are cancelled in the child and told to the client, questions refused. */
  endAll(conversation: Conversation, reason: string): void {
    for (const call of conversation.calls.values()) {
      call.handle?.cancel(reason);
      const error = new GatewayError("SESSION_ENDED", `The session has ended: ${reason}`, {
        retryable: true,
      });
      this.settle(conversation, call, failureAnswer(call.id, error), "failed");
    }
    for (const question of conversation.questions.values()) {
      question.refuse(INVALID_REQUEST, "The client's session has ended");
    }
    conversation.questions.clear();
  }

  /** What needs no child. True when the call is settled. */
  #answerHere(conversation: Conversation, call: ClientCall): boolean {
    if (call.method === "ping") {
      this.settle(conversation, call, textResult(call.id, "{}"), "result");
      return true;
    }
    if (call.method === "initialize") {
      this.#refuse(conversation, call, INVALID_REQUEST, "The session is initialized already");
      return true;
    }
    const hidden =
      call.method === "server/discover" || (!conversation.own && call.method.startsWith("tasks/"));
    if (hidden)
      this.#refuse(conversation, call, METHOD_NOT_FOUND, `Method not found: ${call.method}`);
    return hidden;
  }

  #dispatch(
    conversation: Conversation,
    call: ClientCall,
    message: Message,
    upstream: Upstream,
  ): void {
    if (conversation.own) conversation.link.markInitialized();
    if (conversation.questions.size > 0) sendHeld(conversation);
    const { group, shim } = conversation;
    if (shim !== undefined) {
      this.#options.shim().request(conversation, shim, { call, message, upstream });
      return;
    }
    if (group === undefined || !this.#inCommon(conversation, call, message, upstream, group)) {
      relay(conversation, call, message, upstream, this.#relayContext);
    }
  }

  /** Requests that change what a shared child does for everybody. True when settled here. */
  #inCommon(
    conversation: Conversation,
    call: ClientCall,
    message: Message,
    upstream: Upstream,
    group: Group,
  ): boolean {
    const state = this.#options.sharedState(group);
    // Without a session nobody is there to hear of updates, or to take back the level.
    const isForOne = conversation.session === undefined;
    const done = (): true => {
      this.settle(conversation, call, textResult(call.id, "{}"), "result");
      return true;
    };
    switch (call.method) {
      case "logging/setLevel": {
        if (group.link.profile?.capabilities.has("logging") !== true) return false;
        const level = logLevelIndex(stringMember(message.payload, "level"));
        if (level === undefined) {
          this.#refuse(conversation, call, INVALID_PARAMS, '"level" is none of the log levels');
          return true;
        }
        if (!isForOne) state.setLevel(conversation, level, upstream);
        return done();
      }
      case "resources/subscribe": {
        const uri = stringMember(message.payload, "uri");
        if (uri === undefined || group.link.profile?.subscribes !== true) return false;
        if (conversation.subscriptions.size >= MAX_SUBSCRIPTIONS) {
          const text = `A client may subscribe to ${MAX_SUBSCRIPTIONS} resources`;
          this.#refuse(conversation, call, INVALID_PARAMS, text);
          return true;
        }
        if (isForOne) return done();
        call.commit = () => conversation.subscriptions.add(uri);
        return state.isSubscribed(uri) && done();
      }
      case "resources/unsubscribe": {
        const uri = stringMember(message.payload, "uri");
        if (uri === undefined) return false;
        if (isForOne) return done();
        conversation.subscriptions.delete(uri);
        // Also of a client that had no part in it: nobody ends what others still listen to.
        return state.isSubscribed(uri) && done();
      }
      default:
        return false;
    }
  }

  #cancel(conversation: Conversation, params: Uint8Array | undefined): void {
    const members = params === undefined ? undefined : objectMembers(params, 0, MAX_DEPTH);
    const requestId = members === undefined ? undefined : memberNamed(members, "requestId");
    if (params === undefined || requestId === undefined) return;
    const call = conversation.calls.get(idKey(textOf(params, requestId.start, requestId.end)));
    if (call === undefined || !conversation.finish(call)) return;
    call.handle?.cancel(stringMember(params, "reason") ?? "The client has cancelled");
    call.exchange.abandon();
    this.report(conversation, call, "cancelled");
  }

  #refuse(conversation: Conversation, call: ClientCall, code: number, text: string): void {
    this.settle(conversation, call, textError(call.id, code, text), "error");
  }

  /** Gives a request its one answer; for whoever answers for the child. */
  settle(conversation: Conversation, call: ClientCall, answer: Outgoing, outcome: Outcome): void {
    if (!conversation.finish(call)) return;
    if (outcome === "result") call.commit?.();
    call.exchange.answer(answer, call.id);
    this.report(conversation, call, outcome);
  }

  /** Says how a request ended; for whoever settles one. */
  report(conversation: Conversation, call: ClientCall, outcome: Outcome): void {
    this.#options.emit({
      kind: "request.settled",
      server: this.#options.server.slug,
      sessionRef: conversation.session?.facts.ref,
      user: conversation.user,
      tool: call.toolAsked,
      method: call.method,
      id: call.id,
      era: conversation.era,
      outcome,
      durationMs: this.#options.clock.nowMs() - call.startedMs,
    });
  }

  #drop(reason: string): void {
    this.#options.emit({ kind: "message.dropped", server: this.#options.server.slug, reason });
  }
}
