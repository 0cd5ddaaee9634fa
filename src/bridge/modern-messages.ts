/**
 * Requests of modern clients: to a modern child as they are, to a legacy child translated
 * (protocol.md 3.3, 3.4). Every request is settled exactly once; a client that leaves cancels.
 */
import { restoreProgressToken } from "../codec/client-params.ts";
import { initializedServerInfo, toDiscoverResult } from "../codec/discover.ts";
import { upError, type Answer as Translated } from "../codec/error-fields.ts";
import { methodNotFound, modernMethod } from "../codec/modern-methods.ts";
import { fromModernParams } from "../codec/modern-params.ts";
import { upResult } from "../codec/result-fields.ts";
import type { Answer } from "../upstream/call.ts";
import type { Group } from "../upstream/pool.ts";
import type { Profile } from "../upstream/profile.ts";
import type { Upstream } from "../upstream/upstream.ts";
import {
  outgoingAnswer,
  outgoingCall,
  textError,
  type Message,
  type Outgoing,
} from "../wire/message.ts";
import { LATEST_MODERN } from "../wire/revision.ts";
import type { ClientCall, Conversation } from "./conversation.ts";
import { ModernAsking } from "./modern-asking.ts";
import type { Asker } from "./modern-call.ts";
import { settleModern, type ModernContext } from "./modern-context.ts";
import { isComing } from "./kept-answers.ts";
import { listenToLegacy } from "./modern-listen.ts";
import { asTask, awaitTask } from "./task-run.ts";
import type { Disconnect, ModernRequest } from "./modern-request.ts";
import { checkParams } from "./param-check.ts";
import type { Outcome, RelayContext } from "./relay-context.ts";
import { deliver, fail, relay } from "./relay.ts";

export class ModernMessages {
  readonly asking: ModernAsking;
  readonly #context: ModernContext;
  /** What ends a listen. */
  readonly #leaves = new WeakMap<ClientCall, () => void>();
  readonly #contexts = new WeakMap<Asker, RelayContext>();
  /** By the handshake that told it. */
  readonly #serverInfos = new WeakMap<Profile, { readonly text: string | undefined }>();

  constructor(context: ModernContext) {
    this.#context = context;
    this.asking = new ModernAsking(context, {
      relayContext: (asker) => this.#relayContext(asker),
      serverInfo: (conversation) => this.#serverInfo(conversation),
      settle: (conversation, call, answer, outcome, status) =>
        this.#settle(conversation, call, answer, outcome, status),
    });
  }

