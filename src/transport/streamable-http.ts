/**
 * The binding of 2025-03-26 to 2025-11-25: POST, GET and DELETE on one URL, with sessions.
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http
 */
import type { Conversation } from "../bridge/conversation.ts";
import { checkVersion, classifyMessage } from "../codec/classify.ts";
import { GatewayError } from "../kernel/error.ts";
import { parseEventId } from "../session/replay-stream.ts";
import type { Session } from "../session/session.ts";
import { INVALID_REQUEST, TRANSPORT_REFUSED } from "../wire/error-codes.ts";
import { encodeOutgoing, type Message } from "../wire/message.ts";
import { ASSUMED_REVISION, traitsOf } from "../wire/revision.ts";
import {
  EVENT_END,
  messageHead,
  primingEvent,
  SSE_HEADERS,
  STREAM_OPENED,
} from "../wire/sse-frame.ts";
import { failureAnswer } from "../bridge/exchange.ts";
import { accepted, draining, failure, messageResponse, refusal } from "./answers.ts";
import { streamOwner, type Arrival, type Endpoint, type RequestContext } from "./endpoint.ts";
import { readAccept } from "./negotiation.ts";
import { PostPlace, RETRY_MS } from "./post-place.ts";
import { PostExchange } from "./post-exchange.ts";
import { withPost, type PostBody } from "./read-post.ts";
import { SseStream } from "./sse-stream.ts";
import {
  modernInBatch,
  noBatches,
  notAcceptable,
  refuse,
  tooManyStreams,
  unknownEvent,
  unknownSession,
} from "./refusals.ts";
import { reportRefused } from "./refused.ts";
import { postStateless } from "./stateless-http.ts";

const SESSION_HEADER = "mcp-session-id";
const VERSION_HEADER = "mcp-protocol-version";

/** Serves a POST that is no message of an HTTP+SSE session. */
export function postStreamable(
  request: Request,
  endpoint: Endpoint,
  context: RequestContext,
): Promise<Response> {
  const startedMs = endpoint.clock.nowMs();
  return withPost(request, endpoint.limits, (body) => {
    const version = request.headers.get(VERSION_HEADER);
    const answer = answerPost(request, body, version, { endpoint, context, startedMs });
    // What is relayed is settled, and reported, by the bridge.
    if (answer instanceof Response) {
      reportRefused(answer, body.messages, endpoint, { version, startedMs });
    }
    return answer;
  });
}

function answerPost(
  request: Request,
  body: PostBody,
  version: string | null,
  arrival: Arrival,
): Response | Promise<Response> {
  const { messages, batch } = body;
  const { endpoint, context } = arrival;
  if (endpoint.isDraining() && messages.some((one) => one.kind === "request")) {
    return draining(messages[0]?.id);
  }
  for (const message of messages) {
    const route = classifyMessage(message, version);
    if (route.kind === "legacy") continue;
    if (route.kind === "rejected") {
      const { rejection } = route;
      return batch ? modernInBatch(message.id, rejection.message) : refusal(rejection, message.id);
    }
    if (route.kind === "modern") {
      return batch ? modernInBatch(message.id) : postStateless(request, message, arrival);
    }
    if (batch) {
      return refuse(
        400,
        INVALID_REQUEST,
        "Invalid request: initialize must not be in a batch",
        message.id,
      );
    }
    const accept = readAccept(request.headers.get("accept"));
    if (!accept.json && !accept.sse) return notAcceptable(message.id);
    return initialize(request, message, endpoint, context).then((response) => {
      reportRefused(response, messages, endpoint, { version, startedMs: arrival.startedMs });
      return response;
    });
  }
  const found = findConversation(request, body, endpoint, context);
  if (found instanceof Response) return found;
  return relayPost(request, body, found, arrival);
}

async function initialize(
  request: Request,
  message: Message,
  endpoint: Endpoint,
  context: RequestContext,
): Promise<Response> {
  const { bridge, registry } = endpoint;
  let session: Session;
  try {
    session = registry.open(bridge.server.slug, context.caller, "streamable-http");
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return failure(failureAnswer(message.id, error), 503);
  }
  // Nobody would ever learn the id of a session whose client has left: it ends, with its child.
  const leave = (): void => registry.close(session, "its client left during initialize");
  request.signal.addEventListener("abort", leave, { once: true });
  context.liftTimeout();
  session.busy++;
  const opening = await bridge.open(message, session);
  session.busy--;
  context.restoreTimeout();
  request.signal.removeEventListener("abort", leave);
  const accept = readAccept(request.headers.get("accept"));
  if (!opening.opened) {
    registry.close(session, "initialize failed");
    return messageResponse(opening.answer, opening.overloaded ? 503 : 200);
  }
  const headers = { [SESSION_HEADER]: session.facts.id };
  if (accept.json) return messageResponse(opening.answer, 200, headers);
  const event = encodeOutgoing(opening.answer, messageHead(undefined), EVENT_END);
  return new Response(event, { headers: { ...SSE_HEADERS, ...headers } });
}

