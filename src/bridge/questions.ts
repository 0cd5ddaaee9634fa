/**
 * Requests of a child to the one client that its process belongs to: asked under an id of ours,
 * held while the client has no stream, answered, refused or timed out exactly once.
 */
import { INTERNAL_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND } from "../wire/error-codes.ts";
import { MAX_DEPTH, memberNamed, objectMembers, stringValue } from "../wire/json-scan.ts";
import { textOf } from "../wire/key-text.ts";
import { idKey, jsonBytes, outgoingCall, type Message } from "../wire/message.ts";
import type { RootsPolicy } from "../config/model.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { Conversation, Question } from "./conversation.ts";

export interface QuestionLimits {
  readonly clientAnswerTimeoutMs: number;
  readonly streamWaitMs: number;
}

/** Questions that one client may have open. */
const MAX_OPEN = 64;

/** Why a client cannot be asked this, or undefined when it can. */
export function refusalOf(
  message: Message,
  conversation: Conversation,
  roots: RootsPolicy,
): { readonly code: number; readonly message: string } | undefined {
  const { capabilities } = conversation;
  const missing = (capability: string): { code: number; message: string } => ({
    code: METHOD_NOT_FOUND,
    message: `Method not found: the client did not declare "${capability}"`,
  });
  switch (message.method) {
    case "sampling/createMessage":
      return capabilities.sampling ? undefined : missing("sampling");
    case "elicitation/create": {
      if (!capabilities.elicitation) return missing("elicitation");
      const members =
        message.payload === undefined ? undefined : objectMembers(message.payload, 0, MAX_DEPTH);
      const mode =
        message.payload === undefined || members === undefined
          ? undefined
          : stringValue(message.payload, memberNamed(members, "mode"));
      return mode === "url" && !capabilities.elicitationUrl
        ? { code: INVALID_PARAMS, message: "The client did not declare elicitation in URL mode" }
        : undefined;
    }
    case "roots/list":
      return roots === "forward" && capabilities.roots ? undefined : missing("roots");
    default:
      return undefined;
  }
}

/** Asks the client for the child, now or when it has a stream. */
export function ask(
  conversation: Conversation,
  upstream: Upstream,
  message: Message,
  limits: QuestionLimits,
  nowMs: number,
): void {
  const childId = message.id ?? "null";
  const { method, payload } = message;
  const isAsked = askClient(conversation, {
    childId,
    method,
    params: payload,
    answer: (kind, answer) => upstream.answer(childId, kind, answer),
    refuse: (code, text) => upstream.refuse(childId, code, text),
    limits,
    nowMs,
  });
  if (isAsked === undefined) {
    upstream.refuse(childId, INTERNAL_ERROR, `The client has ${MAX_OPEN} open requests already`);
    return;
  }
  // A person may think for longer than a call may take.
  for (const call of conversation.calls.values()) call.handle?.park();
}

/** Asks the client. @returns the question, or undefined when it has too many open */
export function askClient(
  conversation: Conversation,
  asked: Pick<Question, "childId" | "method" | "answer" | "refuse"> & {
    readonly params: Uint8Array | undefined;
    readonly limits: QuestionLimits;
    readonly nowMs: number;
  },
): Question | undefined {
  if (conversation.questions.size >= MAX_OPEN) return undefined;
  const { childId, method, params, answer, refuse, limits, nowMs } = asked;
  const id = conversation.nextQuestionId();
  const message = outgoingCall(id, method, params);
  const deadlineMs = nowMs + limits.clientAnswerTimeoutMs;
  const question: Question = {
    id,
    method,
    childId,
    message,
    answer,
    refuse,
    holdUntilMs: undefined,
    deadlineMs,
  };
  conversation.questions.set(id, question);
  if (!conversation.deliver(message, "call")) question.holdUntilMs = nowMs + limits.streamWaitMs;
  return question;
}

/** Takes a question back from the client. */
export function withdrawQuestion(
  conversation: Conversation,
  question: Question,
  reason: string,
): void {
  if (!conversation.questions.delete(question.id) || question.holdUntilMs !== undefined) return;
  const told = { requestId: JSON.parse(question.id) as string, reason };
  const bytes = jsonBytes(JSON.stringify(told));
  conversation.deliver(outgoingCall(undefined, "notifications/cancelled", bytes), "call");
}

/** The client has a stream again: what waited for one is sent. */
export function sendHeld(conversation: Conversation): void {
  for (const question of conversation.questions.values()) {
    if (question.holdUntilMs === undefined) continue;
    if (conversation.deliver(question.message, "call")) question.holdUntilMs = undefined;
  }
}

/** The client's answer to a question; false when there is no such question. */
export function settleQuestion(conversation: Conversation, message: Message): boolean {
  const id = message.id === undefined ? undefined : idKey(message.id);
  const question = id === undefined ? undefined : conversation.questions.get(id);
  if (question === undefined || message.payload === undefined) return false;
  close(conversation, question);
  question.answer(message.kind === "result" ? "result" : "error", message.payload);
  return true;
}

/** The child gave up on its own request: the client is told under the id that it knows. */
export function cancelQuestion(conversation: Conversation, params: Uint8Array | undefined): void {
  if (params === undefined) return;
  const members = objectMembers(params, 0, MAX_DEPTH) ?? [];
  const requestId = memberNamed(members, "requestId");
  if (requestId === undefined) return;
  const childId = idKey(textOf(params, requestId.start, requestId.end));
  for (const question of conversation.questions.values()) {
    if (idKey(question.childId) !== childId) continue;
    close(conversation, question);
    if (question.holdUntilMs !== undefined) return;
    const reason = stringValue(params, memberNamed(members, "reason"));
    const told = {
      requestId: JSON.parse(question.id) as string,
      ...(reason === undefined ? {} : { reason }),
    };
    const bytes = jsonBytes(JSON.stringify(told));
    conversation.deliver(outgoingCall(undefined, "notifications/cancelled", bytes), "call");
    return;
  }
}

/** Refuses what waited too long for a stream or for the client. */
export function sweepQuestions(conversation: Conversation, nowMs: number): void {
  for (const question of conversation.questions.values()) {
    const held = question.holdUntilMs;
    if (held !== undefined && held <= nowMs) {
      close(conversation, question);
      question.refuse(
        INTERNAL_ERROR,
        `The client has no open stream to be asked ${question.method} on`,
      );
    } else if (question.deadlineMs <= nowMs) {
      close(conversation, question);
      question.refuse(INTERNAL_ERROR, `The client did not answer ${question.method} in time`);
    }
  }
}

/** With the last question closed, the time of the calls counts again. */
function close(conversation: Conversation, question: Question): void {
  conversation.questions.delete(question.id);
  if (conversation.questions.size > 0) return;
  for (const call of conversation.calls.values()) call.handle?.resume();
}
