/**
 * What the clients of one shared child have in common: who listens, which resources somebody is
 * subscribed to, and the log level that the child was set to (protocol.md 4.3).
 *
 * Owns the reference counts. The child is subscribed while anybody is, and set to the most verbose
 * level that anybody asked for; both are restored when it was restarted.
 */
import { MAX_DEPTH, memberNamed, objectMembers, stringValue } from "../wire/json-scan.ts";
import { jsonBytes, outgoingCall, type Message } from "../wire/message.ts";
import { isListenedFor, stampSubscription } from "../codec/listen.ts";
import type { Answer } from "../upstream/call.ts";
import type { Group } from "../upstream/group.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { Conversation } from "./conversation.ts";
import { logLevelIndex, logLevelName, passesLogLevel } from "./routing.ts";

/** For requests that the gateway makes by itself; nobody waits for their answer. */
const OWN_CALL_TIMEOUT_MS = 30_000;
/** Resources that one client may be subscribed to. */
export const MAX_SUBSCRIPTIONS = 1000;

export class SharedState {
  readonly group: Group;
  readonly conversations = new Set<Conversation>();
  #childLevel: number | undefined;
  #isLoud = false;

  constructor(group: Group) {
    this.group = group;
  }

  join(conversation: Conversation): void {
    this.conversations.add(conversation);
    this.group.users++;
  }

  leave(conversation: Conversation): void {
    if (!this.conversations.delete(conversation)) return;
    this.group.users--;
    const upstream = this.group.link.upstream;
    if (conversation.logLevel !== undefined) this.#applyLevel(upstream);
    for (const uri of conversation.subscriptions) {
      if (upstream !== undefined && !this.isSubscribed(uri)) {
        callAndForget(upstream, "resources/unsubscribe", { uri });
      }
    }
  }

  isSubscribed(uri: string): boolean {
    for (const conversation of this.conversations) {
      if (conversation.subscriptions.has(uri)) return true;
    }
    return false;
  }

  /** Remembers the client's level and sets the child to the most verbose that anybody asked for. */
  setLevel(conversation: Conversation, level: number, upstream: Upstream): void {
    conversation.logLevel = level;
    this.#applyLevel(upstream);
  }

  #applyLevel(upstream: Upstream | undefined): void {
    let wanted = this.#isLoud ? 0 : undefined;
    for (const { logLevel } of this.conversations) {
      if (logLevel !== undefined) wanted = Math.min(wanted ?? logLevel, logLevel);
    }
    // Nobody has a wish any more: the child stays as it is, there is no way back to its own choice.
    if (wanted === undefined || wanted === this.#childLevel) return;
    this.#childLevel = wanted;
    if (upstream !== undefined) {
      callAndForget(upstream, "logging/setLevel", { level: logLevelName(wanted) });
    }
  }

  /** A restarted child gets the subscriptions and the level of the one before. */
  restore(upstream: Upstream): void {
    if (this.#childLevel !== undefined) {
      callAndForget(upstream, "logging/setLevel", { level: logLevelName(this.#childLevel) });
    }
    const uris = new Set<string>();
    for (const conversation of this.conversations) {
      for (const uri of conversation.subscriptions) uris.add(uri);
    }
    for (const uri of uris) callAndForget(upstream, "resources/subscribe", { uri });
    // Whoever listens cannot know what the new process has otherwise than by asking again.
    for (const conversation of this.conversations) {
      for (const method of conversation.listen === undefined ? [] : LIST_CHANGES) {
        const message: Message = {
          kind: "notification",
          id: undefined,
          method,
          payload: undefined,
        };
        toListener(conversation, message);
      }
    }
  }

  /** The child tells everything from now on: somebody filters by itself. */
  raiseVolume(upstream: Upstream): void {
    this.#isLoud = true;
    this.#applyLevel(upstream);
  }

  /** Subscribes the child to what a listener follows and nobody else did. */
  follow(conversation: Conversation, uris: readonly string[], upstream: Upstream): void {
    for (const uri of uris) {
      const known = this.isSubscribed(uri);
      conversation.subscriptions.add(uri);
      if (!known) callAndForget(upstream, "resources/subscribe", { uri });
    }
  }

  /** Hands a notification of the child to those it concerns; false when it concerns nobody. */
  fanOut(message: Message): boolean {
    switch (message.method) {
      case "notifications/tools/list_changed":
      case "notifications/prompts/list_changed":
      case "notifications/resources/list_changed":
        return this.#toAll(message, () => true);
      case "notifications/resources/updated": {
        const uri = stringMember(message.payload, "uri");
        return this.#toAll(message, (one) => uri !== undefined && one.subscriptions.has(uri));
      }
      case "notifications/message": {
        const level = logLevelIndex(stringMember(message.payload, "level"));
        return this.#toAll(message, (one) => passesLogLevel(level, one.logLevel, this.#childLevel));
      }
      default:
        return false;
    }
  }

  #toAll(message: Message, concerns: (conversation: Conversation) => boolean): boolean {
    const outgoing = outgoingCall(undefined, message.method, message.payload);
    const prefer = message.method === "notifications/message" ? "call" : "session";
    let delivered = false;
    for (const conversation of this.conversations) {
      if (conversation.listen !== undefined) {
        delivered = toListener(conversation, message) || delivered;
        continue;
      }
      if (!concerns(conversation)) continue;
      delivered = conversation.deliverOrKeep(outgoing, prefer) || delivered;
    }
    return delivered;
  }
}

const LIST_CHANGES = [
  "notifications/tools/list_changed",
  "notifications/prompts/list_changed",
  "notifications/resources/list_changed",
] as const;

/** To a modern client's listen stream, marked with the id of its request. */
function toListener(conversation: Conversation, message: Message): boolean {
  const { listen } = conversation;
  if (listen === undefined || !isListenedFor(listen.filter, message.method, message.payload)) {
    return false;
  }
  const params = stampSubscription(message.payload, listen.id);
  return conversation.deliver(outgoingCall(undefined, message.method, params), "session");
}

function callAndForget(upstream: Upstream, method: string, params: object): void {
  const bytes = jsonBytes(JSON.stringify(params));
  upstream.call({
    method,
    params: () => bytes,
    flow: "",
    timeoutMs: OWN_CALL_TIMEOUT_MS,
    urgent: true,
    onAnswer: ignoreAnswer,
  });
}

/** The gateway's own housekeeping: a child that refuses it is simply not subscribed. */
function ignoreAnswer(_answer: Answer): void {
  return;
}

/** A string member of params. */
export function stringMember(params: Uint8Array | undefined, key: string): string | undefined {
  if (params === undefined) return undefined;
  return stringValue(params, memberNamed(objectMembers(params, 0, MAX_DEPTH) ?? [], key));
}
