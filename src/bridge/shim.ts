/**
 * Legacy clients on a modern child: each request carries what the session declared, questions in a
 * result become requests to the client and the call is made again with the answers, subscriptions
 * become a listen (protocol.md 3.5).
 *
 * Owns what a session's listen follows. Calls go the way of all others (`relay.ts`).
 */
import { readOffers } from "../codec/discover.ts";
import { downError, refusal } from "../codec/error-fields.ts";
import { readInputRequired } from "../codec/input-required.ts";
import {
  honouredFilter,
  listenParams,
  readListenFilter,
  type ListenFilter,
} from "../codec/listen.ts";
import { readIdentity, toModernParams, type Envelope } from "../codec/modern-params.ts";
import { downResult } from "../codec/result-fields.ts";
import { toChildParams } from "../codec/client-params.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { INTERNAL_ERROR, INVALID_PARAMS } from "../wire/error-codes.ts";
import { LOG_LEVELS, levelIndex } from "../wire/log-levels.ts";
import {
  jsonBytes,
  outgoingCall,
  textError,
  textResult,
  type Message,
  type Outgoing,
} from "../wire/message.ts";
import { LATEST_MODERN } from "../wire/revision.ts";
import type { ClientCall, Conversation, ShimState } from "./conversation.ts";
import type { ListenTable } from "./modern-listen.ts";
import type { Outcome, RelayContext } from "./relay-context.ts";
import { relay } from "./relay.ts";
import { MAX_SUBSCRIPTIONS, stringMember } from "./shared-state.ts";
import { askRound, type RoundContext } from "./shim-round.ts";

export interface ShimContext extends Omit<
  RelayContext,
  "readParams" | "translate" | "intercept" | "settle"
> {
  readonly round: RoundContext;
  readonly listens: ListenTable;
  /** A call that may log in the child, from its start to its end. */
  readonly track: (call: ClientCall, upstream: Upstream, logLevel: number) => void;
  readonly untrack: (call: ClientCall) => void;
  readonly settle: (
    conversation: Conversation,
    call: ClientCall,
    answer: Outgoing,
    outcome: Outcome,
  ) => void;
}

/** Clients that set no level get what servers commonly say. */
const DEFAULT_LEVEL = 1;
const EVERYTHING = { tools: true, prompts: true, resources: true } as const;

export class Shim {
  readonly #context: ShimContext;
  readonly #open = new Set<Conversation>();
  /** Tools whose output schema had to be wrapped. */
  readonly #wrappedTools = new Set<string>();

  constructor(context: ShimContext) {
    this.#context = context;
  }

