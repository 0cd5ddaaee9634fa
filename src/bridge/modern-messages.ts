/**
 * Requests of modern clients: to a modern child as they are, to a legacy child translated
 * (protocol.md 3.3, 3.4). Every request is settled exactly once; a client that leaves cancels.
 */
import { initializedServerInfo, toDiscoverResult } from "../codec/discover.ts";
import { methodNotFound, modernMethod } from "../codec/modern-methods.ts";
import type { Group } from "../upstream/group.ts";
import type { Profile } from "../upstream/profile.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { outgoingAnswer, textError, type Message, type Outgoing } from "../wire/message.ts";
import { LATEST_MODERN } from "../wire/revision.ts";
import { BridgedRequest, type BridgedPorts } from "./bridged-request.ts";
import type { ClientCall, Conversation } from "./conversation.ts";
import { ModernAsking } from "./modern-asking.ts";
import type { Asker } from "./modern-call.ts";
import { settleModern, type ModernContext } from "./modern-context.ts";
import { isComing } from "./kept-answers.ts";
import { listenToLegacy } from "./modern-listen.ts";
import type { Disconnect, ModernRequest } from "./modern-request.ts";
import { checkParams } from "./param-check.ts";
import type { Outcome, RelayContext } from "./relay-context.ts";
import { deliver, fail, relay } from "./relay.ts";

export class ModernMessages {
  readonly asking: ModernAsking;
  readonly #context: ModernContext;
  /** What ends a listen. */
  readonly #leaves = new WeakMap<ClientCall, () => void>();
  readonly #ports: BridgedPorts;
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
    this.#ports = {
      context,
      serverInfo: (conversation) => this.#serverInfo(conversation),
      intercept: (asker, answer) => this.asking.intercept(asker, answer),
      end: (modern) => this.asking.parked.end(modern),
    };
  }

  /** Takes a request for a legacy child. @returns what to do when its client leaves */
  bridge(request: ModernRequest, group: Group): Disconnect {
    const { envelope } = request;
    const { server } = this.#context;
    const opened = this.#context.begin(request, group);
    if (opened === undefined) return () => undefined;
    const { conversation, call } = opened;
    const asker: Asker = { conversation, call, envelope, modern: undefined, relayed: undefined };
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
  #fromKept(asker: Asker, group: Group, message: Message): boolean {
    const { profile, upstream } = group.link;
    if (upstream !== undefined) return false;
    const { conversation, call } = asker;
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
    return (asker.relayed ??= new BridgedRequest(asker, this.#ports));
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
    if (!this.asking.leave(asker)) call.handle?.cancel("The client has left");
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
