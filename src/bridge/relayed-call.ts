/**
 * One request of a client on its way to the child and back, as the connection to the child sees it.
 */
import { restoreProgressToken, toChildParams, type ClientParams } from "../codec/client-params.ts";
import type { Answer, Call } from "../upstream/call.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { outgoingCall, plainOf } from "../wire/message.ts";
import type { ClientCall, Conversation } from "./conversation.ts";
import type { RelayContext } from "./relay-context.ts";

/** Whose request it is, and whom it was sent to. */
export interface Relayed {
  readonly conversation: Conversation;
  readonly call: ClientCall;
  readonly upstream: Upstream;
}

type Answered = (relayed: Relayed, answer: Answer, context: RelayContext) => void;

/** A request on its way to the child and back; sent more than once when answers to questions go along. */
export class RelayedCall implements Call {
  readonly method: string;
  readonly flow: string;
  readonly timeoutMs: number;
  readonly isPassing: boolean;
  sinceMs: number | undefined;
  readonly #conversation: Conversation;
  readonly #call: ClientCall;
  readonly #upstream: Upstream;
  /** The child's own name of the tool, where the client uses another. */
  readonly #tool: string | undefined;
  readonly #context: RelayContext;
  readonly #onAnswered: Answered;
  #first: ClientParams | undefined;
  /** As they were sent last. */
  #params: ClientParams | undefined;

  constructor(
    relayed: {
      readonly conversation: Conversation;
      readonly call: ClientCall;
      readonly upstream: Upstream;
      readonly tool: string | undefined;
    },
    context: RelayContext,
    onAnswered: Answered,
  ) {
    const { conversation, call, upstream, tool } = relayed;
    this.method = call.method;
    this.flow = conversation.flow;
    this.timeoutMs = call.timeoutMs;
    this.isPassing = context.isPassing === true;
    this.#conversation = conversation;
    this.#call = call;
    this.#upstream = upstream;
    this.#tool = tool;
    this.#context = context;
    this.#onAnswered = onAnswered;
  }

  send(params: ClientParams | undefined, sinceMs: number | undefined): void {
    this.#first ??= params;
    this.#params = params;
    this.sinceMs = sinceMs;
    this.#call.handle = this.#upstream.call(this);
  }

  params(token: string): Uint8Array | string | undefined {
    const given = this.#params;
    if (given === undefined) return undefined;
    const tool = this.#tool;
    if (tool !== undefined)
      return toChildParams(given, { token, name: tool }, this.#context.maxJsonDepth);
    if (given.progressToken === undefined) return plainOf(given.bytes, given.plain) ?? given.bytes;
    return toChildParams(given, { token }, this.#context.maxJsonDepth);
  }

  onAnswer(answer: Answer): void {
    const again = this.#context.intercept?.(this.#call, answer, (change) => this.#again(change));
    if (again === true) return;
    const relayed = {
      conversation: this.#conversation,
      call: this.#call,
      upstream: this.#upstream,
    };
    this.#onAnswered(relayed, answer, this.#context);
  }

  onProgress(progress: Uint8Array): void {
    const token = this.#params?.progressToken;
    if (token === undefined) return;
    const context = this.#context;
    if (context.onProgress !== undefined) return context.onProgress(this.#call, progress);
    const restored = restoreProgressToken(progress, token, context.maxJsonDepth);
    this.#call.exchange.relate(outgoingCall(undefined, "notifications/progress", restored));
  }

  #again(change: (first: ClientParams) => ClientParams): void {
    const params = this.#first;
    if (!this.#call.settled && params !== undefined) this.send(change(params), undefined);
  }
}
