/**
 * Pure. Text of server-sent events. Who owns the stream is not known here.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */

/** What comes before the data of a `message` event. `id` is ours and holds no line break. */
export function messageHead(id: string | undefined): string {
  return id === undefined ? "event: message\ndata: " : `id: ${id}\nevent: message\ndata: `;
}

/** Ends an event. */
export const EVENT_END = "\n\n";

/** The comment that keeps proxies from closing a quiet stream. */
export const KEEP_ALIVE = ": keep-alive\n\n";

/** Opens a stream so that no proxy holds back its head. */
export const STREAM_OPENED = ": open\n\n";

/** The event that lets a client come back before anything was sent (2025-11-25, SEP-1699). */
export function primingEvent(id: string, retryMs: number): string {
  return `id: ${id}\nretry: ${retryMs}\ndata: \n\n`;
}

/** The last words on a stream whose server stops: when to come back. No event is dispatched for it. */
export function stoppingFrame(retryMs: number): string {
  return `: the server stops\nretry: ${retryMs}\n\n`;
}

/** The first event of HTTP+SSE: where to post (2024-11-05 basic/transports). */
export function endpointEvent(uri: string): string {
  return `event: endpoint\ndata: ${uri}\n\n`;
}

/** Headers of every event stream. `no-transform` and X-Accel-Buffering keep proxies from buffering. */
export const SSE_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
  "x-content-type-options": "nosniff",
};
