/**
 * Where a POST of requests of a legacy client came to, for whoever answers it.
 */
import type { Conversation } from "../bridge/conversation.ts";
import { encodeOutgoing } from "../wire/message.ts";
import { EVENT_END, messageHead, primingEvent, STREAM_OPENED } from "../wire/sse-frame.ts";
import { streamOwner, type Endpoint, type RequestContext } from "./endpoint.ts";
import type { EventSink, PostExchange, PostHost } from "./post-exchange.ts";
import { SseStream } from "./sse-stream.ts";

/** When a client whose stream broke before any event should come back. */
export const RETRY_MS = 3000;

/** The request, the conversation that it belongs to, and what HTTP knows of it. */
export class PostPlace implements PostHost {
  readonly #request: Request;
  readonly #conversation: Conversation;
  readonly #endpoint: Endpoint;
  readonly #context: RequestContext;

  constructor(
    request: Request,
    conversation: Conversation,
    endpoint: Endpoint,
    context: RequestContext,
  ) {
    this.#request = request;
    this.#conversation = conversation;
    this.#endpoint = endpoint;
    this.#context = context;
  }

  liftTimeout(): void {
    this.#context.liftTimeout();
  }

  restoreTimeout(): void {
    this.#context.restoreTimeout();
  }

  isGone(): boolean {
    return this.#request.signal.aborted;
  }

  onDone(exchange: PostExchange): void {
    this.#endpoint.waiting.delete(exchange);
  }

  /** A stream: resumable within a session that has room for it, else one response. */
  openSink(): EventSink {
    const { session } = this.#conversation;
    const { limits, streams, clock } = this.#endpoint;
    const replay = session?.openStream();
    const stream: SseStream = new SseStream({
      maxBufferBytes: limits.maxStreamBufferBytes,
      set: streams,
      owner: streamOwner(this.#endpoint, this.#context),
      onClose: () => replay?.detach(stream),
    });
    if (replay === undefined) {
      stream.writeText(STREAM_OPENED);
      return {
        response: stream.response(),
        isConnected: () => stream.open,
        send: (message) =>
          void stream.write(encodeOutgoing(message, messageHead(undefined), EVENT_END)),
        finish: () => stream.end(),
      };
    }
    const priming = session?.traits?.primingEvent === true;
    stream.writeText(priming ? primingEvent(replay.cursor, RETRY_MS) : STREAM_OPENED);
    replay.attach(stream);
    return {
      response: stream.response(),
      isConnected: () => replay.connected,
      send: (message, answerTo) => replay.send(message, answerTo),
      finish: () => replay.finish(clock.nowMs()),
    };
  }
}
