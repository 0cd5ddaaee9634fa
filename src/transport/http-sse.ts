/**
 * The binding of 2024-11-05: a GET opens the stream and the session, POSTs to the announced URI are
 * answered 202, and every message of the server comes on the stream. The stream is the session.
 * @see https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse
 */
import type { Conversation } from "../bridge/conversation.ts";
import { failureAnswer, type Exchange } from "../bridge/exchange.ts";
import { classifyMessage, declineModern } from "../codec/classify.ts";
import { GatewayError } from "../kernel/error.ts";
import type { Session } from "../session/session.ts";
import { INVALID_REQUEST, SESSION_NOT_FOUND } from "../wire/error-codes.ts";
import { encodeOutgoing, textError, type Message, type Outgoing } from "../wire/message.ts";
import { endpointEvent, EVENT_END, messageHead } from "../wire/sse-frame.ts";
import { draining, messageResponse, refusal } from "./answers.ts";
import { streamOwner, type Endpoint, type RequestContext } from "./endpoint.ts";
import { withPost, type PostBody } from "./read-post.ts";
import { reportRefused } from "./refused.ts";
import { tooManyStreams } from "./refusals.ts";
import { SseStream } from "./sse-stream.ts";

/** Opens a session and its stream; the first event says where to post. */
export function openHttpSse(endpoint: Endpoint, context: RequestContext): Response {
  const { bridge, registry, limits, streams } = endpoint;
  const owner = streamOwner(endpoint, context);
  if (!streams.hasRoom(owner)) return tooManyStreams();
  let session: Session;
  try {
    session = registry.open(bridge.server.slug, context.caller, "http-sse");
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return messageResponse(failureAnswer(undefined, error), 503);
  }
  session.busy++;
  const stream = new SseStream({
    maxBufferBytes: limits.maxStreamBufferBytes,
    set: streams,
    owner,
    onClose: () => registry.close(session, "its stream has ended"),
  });
  session.direct = (message) =>
    stream.write(encodeOutgoing(message, messageHead(undefined), EVENT_END));
  session.closeDirect = () => stream.end();
  stream.writeText(endpointEvent(context.messagesUri(session.facts.id)));
  return stream.response();
}

/** Serves a POST to the announced URI. */
export function postHttpSse(
  request: Request,
  sessionId: string,
  endpoint: Endpoint,
  context: RequestContext,
): Response | Promise<Response> {
  const { bridge, registry } = endpoint;
  const session = registry.find(sessionId, bridge.server.slug, context.caller);
  if (session === undefined || session.direct === undefined) {
    const message = "Session not found; open the event stream again";
    return refusal({ status: 404, code: SESSION_NOT_FOUND, message });
  }
  const startedMs = endpoint.clock.nowMs();
  return withPost(request, endpoint.limits, (body) => {
    const response = answerPost(body, session, endpoint, context);
    reportRefused(response, body.messages, endpoint, { version: null, startedMs });
    return response;
  });
}

function answerPost(
  { messages, batch }: PostBody,
  session: Session,
  endpoint: Endpoint,
  context: RequestContext,
): Response {
  const [message] = messages;
  const batches = session.traits?.batches === true;
  if (message === undefined || (batch && !batches)) {
    const text = "Invalid request: one message a POST";
    return refusal({ status: 400, code: INVALID_REQUEST, message: text });
  }
  if (endpoint.isDraining() && messages.some((one) => one.kind === "request")) {
    return draining(message.id);
  }
  for (const one of messages) {
    const refused = take(one, session, endpoint, context);
    if (refused !== undefined) return refused;
  }
  return new Response("Accepted", { status: 202 });
}

function take(
  message: Message,
  session: Session,
  endpoint: Endpoint,
  context: RequestContext,
): Response | undefined {
  const { bridge } = endpoint;
  const route = classifyMessage(message, null);
  if (route.kind === "rejected") return refusal(route.rejection, message.id);
  if (route.kind === "modern") return refusal(declineModern(message), message.id);
  const exchange = new DirectExchange(session);
  const known = bridge.conversationOf(session);
  if (route.kind === "initialize") {
    open(message, session, endpoint);
    return undefined;
  }
  const conversation = known ?? withoutHandshake(endpoint, context);
  if (conversation === undefined) {
    const text = "Invalid request: send initialize first";
    if (message.kind === "request") {
      exchange.answer(textError(message.id, INVALID_REQUEST, text));
    }
    return undefined;
  }
  if (message.kind === "request") bridge.messages.request(conversation, message, exchange);
  else if (message.kind === "notification") bridge.messages.notification(conversation, message);
  else bridge.messages.response(conversation, message);
  return undefined;
}

/** Requests before `initialize` are served as those without a session are (protocol.md 9.4). */
function withoutHandshake(endpoint: Endpoint, context: RequestContext): Conversation | undefined {
  const { server } = endpoint.bridge;
  const served = server.legacyStateless && server.instances !== "session";
  return served ? endpoint.bridge.stateless(context.caller.user) : undefined;
}

function open(message: Message, session: Session, endpoint: Endpoint): void {
  const { bridge, registry } = endpoint;
  const isFirst = !session.opening && bridge.conversationOf(session) === undefined;
  let isAnswered = false;
  if (isFirst) {
    // The session may end meanwhile, and its stream with it: that is an answer, too.
    session.onEnd((reason) => {
      if (isAnswered) return;
      const text = `The session has ended before it was open: ${reason}`;
      const error = new GatewayError("SESSION_ENDED", text, { retryable: true });
      session.direct?.(failureAnswer(message.id, error));
    });
  }
  bridge.open(message, session).then(
    (opening) => {
      isAnswered = true;
      session.direct?.(opening.answer);
      const isSecond = bridge.conversationOf(session) !== undefined || session.opening;
      if (!opening.opened && !isSecond) registry.close(session, "initialize failed");
    },
    // `open` never rejects; if it did, the client must not wait on a dead session.
    () => registry.close(session, "initialize failed"),
  );
}

/** Everything goes to the session's one stream. */
class DirectExchange implements Exchange {
  readonly connected = true;
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  answer(message: Outgoing): void {
    this.#session.direct?.(message);
  }

  relate(message: Outgoing): boolean {
    return this.#session.direct?.(message) ?? false;
  }

  abandon(): void {
    // Nothing is owed: the client has cancelled and waits for nothing.
  }
}
