/**
 * The binding of 2026-07-28: one POST, one request, no session. Its answer is one JSON object, or a
 * stream once anything else must be sent; a client that leaves cancels.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http
 */
import { declineModern } from "../codec/classify.ts";
import { readModernRequest } from "../codec/modern-request.ts";
import { TRANSPORT_REFUSED } from "../wire/error-codes.ts";
import type { Message } from "../wire/message.ts";
import { accepted, refusal } from "./answers.ts";
import { streamOwner, type Arrival } from "./endpoint.ts";
import { readAccept } from "./negotiation.ts";
import { PostExchange, type EventSink } from "./post-exchange.ts";
import { tooManyStreams } from "./refusals.ts";
import { RequestHost } from "./request-host.ts";

/** Serves a message that belongs to the modern era, or says so in its header. */
export function postStateless(
  request: Request,
  message: Message,
  { endpoint, context, startedMs }: Arrival,
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
  if (needsStream && !endpoint.streams.hasRoom(streamOwner(endpoint, context)))
    return tooManyStreams(message.id);
  const place = new StatelessPlace(request, endpoint, context);
  const exchange = new PostExchange(place, { accept, requests: 1, batch: false, startedMs });
  place.waitFor(exchange);
  place.disconnect = bridge.modernRequest({
    principal: context.caller.user,
    message,
    envelope: route.envelope,
    exchange,
    header: (name) => headers.get(name),
  });
  return exchange.response;
}

/** Ends with its client: one that leaves has cancelled. */
class StatelessPlace extends RequestHost {
  /** What to do when the client leaves. */
  disconnect: (() => void) | undefined;
  #exchange: PostExchange | undefined;
  #isWatched = false;

  waitFor(exchange: PostExchange): void {
    this.#exchange = exchange;
    this.endpoint.waiting.add(exchange);
  }

  /** Not at once: most are answered before, and asking for the signal costs more than their relaying. */
  override watchClient(): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    const { signal } = this.request;
    if (signal.aborted) this.#leave();
    else signal.addEventListener("abort", this.#leave, { once: true });
  }

  readonly #leave = (): void => {
    if (this.#exchange !== undefined) this.endpoint.waiting.delete(this.#exchange);
    this.disconnect?.();
  };

  override onDone(exchange: PostExchange): void {
    super.onDone(exchange);
    if (this.#isWatched) this.request.signal.removeEventListener("abort", this.#leave);
  }

  openSink(): EventSink {
    this.watchClient();
    return this.openResponse(this.#leave);
  }
}
