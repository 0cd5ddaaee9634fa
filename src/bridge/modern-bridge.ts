/**
 * The modern era's side of a bridge: its clients on children of either era, and what those children
 * say that belongs to one of them.
 */
import { urlRequests } from "../codec/input-required.ts";
import { NO_CAPABILITIES } from "../codec/client-capabilities.ts";
import { GatewayError } from "../kernel/error.ts";
import type { Group } from "../upstream/group.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { MAX_DEPTH, memberNamed, objectMembers } from "../wire/json-scan.ts";
import { textOf } from "../wire/key-text.ts";
import { jsonBytes, outgoingCall, type Message } from "../wire/message.ts";
import { Conversation, type Household } from "./conversation.ts";
import { failureAnswer } from "./exchange.ts";
import { tooMuch } from "./fault.ts";
import type { ModernContext } from "./modern-context.ts";
import { ModernMessages } from "./modern-messages.ts";
import { ModernRelay } from "./modern-relay.ts";
import type { ModernRequest } from "./modern-request.ts";
import type { QuestionLimits } from "./questions.ts";
import { Shim, type ShimContext } from "./shim.ts";
import { logLevelIndex } from "./routing.ts";
import { stringMember } from "./shared-state.ts";

export interface ModernBridgeOptions extends Omit<
  ModernContext,
  "begin" | "learnList" | "raiseVolume" | "pagesOf" | "overloaded"
> {
  readonly household: Household;
  readonly limits: QuestionLimits;
  /** Settles a request of a legacy client. */
  readonly settle: ShimContext["settle"];
}

export class ModernBridge {
  readonly messages: ModernMessages;
  readonly relay: ModernRelay;
  /** For legacy clients on a modern child. */
  readonly shim: Shim;

  constructor(options: ModernBridgeOptions) {
    const context: ModernContext = {
      ...options,
      begin: (request, group) => begin(request, group, options),
      learnList: ({ group }, method, result) => {
        if (group !== undefined) options.kept.learn(group, method, result);
      },
      raiseVolume: (conversation, upstream) => {
        const { group, link } = conversation;
        if (group === undefined || link.profile?.capabilities.has("logging") !== true) return;
        options.sharedState(group).raiseVolume(upstream);
      },
      pagesOf: (inner) =>
        inner === undefined ? [] : (urlRequests(jsonBytes(JSON.parse(inner) as string)) ?? []),
      overloaded: (reason) => new GatewayError("OVERLOADED", reason, { retryable: true }),
    };
    this.messages = new ModernMessages(context);
    this.relay = new ModernRelay(context);
    const { server, limits, clock, randomId, settle } = options;
    this.shim = new Shim({
      ...context,
      round: { roots: server.roots, limits, clock, randomId },
      listens: this.relay.listens,
      track: (call, upstream, logLevel) => this.relay.track(call, upstream, logLevel),
      untrack: (call) => this.relay.untrack(call),
      settle,
    });
  }

  /** A message of a shared child that concerns a modern client. False when it concerns none. */
  fromChild(message: Message, upstream: Upstream, group: Group): boolean {
    if (group.era === "modern") {
      this.relay.fromChild(message, upstream);
      return true;
    }
    const { parked } = this.messages.asking;
    if (message.kind === "request") return parked.ask(message, upstream);
    if (message.method === "notifications/cancelled") {
      const id = requestIdOf(message.payload);
      if (id !== undefined) parked.withdraw(id, upstream);
      return true;
    }
    if (message.method === "notifications/message") this.#log(message, upstream);
    return false;
  }

  /** To the one call that it can belong to, if that one wants it. */
  #log(message: Message, upstream: Upstream): void {
    const [only, ...others] = this.messages.asking.parked.runningIn(upstream);
    if (only === undefined || others.length > 0 || upstream.working !== 1) return;
    const wanted = only.asker.envelope.logLevel;
    const level = logLevelIndex(stringMember(message.payload, "level"));
    if (wanted === undefined || (level !== undefined && level < wanted)) return;
    only.exchange.relate(outgoingCall(undefined, message.method, message.payload));
  }
}

/** Listens of one server that may stand open at once. */
const MAX_LISTENS = 1000;

function listensOf({ live }: Household): number {
  let count = 0;
  for (const { calls } of live.values()) {
    for (const call of calls.values()) if (call.method === "subscriptions/listen") count++;
  }
  return count;
}

/** A conversation of one request; what is too much is refused at once. */
function begin(
  request: ModernRequest,
  group: Group,
  options: ModernBridgeOptions,
): ReturnType<ModernContext["begin"]> {
  const { message, exchange, principal } = request;
  const { household, clock, server } = options;
  const conversation = new Conversation({
    household,
    session: undefined,
    link: group.link,
    group,
    capabilities: NO_CAPABILITIES,
    flow: `modern ${principal}`,
    user: principal,
    era: "modern",
  });
  const { method } = message;
  const id = message.id ?? "null";
  const timeoutMs = server.requestTimeoutMs;
  const call = conversation.begin({ id, method, exchange, nowMs: clock.nowMs(), timeoutMs });
  if (method === "tools/call") call.toolAsked = request.envelope.name;
  // Held to the end of the call: a group without users is the first to give way.
  group.users++;
  call.onEnd = () => void group.users--;
  const isListen = method === "subscriptions/listen";
  const hasRoom = !isListen || listensOf(household) <= MAX_LISTENS;
  if (hasRoom && conversation.admit(call, message.payload?.length ?? 0)) {
    return { conversation, call };
  }
  conversation.finish(call);
  options.report(conversation, call, "failed");
  exchange.answer(failureAnswer(id, tooMuch(server.name)), id, 503);
  return undefined;
}

function requestIdOf(params: Uint8Array | undefined): string | undefined {
  if (params === undefined) return undefined;
  const member = memberNamed(objectMembers(params, 0, MAX_DEPTH) ?? [], "requestId");
  return member === undefined ? undefined : textOf(params, member.start, member.end);
}
