/**
 * The answer to one POST of requests, as late as possible: one JSON object when the answer is the
 * first thing to come, one finished event-stream text where the client takes only that, a stream as
 * soon as anything else must be sent or the wait grows long (protocol.md 9.11).
 *
 * Owns the state of that HTTP response. Each request in the body is settled once.
 */
import type { Exchange } from "../bridge/exchange.ts";
import type { Place } from "../kernel/passing.ts";
import { encodeOutgoing, jsonBytes, type Outgoing } from "../wire/message.ts";
import { EVENT_END, messageHead, SSE_HEADERS } from "../wire/sse-frame.ts";
import { accepted, jsonResponse, messageResponse } from "./answers.ts";
import type { Accepted } from "./negotiation.ts";

/** Where events go once a stream is open: a resumable stream of the session, or one response. */
export interface EventSink {
  readonly response: Response;
  /** Somebody reads it now. */
  isConnected(): boolean;
  send(message: Outgoing, answerTo?: string): void;
  finish(): void;
}

/** The HTTP request that is answered. */
export interface PostHost {
  openSink(): EventSink;
  /** Keeps the server from cutting a response that waits without bytes. */
  liftTimeout(): void;
  restoreTimeout(): void;
  /** From now on it matters at once whether the client leaves. Idempotent. */
  watchClient(): void;
  /** The client has left. */
  isGone(): boolean;
  /** Runs once when nothing more will be sent. */
  onDone(exchange: PostExchange): void;
}

export interface PostExchangeOptions {
  readonly accept: Accepted;
  /** Requests in the body. */
  readonly requests: number;
  /** The body was an array, so a JSON answer is one too. */
  readonly batch: boolean;
  readonly startedMs: number;
}

export class PostExchange implements Exchange {
  readonly response: Promise<Response>;
  readonly startedMs: number;
  /** Among the posts that wait for their answer. */
  waitingAt: Place<PostExchange> | undefined = undefined;
  readonly #host: PostHost;
  readonly #accept: Accepted;
  readonly #isBatch: boolean;
  readonly #resolve: (response: Response) => void;
  #remaining: number;
  #sink: EventSink | undefined;
  #waitIsLong = false;
  #isLifted = false;
  #status = 200;
  readonly #answers: { readonly message: Outgoing; readonly id: string }[] = [];

  constructor(host: PostHost, { accept, requests, batch, startedMs }: PostExchangeOptions) {
    this.#host = host;
    this.#accept = accept;
    this.#isBatch = batch;
    this.startedMs = startedMs;
    this.#remaining = requests;
    const { promise, resolve } = Promise.withResolvers<Response>();
    this.response = promise;
    this.#resolve = resolve;
  }

  get connected(): boolean {
    if (!this.#accept.sse || this.#remaining === 0) return false;
    return this.#sink === undefined ? !this.#host.isGone() : this.#sink.isConnected();
  }

  answer(message: Outgoing, id: string, status = 200): void {
    this.#status = status;
    if (this.#sink !== undefined) this.#sink.send(message, id);
    else this.#answers.push({ message, id });
    this.#settleOne();
  }

  relate(message: Outgoing): boolean {
    if (!this.#accept.sse || this.#remaining === 0) return false;
    this.#open().send(message);
    return true;
  }

  abandon(): void {
    this.#settleOne();
  }

  /** From now on it is noticed at once when its client leaves. Idempotent. */
  watchClient(): void {
    if (this.#remaining > 0) this.#host.watchClient();
  }

  /** Nothing came for long: keep-alives must flow, or at least no time-out may strike. */
  waitIsLong(): void {
    if (this.#waitIsLong || this.#sink !== undefined || this.#remaining === 0) return;
    this.#waitIsLong = true;
    if (this.#accept.sse) {
      this.#open();
      return;
    }
    this.#isLifted = true;
    this.#host.liftTimeout();
  }

  #open(): EventSink {
    if (this.#sink !== undefined) return this.#sink;
    const sink = this.#host.openSink();
    this.#sink = sink;
    for (const { message, id } of this.#answers.splice(0)) sink.send(message, id);
    this.#resolve(sink.response);
    return sink;
  }

  #settleOne(): void {
    if (--this.#remaining > 0) return;
    if (this.#isLifted) this.#host.restoreTimeout();
    if (this.#sink === undefined) this.#resolve(this.#finishedResponse());
    else this.#sink.finish();
    this.#host.onDone(this);
  }

  #finishedResponse(): Response {
    const accept = this.#accept;
    const only = this.#answers[0]?.message;
    if (accept.json && only !== undefined && !this.#isBatch)
      return messageResponse(only, this.#status);
    const messages = this.#answers.map((one) => one.message);
    if (!accept.json) {
      const events = messages.map((one) => encodeOutgoing(one, messageHead(undefined), EVENT_END));
      return new Response(new Blob(events), { headers: SSE_HEADERS });
    }
    // Every request was cancelled: there is nothing to say.
    if (only === undefined)
      return accept.sse ? new Response("", { headers: SSE_HEADERS }) : accepted();
    return jsonResponse(jsonArray(messages));
  }
}

function jsonArray(messages: readonly Outgoing[]): Uint8Array<ArrayBuffer> {
  const pieces = messages.map((message, index) => encodeOutgoing(message, index === 0 ? "[" : ","));
  const whole = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 1));
  let at = 0;
  for (const piece of [...pieces, jsonBytes("]")]) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
