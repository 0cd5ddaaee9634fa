/**
 * The answer to one POST of requests, as late as possible: one JSON object when the answer is the
 * first thing to come, one finished event-stream text where the client takes only that, a stream as
 * soon as anything else must be sent or the wait grows long (protocol.md 9.11).
 *
 * Owns the state of that HTTP response. Each request in the body is settled once.
 */
import type { Exchange } from "../bridge/exchange.ts";
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

export interface PostExchangeOptions {
  readonly accept: Accepted;
  /** Requests in the body. */
  readonly requests: number;
  /** The body was an array, so a JSON answer is one too. */
  readonly batch: boolean;
  readonly openSink: () => EventSink;
  /** Keeps the server from cutting a response that waits without bytes. */
  readonly liftTimeout: () => void;
  readonly restoreTimeout: () => void;
  /** The client has left. */
  readonly isGone: () => boolean;
  readonly startedMs: number;
  /** Runs once when nothing more will be sent. */
  readonly onDone: (exchange: PostExchange) => void;
}

export class PostExchange implements Exchange {
  readonly response: Promise<Response>;
  readonly startedMs: number;
  readonly #options: PostExchangeOptions;
  readonly #resolve: (response: Response) => void;
  #remaining: number;
  #sink: EventSink | undefined;
  #waitIsLong = false;
  #isLifted = false;
  #status = 200;
  readonly #answers: { readonly message: Outgoing; readonly id: string }[] = [];

  constructor(options: PostExchangeOptions) {
    this.#options = options;
    this.startedMs = options.startedMs;
    this.#remaining = options.requests;
    const { promise, resolve } = Promise.withResolvers<Response>();
    this.response = promise;
    this.#resolve = resolve;
  }

  get connected(): boolean {
    if (!this.#options.accept.sse || this.#remaining === 0) return false;
    return this.#sink === undefined ? !this.#options.isGone() : this.#sink.isConnected();
  }

  answer(message: Outgoing, id: string, status = 200): void {
    this.#status = status;
    if (this.#sink !== undefined) this.#sink.send(message, id);
    else this.#answers.push({ message, id });
    this.#settleOne();
  }

  relate(message: Outgoing): boolean {
    if (!this.#options.accept.sse || this.#remaining === 0) return false;
    this.#open().send(message);
    return true;
  }

  abandon(): void {
    this.#settleOne();
  }

  /** Nothing came for long: keep-alives must flow, or at least no time-out may strike. */
  waitIsLong(): void {
    if (this.#waitIsLong || this.#sink !== undefined || this.#remaining === 0) return;
    this.#waitIsLong = true;
    if (this.#options.accept.sse) {
      this.#open();
      return;
    }
    this.#isLifted = true;
    this.#options.liftTimeout();
  }

  #open(): EventSink {
    if (this.#sink !== undefined) return this.#sink;
    const sink = this.#options.openSink();
    this.#sink = sink;
    for (const { message, id } of this.#answers.splice(0)) sink.send(message, id);
    this.#resolve(sink.response);
    return sink;
  }

  #settleOne(): void {
    if (--this.#remaining > 0) return;
    if (this.#isLifted) this.#options.restoreTimeout();
    if (this.#sink === undefined) this.#resolve(this.#finishedResponse());
    else this.#sink.finish();
    this.#options.onDone(this);
  }

  #finishedResponse(): Response {
    const { accept, batch } = this.#options;
    const messages = this.#answers.map((one) => one.message);
    const [only] = messages;
    if (!accept.json) {
      const events = messages.map((one) => encodeOutgoing(one, messageHead(undefined), EVENT_END));
      return new Response(new Blob(events), { headers: SSE_HEADERS });
    }
    // Every request was cancelled: there is nothing to say.
    if (only === undefined)
      return accept.sse ? new Response("", { headers: SSE_HEADERS }) : accepted();
    return batch ? jsonResponse(jsonArray(messages)) : messageResponse(only, this.#status);
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