/** The conversation of a POST's session, one for this request alone, or the refusal. */
function findConversation(
  request: Request,
  body: PostBody,
  endpoint: Endpoint,
  context: RequestContext,
): Conversation | Response {
  const { bridge, registry } = endpoint;
  const { server } = bridge;
  const sessionId = request.headers.get(SESSION_HEADER);
  const id = body.messages[0]?.id;
  if (sessionId !== null) {
    const session = registry.find(sessionId, server.slug, context.caller);
    const conversation = session === undefined ? undefined : bridge.conversationOf(session);
    if (session === undefined || conversation === undefined) return unknownSession(id);
    return body.batch && session.traits?.batches !== true ? noBatches(id) : conversation;
  }
  const revision = request.headers.get(VERSION_HEADER) ?? ASSUMED_REVISION;
  if (body.batch && traitsOf(revision)?.batches !== true) return noBatches(id);
  const isDiscover = body.messages.some((message) => message.method === "server/discover");
  if (!server.legacyStateless || server.instances === "session" || isDiscover) {
    return refuse(
      400,
      TRANSPORT_REFUSED,
      "Bad Request: Mcp-Session-Id header is required; send initialize first",
      id,
    );
  }
  return bridge.stateless(context.caller.user);
}

function relayPost(
  request: Request,
  body: PostBody,
  conversation: Conversation,
  { endpoint, context, startedMs }: Arrival,
): Response | Promise<Response> {
  const accept = readAccept(request.headers.get("accept"));
  const { messages } = endpoint.bridge;
  let requests = 0;
  for (const message of body.messages) {
    if (message.kind !== "request") continue;
    if (requests++ === 0 && !accept.json && !accept.sse) return notAcceptable(message.id);
  }
  for (const message of body.messages) {
    if (message.kind === "request") continue;
    if (message.kind === "notification") messages.notification(conversation, message);
    else messages.response(conversation, message);
  }
  if (requests === 0) return accepted();
  const place = new PostPlace(request, conversation, endpoint, context);
  const { batch } = body;
  const exchange = new PostExchange(place, { accept, requests, batch, startedMs });
  endpoint.waiting.add(exchange);
  for (const message of body.messages) {
    if (message.kind === "request") messages.request(conversation, message, exchange);
  }
  return exchange.response;
}

/** Serves GET with a session: the stand-alone stream, or the resumption of any stream. */
export function getStreamable(
  request: Request,
  sessionId: string,
  endpoint: Endpoint,
  context: RequestContext,
): Response {
  const { bridge, registry, limits, streams } = endpoint;
  const version = checkVersion(request.headers.get(VERSION_HEADER));
  if (version?.kind === "rejected") return refusal(version.rejection);
  if (endpoint.isDraining()) return draining();
  if (!readAccept(request.headers.get("accept")).sse) {
    return refuse(406, TRANSPORT_REFUSED, "Not Acceptable: Accept must include text/event-stream");
  }
  const session = registry.find(sessionId, bridge.server.slug, context.caller);
  if (session === undefined) return unknownSession(undefined);
  const lastEventId = request.headers.get("last-event-id");
  const cursor = lastEventId === null ? undefined : parseEventId(lastEventId);
  const replay = cursor === undefined ? session.standalone : session.stream(cursor.stream);
  if (replay === undefined || (lastEventId !== null && cursor === undefined)) return unknownEvent();
  const owner = streamOwner(endpoint, context);
  if (!streams.hasRoom(owner)) return tooManyStreams();
  const stream: SseStream = new SseStream({
    maxBufferBytes: limits.maxStreamBufferBytes,
    set: streams,
    owner,
    onClose: () => {
      session.busy--;
      session.lastUsedMs = endpoint.clock.nowMs();
      replay.detach(stream);
    },
  });
  session.busy++;
  const priming = session.traits?.primingEvent === true && cursor === undefined;
  stream.writeText(priming ? primingEvent(replay.cursor, RETRY_MS) : STREAM_OPENED);
  if (!replay.attach(stream, cursor?.seq)) {
    stream.end();
    return unknownEvent();
  }
  bridge.streamOpened(session);
  return stream.response();
}

/** Serves DELETE: ends the session. */
export function deleteStreamable(
  request: Request,
  endpoint: Endpoint,
  context: RequestContext,
): Response {
  const { bridge, registry } = endpoint;
  const sessionId = request.headers.get(SESSION_HEADER);
  if (sessionId === null) {
    return refuse(400, TRANSPORT_REFUSED, "Bad Request: Mcp-Session-Id header is required");
  }
  const session = registry.find(sessionId, bridge.server.slug, context.caller);
  if (session === undefined) return unknownSession(undefined);
  registry.close(session, "the client has ended it");
  return new Response(null, { status: 200 });
}
