/**
 * Requests and notifications of a child: one recipient or none, never a guess and never a
 * broadcast of what cannot be attributed (protocol.md 4.3).
 */
import { isStatic, staticRootsResult } from "../codec/client-capabilities.ts";
import type { ServerConfig } from "../config/model.ts";
import type { Emit } from "../kernel/event.ts";
import { METHOD_NOT_FOUND } from "../wire/error-codes.ts";
import { jsonBytes, outgoingCall, type Message } from "../wire/message.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { Conversation } from "./conversation.ts";
import { ask, cancelQuestion, refusalOf, type QuestionLimits } from "./questions.ts";
import type { SharedState } from "./shared-state.ts";
import type { ToolDirectory } from "./tool-directory.ts";

export interface ServerMessageContext {
  readonly server: ServerConfig;
  readonly tools: ToolDirectory;
  readonly limits: QuestionLimits;
  readonly emit: Emit;
  readonly nowMs: () => number;
}

const EMPTY_RESULT = jsonBytes("{}");

/** A message of a child that several clients share. */
export function fromSharedChild(
  message: Message,
  upstream: Upstream,
  state: SharedState,
  context: ServerMessageContext,
): void {
  if (message.kind === "request") {
    if (answeredHere(message, upstream, context)) return;
    const why = `Method not found: ${message.method} cannot be asked of clients that share this server (see "instances")`;
    upstream.refuse(message.id ?? "null", METHOD_NOT_FOUND, why);
    return;
  }
  notice(message, context);
  if (!state.fanOut(message)) upstream.drop(`${message.method} concerns no client`);
}

/** A message of a child that belongs to one session. */
export function fromOwnChild(
  message: Message,
  upstream: Upstream,
  conversation: Conversation | undefined,
  context: ServerMessageContext,
): void {
  if (message.kind === "request") {
    if (answeredHere(message, upstream, context)) return;
    if (conversation === undefined) {
      const why = `Method not found: ${message.method} before the handshake is complete`;
      upstream.refuse(message.id ?? "null", METHOD_NOT_FOUND, why);
      return;
    }
    const refusal = refusalOf(message, conversation, context.server.roots);
    if (refusal !== undefined) upstream.refuse(message.id ?? "null", refusal.code, refusal.message);
    else ask(conversation, upstream, message, context.limits, context.nowMs());
    return;
  }
  notice(message, context);
  if (conversation === undefined) return upstream.drop(`${message.method} before the session`);
  if (message.method === "notifications/cancelled") {
    return cancelQuestion(conversation, message.payload);
  }
  const aboutSession =
    /^notifications\/(?:(?:tools|prompts|resources)\/list_changed|resources\/updated)$/;
  const prefer = aboutSession.test(message.method) ? "session" : "call";
  const outgoing = outgoingCall(undefined, message.method, message.payload);
  if (!conversation.deliverOrKeep(outgoing, prefer)) upstream.drop(`${message.method}: no stream`);
}

/** What the gateway answers for every client: ping, and roots that are configured. */
function answeredHere(
  message: Message,
  upstream: Upstream,
  context: ServerMessageContext,
): boolean {
  const { roots } = context.server;
  if (message.id === undefined) return false;
  if (message.method === "ping") {
    upstream.answer(message.id, "result", EMPTY_RESULT);
    return true;
  }
  if (message.method === "roots/list" && isStatic(roots)) {
    upstream.answer(message.id, "result", jsonBytes(staticRootsResult(roots)));
    return true;
  }
  return false;
}

function notice(message: Message, context: ServerMessageContext): void {
  if (message.method === "notifications/tools/list_changed") context.tools.invalidate();
}
