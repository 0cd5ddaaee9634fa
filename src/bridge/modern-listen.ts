/**
 * `subscriptions/listen` of modern clients: emulated on a legacy child by its subscriptions and
 * announcements, relayed to a modern one with the ids exchanged (protocol.md 3.3, 4.2).
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/subscriptions
 */
import { readOffers } from "../codec/discover.ts";
import {
  acknowledgedParams,
  honouredFilter,
  listenResult,
  readListenFilter,
  stampSubscription,
  unstampSubscription,
} from "../codec/listen.ts";
import type { Upstream } from "../upstream/upstream.ts";
import {
  jsonBytes,
  outgoingAnswer,
  outgoingCall,
  textError,
  type Message,
} from "../wire/message.ts";
import type { ClientCall, Conversation } from "./conversation.ts";
import type { Payload } from "./relay-context.ts";
import type { SharedState } from "./shared-state.ts";

const ACKNOWLEDGED = "notifications/subscriptions/acknowledged";

/** Begins a listen on a legacy child. @returns what ends it when the client leaves */
export function listenToLegacy(
  conversation: Conversation,
  call: ClientCall,
  params: Uint8Array | undefined,
  place: { readonly upstream: Upstream; readonly state: SharedState },
): () => void {
  const filter = readListenFilter(params);
  const { profile } = conversation.link;
  if (!filter.ok || profile === undefined) {
    const { code, message } = filter.ok ? { code: -32603, message: "Not ready" } : filter.error;
    if (conversation.finish(call)) call.exchange.answer(textError(call.id, code, message), call.id);
    return () => {
      conversation.finish(call);
    };
  }
  const honoured = honouredFilter(filter.value, readOffers(profile.result));
  conversation.listen = { filter: honoured, id: call.id };
  const { state, upstream } = place;
  state.join(conversation);
  state.follow(conversation, honoured.uris, upstream);
  call.exchange.relate(
    outgoingCall(undefined, ACKNOWLEDGED, acknowledgedParams(honoured, call.id)),
  );
  return () => {
    conversation.finish(call);
    state.leave(conversation);
  };
}

/** Ends a listen in good order, as when the gateway stops. */
export function endListen(conversation: Conversation, call: ClientCall): void {
  if (!conversation.finish(call)) return;
  call.exchange.answer(outgoingAnswer(call.id, "result", listenResult(call.id)), call.id);
}

/** Who listens to a modern child. */
export interface Listener {
  readonly flow: string;
  /** A notification of the listen, its mark taken off. */
  readonly onMessage: (method: string, params: Uint8Array | undefined) => void;
  /** The child has ended it, or is gone (undefined). */
  readonly onEnd: (answer: Payload | undefined) => void;
}

interface Entry extends Pick<Listener, "onMessage"> {
  readonly endedByChild: () => void;
}

/** Listens that modern children serve, by our id in the child. */
export class ListenTable {
  readonly #byUpstream = new WeakMap<Upstream, Map<string, Entry>>();

  /** Begins a listen on a modern child. @returns what ends it */
  begin(
    upstream: Upstream,
    params: (token: string) => Uint8Array | undefined,
    listener: Listener,
  ): () => void {
    const table = this.#byUpstream.get(upstream) ?? new Map<string, Entry>();
    this.#byUpstream.set(upstream, table);
    let key = "";
    let isOver = false;
    const end = (answer: Payload | undefined): void => {
      if (isOver) return;
      isOver = true;
      table.delete(key);
      listener.onEnd(answer);
    };
    const handle = upstream.call({
      method: "subscriptions/listen",
      params,
      flow: listener.flow,
      timeoutMs: 0,
      standing: true,
      onWritten: (id) => {
        key = String(id);
        table.set(key, { onMessage: listener.onMessage, endedByChild });
      },
      onAnswer: (answer) => end(answer.kind === "failed" ? undefined : answer),
    });
    // The child will not answer it any more, and forgets it as a request that was cancelled.
    function endedByChild(): void {
      handle.cancel("The listen has ended");
      end({ kind: "result", payload: jsonBytes("{}") });
    }
    return () => {
      isOver = true;
      table.delete(key);
      handle.cancel("Nobody listens any more");
    };
  }

  /** A notification of a modern child; false when it belongs to no listen. */
  route(message: Message, upstream: Upstream): boolean {
    const { id, params } = unstampSubscription(message.payload);
    const entry = id === undefined ? undefined : this.#byUpstream.get(upstream)?.get(id);
    entry?.onMessage(message.method, params);
    return entry !== undefined;
  }

  /** Some children end a listen by cancelling it (protocol.md 8.1). */
  endBy(requestId: string, upstream: Upstream): boolean {
    const entry = this.#byUpstream.get(upstream)?.get(requestId);
    entry?.endedByChild();
    return entry !== undefined;
  }
}

/** A listen of a modern client on a modern child. @returns what ends it when the client leaves */
export function relayListen(
  table: ListenTable,
  conversation: Conversation,
  call: ClientCall,
  place: { readonly upstream: Upstream; readonly params: (token: string) => Uint8Array },
): () => void {
  const end = table.begin(place.upstream, place.params, {
    flow: conversation.flow,
    onMessage: (method, params) => {
      const stamped = stampSubscription(params, call.id);
      call.exchange.relate(outgoingCall(undefined, method, stamped));
    },
    onEnd: (answer) => {
      if (!conversation.finish(call)) return;
      if (answer === undefined) return call.exchange.abandon();
      const { kind } = answer;
      const payload = kind === "result" ? listenResult(call.id) : answer.payload;
      call.exchange.answer(outgoingAnswer(call.id, kind, payload), call.id);
    },
  });
  return () => {
    end();
    conversation.finish(call);
  };
}
