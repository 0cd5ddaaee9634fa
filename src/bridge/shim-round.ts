/**
 * One round of questions of a modern child to a legacy client: all of them asked as requests, the
 * call made again with the answers (protocol.md 3.5). Limits and failures are those of the
 * official SDK's own shim.
 */
import { retryParams, type InputAnswer } from "../codec/input-responses.ts";
import {
  inputKind,
  withElicitationId,
  type InputRequest,
  type InputRequired,
} from "../codec/input-required.ts";
import { isStatic, staticRootsResult } from "../codec/client-capabilities.ts";
import type { RootsPolicy } from "../config/model.ts";
import type { Clock } from "../kernel/clock.ts";
import { jsonBytes } from "../wire/message.ts";
import type { ClientCall, Conversation, Question } from "./conversation.ts";
import { askClient, withdrawQuestion, type QuestionLimits } from "./questions.ts";
import type { Again } from "./relay-context.ts";

export interface RoundContext {
  readonly roots: RootsPolicy;
  readonly limits: QuestionLimits;
  readonly clock: Clock;
  readonly randomId: () => string;
}

interface Round extends RoundContext {
  readonly again: Again;
  /** Ends the call in the way of its method. */
  readonly fail: (text: string) => void;
}

const MAX_ROUNDS = 8;
/** A result with a state and no question is asked again after this long. */
const STATE_ONLY_MS = 250;

/** Asks everything that one result wants to know; the call goes on, or fails, by itself. */
export function askRound(
  conversation: Conversation,
  call: ClientCall,
  asked: InputRequired,
  round: Round,
): void {
  call.rounds++;
  if (call.rounds > MAX_ROUNDS) return round.fail(`The server asked more than ${MAX_ROUNDS} times`);
  const { requests, requestState } = asked;
  for (const request of requests) {
    const missing = missingOf(request, conversation, round.roots);
    if (missing !== undefined) return round.fail(`The client cannot be asked this: ${missing}`);
  }
  const answers: InputAnswer[] = [];
  const goOn = (): void => round.again((first) => retryParams(first, answers, requestState));
  if (requests.length === 0) {
    const timer = round.clock.after(STATE_ONLY_MS, goOn);
    call.onEnd = chain(call.onEnd, () => timer.cancel());
    return;
  }
  const open = new Set<Question>();
  const abort = (reason: string): void => {
    for (const question of open) withdrawQuestion(conversation, question, reason);
    open.clear();
  };
  call.onEnd = chain(call.onEnd, () => abort("The call has ended"));
  let isOver = false;
  const failAll = (text: string): void => {
    if (isOver) return;
    isOver = true;
    abort(text);
    round.fail(text);
  };
  let left = requests.length;
  const settle = (request: InputRequest, result: Uint8Array): void => {
    answers.push({ request, result });
    if (--left === 0 && !isOver) {
      isOver = true;
      goOn();
    }
  };
  for (const request of requests) {
    if (isOver) return;
    if (request.method === "roots/list" && isStatic(round.roots)) {
      settle(request, jsonBytes(staticRootsResult(round.roots)));
      continue;
    }
    const question = askClient(conversation, {
      childId: "null",
      method: request.method,
      params: paramsOf(request, round.randomId),
      answer: (kind, payload) => {
        if (question !== undefined) open.delete(question);
        if (kind === "result") settle(request, payload);
        else failAll(`The client did not answer ${request.method}`);
      },
      refuse: (_code, text) => {
        if (question !== undefined) open.delete(question);
        failAll(text);
      },
      limits: round.limits,
      nowMs: round.clock.nowMs(),
    });
    if (question === undefined) return failAll("The client has too many open requests already");
    open.add(question);
  }
}

function paramsOf(request: InputRequest, randomId: () => string): Uint8Array | undefined {
  const isPage = inputKind(request.method, request.params) === "elicitation-url";
  if (!isPage || request.params === undefined) return request.params;
  return withElicitationId(request.params, randomId());
}

function missingOf(
  { method, params }: InputRequest,
  conversation: Conversation,
  roots: RootsPolicy,
): string | undefined {
  const { capabilities, session } = conversation;
  switch (inputKind(method, params)) {
    case "sampling":
      return capabilities.sampling ? undefined : "sampling is not declared";
    case "elicitation":
      return capabilities.elicitation ? undefined : "elicitation is not declared";
    case "elicitation-url": {
      const knows = session?.traits?.urlElicitation === true && capabilities.elicitationUrl;
      return knows ? undefined : "elicitation in URL mode is not declared";
    }
    case "roots":
      if (isStatic(roots)) return undefined;
      return roots === "forward" && capabilities.roots ? undefined : "roots are not declared";
    case undefined:
      return method;
  }
}

function chain(first: (() => void) | undefined, second: () => void): () => void {
  return () => {
    first?.();
    second();
  };
}
