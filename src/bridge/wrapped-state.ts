/**
 * The state that a modern child gives with its questions, sealed for the person who was asked: over
 * stdin a child cannot know who comes back with it (protocol.md 3.6 b).
 */
import { internalError, type Answer, type Fault } from "../codec/error-fields.ts";
import { readInputRequired, replaceRequestState } from "../codec/input-required.ts";
import { readRetry } from "../codec/input-responses.ts";
import type { Clock } from "../kernel/clock.ts";
import { GatewayError } from "../kernel/error.ts";
import { err, ok, type Result } from "../kernel/result.ts";
import { INVALID_PARAMS } from "../wire/error-codes.ts";
import { MAX_DEPTH, memberNamed, objectMembers } from "../wire/json-scan.ts";
import { textOf } from "../wire/key-text.ts";
import type { ModernRequest } from "./modern-request.ts";
import {
  hashArguments,
  hashPrincipal,
  isBoundTo,
  type StateBinding,
  type StateSealer,
} from "./request-state.ts";

/** What sealing needs. */
export interface WrapContext {
  readonly server: { readonly slug: string };
  readonly sealer: StateSealer;
  readonly clock: Pick<Clock, "wallMs">;
  readonly parkedTtlMs: number;
  readonly randomId: () => string;
}

/** What a state that is given with this request must agree with. */
export function bindingOf(
  { message, principal, envelope }: ModernRequest,
  { server }: Pick<WrapContext, "server">,
): StateBinding {
  const params = message.payload;
  const args =
    params === undefined
      ? undefined
      : memberNamed(objectMembers(params, 0, MAX_DEPTH) ?? [], "arguments");
  return {
    server: server.slug,
    principal: hashPrincipal(principal),
    method: message.method,
    name: envelope.name ?? "",
    argumentsHash: hashArguments(
      params === undefined || args === undefined
        ? undefined
        : params.subarray(args.start, args.end),
    ),
  };
}

/** The child's answer with its state sealed for who asked. */
export function wrapState(answer: Answer, request: ModernRequest, context: WrapContext): Answer {
  if (!context.sealer.isForSeveral || answer.kind !== "result") return answer;
  const asked = readInputRequired(answer.payload);
  if (asked?.ok !== true || asked.value.requestState === undefined) return answer;
  const { sealer, clock, parkedTtlMs, randomId } = context;
  const state = asked.value.requestState;
  try {
    const sealed = sealer.seal({
      ...bindingOf(request, context),
      kind: "wrapped",
      id: randomId(),
      round: 1,
      expiresAtMs: clock.wallMs() + parkedTtlMs,
      inner: textOf(state, 0, state.length),
    });
    return { ...answer, payload: replaceRequestState(answer.payload, JSON.stringify(sealed)) };
  } catch (error) {
    if (error instanceof GatewayError) return internalError(error.message);
    throw error;
  }
}

/** The request with the child's own state in it, or why it must not go on. */
export function unwrapState(
  request: ModernRequest,
  context: WrapContext,
): Result<ModernRequest, Fault> {
  const { message } = request;
  if (!context.sealer.isForSeveral || message.payload === undefined) return ok(request);
  const retry = readRetry(message.payload);
  // What is no state at all is for the child to judge.
  if (!retry.ok || retry.value.requestState === undefined) return ok(request);
  const opened = context.sealer.open(retry.value.requestState);
  const isGood = opened?.kind === "wrapped" && isBoundTo(opened, bindingOf(request, context));
  if (!isGood || opened.inner === undefined) {
    const text =
      "requestState is unknown, expired or was given for another call or to somebody else; start again";
    return err({ code: INVALID_PARAMS, message: text });
  }
  const payload = replaceRequestState(message.payload, opened.inner);
  return ok({ ...request, message: { ...message, payload } });
}