  /** A session begins: what it declared is remembered, and its listen opened. */
  open(conversation: Conversation, initialize: Uint8Array | undefined): void {
    const identity = readIdentity(initialize, this.#context.server.roots);
    conversation.shim = { identity, endListen: undefined };
    this.#open.add(conversation);
    const { upstream } = conversation.link;
    if (upstream !== undefined) this.#listen(conversation, upstream, () => undefined);
  }

  close(conversation: Conversation): void {
    this.#open.delete(conversation);
    conversation.shim?.endListen?.();
  }

  /** The child was restarted: the sessions listen again. */
  restore(upstream: Upstream): void {
    for (const conversation of this.#open) {
      if (conversation.link.upstream === upstream) {
        this.#listen(conversation, upstream, () => undefined);
      }
    }
  }

  /** Takes a request of a session whose child is ready. */
  request(
    conversation: Conversation,
    shim: ShimState,
    relayed: { readonly call: ClientCall; readonly message: Message; readonly upstream: Upstream },
  ): void {
    const { call, message, upstream } = relayed;
    switch (call.method) {
      case "logging/setLevel":
        return this.#setLevel(conversation, call, message.payload);
      case "resources/subscribe":
      case "resources/unsubscribe":
        return this.#follow(conversation, call, message.payload, upstream);
      default:
        break;
    }
    const level = conversation.logLevel ?? DEFAULT_LEVEL;
    this.#context.track(call, upstream, level);
    call.onEnd = () => this.#context.untrack(call);
    relay(conversation, call, message, upstream, this.#relayContext(conversation, shim));
  }

  #setLevel(conversation: Conversation, call: ClientCall, params: Uint8Array | undefined): void {
    const level = levelIndex(stringMember(params, "level") ?? "");
    if (level === undefined) {
      const text = '"level" is none of the log levels';
      this.#context.settle(conversation, call, textError(call.id, INVALID_PARAMS, text), "error");
      return;
    }
    conversation.logLevel = level;
    this.#context.settle(conversation, call, textResult(call.id, "{}"), "result");
  }

  /** Opens a listen with the new set of resources; the old one ends once that is acknowledged. */
  #follow(
    conversation: Conversation,
    call: ClientCall,
    params: Uint8Array | undefined,
    upstream: Upstream,
  ): void {
    const uri = stringMember(params, "uri");
    const refuse = (text: string): void =>
      this.#context.settle(conversation, call, textError(call.id, INVALID_PARAMS, text), "error");
    if (uri === undefined) return refuse('"uri" must be a string');
    const isNew = call.method === "resources/subscribe";
    if (isNew && conversation.subscriptions.size >= MAX_SUBSCRIPTIONS) {
      return refuse(`A client may subscribe to ${MAX_SUBSCRIPTIONS} resources`);
    }
    if (isNew) conversation.subscriptions.add(uri);
    else conversation.subscriptions.delete(uri);
    const { clock } = this.#context.round;
    const timer = clock.after(call.timeoutMs, () => {
      if (isNew) conversation.subscriptions.delete(uri);
      const text = "The server did not say in time what it tells of";
      const answer = textError(call.id, INTERNAL_ERROR, text);
      this.#context.settle(conversation, call, answer, "failed");
    });
    call.onEnd = () => timer.cancel();
    this.#listen(conversation, upstream, (honoured) => {
      if (call.settled) return;
      if (isNew && !honoured.uris.includes(uri)) {
        conversation.subscriptions.delete(uri);
        return refuse(`The server does not tell of updates of ${uri}`);
      }
      this.#context.settle(conversation, call, textResult(call.id, "{}"), "result");
    });
  }

  #listen(
    conversation: Conversation,
    upstream: Upstream,
    onAcknowledged: (honoured: ListenFilter) => void,
  ): void {
    const { shim, link } = conversation;
    const { profile } = link;
    if (shim === undefined || profile === undefined) return;
    const uris = [...conversation.subscriptions];
    const filter = honouredFilter({ ...EVERYTHING, uris }, readOffers(profile.result));
    const { tools, prompts, resources } = filter;
    if (!tools && !prompts && !resources && filter.uris.length === 0) {
      shim.endListen?.();
      shim.endListen = undefined;
      return onAcknowledged(filter);
    }
    const params = toModernParams(
      jsonBytes(listenParams(filter)),
      this.#envelope(conversation, shim),
    );
    let before = shim.endListen;
    const endBefore = (): void => {
      before?.();
      before = undefined;
    };
    let isHonoured = false;
    let isOver = false;
    const endBoth = (): void => {
      end();
      endBefore();
    };
    const { maxJsonDepth } = this.#context;
    const end = this.#context.listens.begin(
      upstream,
      (token) => toChildParams(params, { token }, maxJsonDepth),
      {
        flow: conversation.flow,
        onMessage: (method, received) => {
          if (method !== "notifications/subscriptions/acknowledged") {
            conversation.deliverOrKeep(outgoingCall(undefined, method, received), "session");
          } else if (!isHonoured) {
            isHonoured = true;
            endBefore();
            const honoured = readListenFilter(received);
            onAcknowledged(honoured.ok ? honoured.value : filter);
          }
        },
        onEnd: () => {
          isOver = true;
          if (isHonoured) return;
          isHonoured = true;
          // The one before was not replaced after all.
          if (shim.endListen === endBoth) shim.endListen = before;
          onAcknowledged({ tools: false, prompts: false, resources: false, uris: [] });
        },
      },
    );
    if (!isOver) shim.endListen = endBoth;
  }

  #relayContext(conversation: Conversation, shim: ShimState): RelayContext {
    const { round } = this.#context;
    return {
      ...this.#context,
      readParams: ({ payload }) => toModernParams(payload, this.#envelope(conversation, shim)),
      translate: (call, answer) => {
        if (answer.kind === "error") return downError(call.method, answer.payload);
        const tool = call.tool;
        const wrappedTools = this.#wrappedTools;
        const context = tool === undefined ? { wrappedTools } : { wrappedTools, tool };
        return downResult(call.method, answer.payload, context);
      },
      intercept: (call, answer, again) => {
        if (answer.kind !== "result") return false;
        const asked = readInputRequired(answer.payload);
        if (asked === undefined) return false;
        const fail = (text: string): void => {
          const { kind, payload } = refusal(call.method, text);
          const message = {
            head: `{"jsonrpc":"2.0","id":${call.id},"${kind}":`,
            payload,
            tail: "}",
          };
          this.#context.settle(conversation, call, message, kind);
        };
        if (!asked.ok) fail(`The server asked for input wrongly: ${asked.error}`);
        else askRound(conversation, call, asked.value, { ...round, again, fail });
        return true;
      },
    };
  }

  #envelope(conversation: Conversation, shim: ShimState): Envelope {
    const level = LOG_LEVELS[conversation.logLevel ?? DEFAULT_LEVEL];
    return { ...shim.identity, revision: LATEST_MODERN, logLevel: level };
  }
}
