/**
 * The binding of 2026-07-28: one POST, one request, no session. Its answer is one JSON object, or a
 * stream once anything else must be sent; a client that leaves cancels.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http
 */
import { declineModern } from "../codec/classify.ts";
import { readModernRequest } from "../codec/modern-request.ts";
import { TRANSPORT_REFUSED } from "../wire/error-codes.ts";
import { encodeOutgoing, type Message } from "../wire/message.ts";
import { EVENT_END, messageHead, STREAM_OPENED } from "../wire/sse-frame.ts";
import { accepted, refusal } from "./answers.ts";
import { streamOwner, type Endpoint, type RequestContext } from "./endpoint.ts";
import { readAccept } from "./negotiation.ts";
import { PostExchange, type EventSink } from "./post-exchange.ts";
import { tooManyStreams } from "./refusals.ts";
import { SseStream } from "./sse-stream.ts";
import type { StreamOwner } from "./stream-set.ts";

/** Serves a message that belongs to the modern era, or says so in its header. */
export function postStateless(
  request: Request,
  message: Message,
  endpoint: Endpoint,
  context: RequestContext,
): Response | Promise<Response> {
  const { bridge } = endpoint;
  const { headers } = request;
  if (bridge.declinesModern && message.kind === "request") {
    return refusal(declineModern(message), message.id);
  }
  const route = readModernRequest(message, {
    version: headers.get("mcp-protocol-version"),
    method: headers.get("mcp-method"),
    name: headers.get("mcp-name"),
  });
  switch (route.kind) {
    case "rejected":
    case "answered":
      return refusal(route.rejection, message.id);
    case "accepted":
      return accepted();
    case "request":
      break;
  }
  const accept = readAccept(headers.get("accept"));
  const needsStream = message.method === "subscriptions/listen";
  if (needsStream ? !accept.sse : !accept.json && !accept.sse) {
    const text = "Not Acceptable: Accept must include application/json or text/event-stream";
    return refusal({ status: 406, code: TRANSPORT_REFUSED, message: text }, message.id);
  }
  const owner = streamOwner(endpoint, context);
  if (needsStream && !endpoint.streams.hasRoom(owner)) return tooManyStreams(message.id);
  const exchange = new PostExchange({
    accept,
    requests: 1,
    batch: false,
    openSink: () => openSink(endpoint, owner, () => leave()),
    liftTimeout: context.liftTimeout,
    restoreTimeout: context.restoreTimeout,
    isGone: () => request.signal.aborted,
    startedMs: endpoint.clock.nowMs(),
    onDone: (done) => {
      endpoint.waiting.delete(done);
      request.signal.removeEventListener("abort", leave);
    },
  });
  endpoint.waiting.add(exchange);
  let disconnect: (() => void) | undefined;
  const leave = (): void => {
    endpoint.waiting.delete(exchange);
    disconnect?.();
  };
  request.signal.addEventListener("abort", leave, { once: true });
  disconnect = bridge.modernRequest({
    principal: context.caller.user,
    message,
    envelope: route.envelope,
    exchange,
    header: (name) => headers.get(name),
  });
  return exchange.response;
}

/** One response and no more: nothing is kept for a client that comes back. */
function openSink(
  { limits, streams }: Endpoint,
  owner: StreamOwner,
  onClose: () => void,
): EventSink {
  const stream = new SseStream({
    maxBufferBytes: limits.maxStreamBufferBytes,
    set: streams,
    owner,
    onClose,
  });
  stream.writeText(STREAM_OPENED);
  return {
    response: stream.response(),
    isConnected: () => stream.open,
    send: (message) =>
      void stream.write(encodeOutgoing(message, messageHead(undefined), EVENT_END)),
    finish: () => stream.end(),
  };
}