  /** Takes a request for a legacy child. @returns what to do when its client leaves */
  bridge(request: ModernRequest, group: Group): Disconnect {
    const { envelope } = request;
    const { server } = this.#context;
    const opened = this.#context.begin(request, group);
    if (opened === undefined) return () => undefined;
    const { conversation, call } = opened;
    const asker: Asker = { conversation, call, envelope };
    if (this.#fromKept(asker, group, request.message)) return () => undefined;
    const { upstream: ready } = group.link;
    if (ready !== undefined) {
      this.#start(request, asker, { upstream: ready, group });
      return () => this.#disconnect(asker);
    }
    group.link.ready(server.requestTimeoutMs).then(
      (upstream) => {
        if (!call.settled) this.#start(request, asker, { upstream, group });
      },
      (error: unknown) => {
        fail(conversation, call, error, this.#relayContext(asker));
      },
    );
    return () => this.#disconnect(asker);
  }

  /** What the last run knew, while the child still starts. */
  #fromKept({ conversation, call, envelope }: Asker, group: Group, message: Message): boolean {
    const { profile, upstream } = group.link;
    if (upstream !== undefined) return false;
    const asker = { conversation, call, envelope };
    if (call.method === "server/discover" && profile !== undefined && isComing(group.link)) {
      group.link.start();
      this.#discover(asker, profile.result);
      return true;
    }
    const list = this.#context.kept.list(group, call.method, message.payload);
    if (list === undefined) return false;
    const answer = { kind: "result", payload: list } as const;
    deliver(conversation, call, answer, this.#relayContext(asker));
    return true;
  }

  #discover({ conversation, call }: Asker, initialized: Uint8Array): void {
    const result = toDiscoverResult(initialized, [LATEST_MODERN]);
    this.#settle(conversation, call, outgoingAnswer(call.id, "result", result), "result");
  }

  #start(
    request: ModernRequest,
    asker: Asker,
    place: { readonly upstream: Upstream; readonly group: Group },
  ): void {
    const { message } = request;
    const { upstream, group } = place;
    const { conversation, call } = asker;
    const { profile } = conversation.link;
    if (message.method === "server/discover" && profile !== undefined) {
      this.#discover(asker, profile.result);
      return;
    }
    if (modernMethod(message.method)?.extension !== undefined) {
      const { code, message: text, status } = methodNotFound();
      this.#settle(conversation, call, textError(call.id, code, text), "error", status);
      return;
    }
    if (message.method === "subscriptions/listen") {
      const state = this.#context.sharedState(group);
      this.#leaves.set(
        call,
        listenToLegacy(conversation, call, message.payload, { upstream, state }),
      );
      return;
    }
    if (asker.envelope.logLevel !== undefined) this.#context.raiseVolume(conversation, upstream);
    if (modernMethod(message.method)?.mayAsk !== true) {
      relay(conversation, call, message, upstream, this.#relayContext(asker));
      return;
    }
    checkParams(request, call, upstream, this.#context, {
      go: () => this.asking.take(request, asker, upstream),
      refuse: ({ code, message: text, status }) =>
        this.#settle(conversation, call, textError(call.id, code, text), "error", status),
    });
  }

  #relayContext(asker: Asker): RelayContext {
    const known = this.#contexts.get(asker);
    if (known !== undefined) return known;
    const context = this.#newRelayContext(asker);
    this.#contexts.set(asker, context);
    return context;
  }

  #newRelayContext(asker: Asker): RelayContext {
    const { server, tools, lastLists, maxJsonDepth, emit } = this.#context;
    const { conversation: own, envelope } = asker;
    const { upstream } = own.link;
    const isCall = asker.call.method === "tools/call" && envelope.name !== undefined;
    const isTask =
      isCall && upstream !== undefined && tools.runsAsTask(upstream, envelope.name ?? "");
    return {
      server,
      tools,
      lastLists,
      maxJsonDepth,
      emit,
      learnList: this.#context.learnList,
      readParams: ({ payload, plain }) => {
        const params =
          payload === undefined ? undefined : fromModernParams(payload, maxJsonDepth, plain);
        return isTask && params !== undefined ? asTask(params) : params;
      },
      translate: (call, answer) => this.#translate(asker, call, answer),
      intercept: (call, answer) => {
        const take = (last: Answer): boolean => this.asking.intercept(call, last);
        const isBegun =
          isTask && upstream !== undefined && awaitTask(call, own.flow, answer, upstream, take);
        return isBegun || take(answer);
      },
      onProgress: (call, params) => this.#progress(call, asker, params),
      settle: (conversation, call, answer, outcome) =>
        this.#settle(conversation, call, answer, outcome),
    };
  }

  #translate(asker: Asker, call: ClientCall, answer: Translated): Translated {
    const serverInfo = this.#serverInfo(asker.conversation);
    return answer.kind === "result"
      ? upResult(call.method, answer.payload, { serverInfo }, answer.plain)
      : upError(answer.payload, asker.envelope.name);
  }

  #progress(call: ClientCall, asker: Asker, params: Uint8Array): void {
    const modern = this.asking.callOf(call);
    const current = modern?.asker ?? asker;
    const token = current.envelope.progressToken;
    if (token === undefined || modern?.phase === "parked") return;
    const restored = restoreProgressToken(params, token, this.#context.maxJsonDepth);
    current.call.exchange.relate(outgoingCall(undefined, "notifications/progress", restored));
  }

  #serverInfo(conversation: Conversation): string | undefined {
    const { profile } = conversation.link;
    if (profile === undefined) return undefined;
    const known = this.#serverInfos.get(profile);
    if (known !== undefined) return known.text;
    const text = initializedServerInfo(profile.result);
    this.#serverInfos.set(profile, { text });
    return text;
  }

  /** The client of a request has left: in the modern era that is a cancellation. */
  #disconnect(asker: Asker): void {
    const { conversation, call } = asker;
    if (call.settled) return;
    const leave = this.#leaves.get(call);
    if (leave !== undefined) return leave();
    conversation.finish(call);
    this.#context.report(conversation, call, "cancelled");
    if (!this.asking.leave(call)) call.handle?.cancel("The client has left");
  }

  #settle(
    conversation: Conversation,
    call: ClientCall,
    answer: Outgoing,
    outcome: Outcome,
    status?: number,
  ): void {
    settleModern(this.#context, { conversation, call }, { answer, outcome, status });
  }
}
