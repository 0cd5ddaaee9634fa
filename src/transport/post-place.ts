/**
 * Where a POST of requests of a legacy client came to, for whoever answers it.
 */
import type { Conversation } from "../bridge/conversation.ts";
import { primingEvent, STREAM_OPENED } from "../wire/sse-frame.ts";
import type { Endpoint, RequestContext } from "./endpoint.ts";
import type { EventSink } from "./post-exchange.ts";
import { RequestHost } from "./request-host.ts";

/** When a client whose stream broke before any event should come back. */
export const RETRY_MS = 3000;

/** The request, and the conversation that it belongs to. */
export class PostPlace extends RequestHost {
  readonly #conversation: Conversation;

  constructor(
    request: Request,
    conversation: Conversation,
    endpoint: Endpoint,
    context: RequestContext,
  ) {
    super(request, endpoint, context);
    this.#conversation = conversation;
  }

  /** A stream: resumable within a session that has room for it, else one response. */
  openSink(): EventSink {
    const { session } = this.#conversation;
    const replay = session?.openStream();
    if (replay === undefined) return this.openResponse(() => {});
    const { clock } = this.endpoint;
    const stream = this.newStream(() => replay.detach(stream));
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
