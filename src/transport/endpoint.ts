/**
 * What the bindings of one server share: its bridge, the sessions, limits, open streams, and the
 * facts of a request that only the HTTP room knows.
 */
import type { Bridge } from "../bridge/bridge.ts";
import type { Limits } from "../config/model.ts";
import type { Caller } from "../kernel/caller.ts";
import type { Clock } from "../kernel/clock.ts";
import { PassingList } from "../kernel/passing.ts";
import type { SessionRegistry } from "../session/registry.ts";
import type { PostExchange } from "./post-exchange.ts";
import type { StreamOwner, StreamSet } from "./stream-set.ts";

export interface Endpoint {
  readonly bridge: Bridge;
  readonly registry: SessionRegistry;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly streams: StreamSet;
  readonly waiting: WaitingPosts;
  /** True while the gateway stops: answers and notifications are still taken, requests are not. */
  readonly isDraining: () => boolean;
}

/** Facts of one HTTP request. */
export interface RequestContext {
  readonly caller: Caller;
  /** What says whether the caller may still use the server; asked while a stream is open. */
  watchCaller(): () => boolean;
  /** The path and query to post to, as the client sees it, for a session of HTTP+SSE. */
  messagesUri(sessionId: string): string;
  /** Lifts the server's idle time-out from this request's connection … */
  liftTimeout(): void;
  /** … which outlives the request, so it is put back before the response is handed over. */
  restoreTimeout(): void;
}

/** A POST on its way. */
export interface Arrival {
  readonly endpoint: Endpoint;
  readonly context: RequestContext;
  /** Monotonic milliseconds. */
  readonly startedMs: number;
}

/** Whose the streams of a request are. */
export function streamOwner(endpoint: Endpoint, context: RequestContext): StreamOwner {
  const { caller } = context;
  return { server: endpoint.bridge.server.slug, caller, mayGoOn: context.watchCaller() };
}

/** So few that it costs nothing to watch for each of their clients from the start. */
const FEW = 8;

/** POSTs that have not been answered; one sweep looks for those that wait long. */
export class WaitingPosts {
  readonly #posts = new PassingList<PostExchange>();

  /** Among many, whether a client leaves is watched from the next sweep on: most are answered before. */
  add(post: PostExchange): void {
    post.waitingAt = this.#posts.add(post);
    if (this.#posts.size <= FEW) post.watchClient();
  }

  delete(post: PostExchange): void {
    if (post.waitingAt === undefined) return;
    this.#posts.remove(post.waitingAt);
    post.waitingAt = undefined;
  }

  /** Watches for clients that leave, and turns answers that were silent for `lazyStreamMs` into streams. */
  sweep(nowMs: number, lazyStreamMs: number): void {
    for (const post of this.#posts.values()) {
      post.watchClient();
      if (nowMs - post.startedMs >= lazyStreamMs) post.waitIsLong();
    }
  }
}
