/**
 * What the POSTs of requests of all eras have in common, for whoever answers them.
 */
import { encodeOutgoing } from "../wire/message.ts";
import { EVENT_END, messageHead, STREAM_OPENED } from "../wire/sse-frame.ts";
import { streamOwner, type Endpoint, type RequestContext } from "./endpoint.ts";
import type { EventSink, PostExchange, PostHost } from "./post-exchange.ts";
import { SseStream } from "./sse-stream.ts";

/** An HTTP request that waits for its answer. */
export abstract class RequestHost implements PostHost {
  protected readonly request: Request;
  protected readonly endpoint: Endpoint;
  protected readonly context: RequestContext;

  constructor(request: Request, endpoint: Endpoint, context: RequestContext) {
    this.request = request;
    this.endpoint = endpoint;
    this.context = context;
  }

  abstract openSink(): EventSink;

  liftTimeout(): void {
    this.context.liftTimeout();
  }

  restoreTimeout(): void {
    this.context.restoreTimeout();
  }

  /** Who stays away from the answer is told apart here, where that means anything. */
  watchClient(): void {}

  isGone(): boolean {
    return this.request.signal.aborted;
  }

  onDone(exchange: PostExchange): void {
    this.endpoint.waiting.delete(exchange);
  }

  /** A stream that is this one response and no more: nothing is kept for a client that comes back. */
  protected openResponse(onClose: () => void): EventSink {
    const stream = this.newStream(onClose);
    stream.writeText(STREAM_OPENED);
    return {
      response: stream.response(),
      isConnected: () => stream.open,
      send: (message) =>
        void stream.write(encodeOutgoing(message, messageHead(undefined), EVENT_END)),
      finish: () => stream.end(),
    };
  }

  protected newStream(onClose: () => void): SseStream {
    const { limits, streams: set } = this.endpoint;
    const owner = streamOwner(this.endpoint, this.context);
    return new SseStream({ maxBufferBytes: limits.maxStreamBufferBytes, set, owner, onClose });
  }
}
