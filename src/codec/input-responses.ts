/**
 * Pure. Answers to a server's questions: read from the retry of a modern client, one by one and
 * with nothing taken on trust, and spliced into the retry toward a modern child (protocol.md 3.4,
 * 3.5).
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/mrtr
 */
import { err, ok, type Result } from "../kernel/result.ts";
import { INVALID_PARAMS } from "../wire/error-codes.ts";
import { arrayElements, MAX_DEPTH, memberNamed, stringValue } from "../wire/json-scan.ts";
import { valueOf, type Plain } from "../wire/message.ts";
import { changeObject, objectAt, objectNamed, objectOf } from "../wire/object-edit.ts";
import type { ClientParams } from "./client-params.ts";
import type { Fault } from "./error-fields.ts";
import { inputKind, type InputKind, type InputRequest } from "./input-required.ts";

/** What a modern client sends along when it makes a call again. */
export interface Retry {
  /** The state that it was given, unescaped; undefined without one. */
  readonly requestState: string | undefined;
  /** Key → answer, not judged yet; views of the params. */
  readonly responses: ReadonlyMap<string, Uint8Array>;
}

/** A question and the result that answers it. */
export interface InputAnswer {
  readonly request: InputRequest;
  readonly result: Uint8Array;
}

const NO_RESPONSES: ReadonlyMap<string, Uint8Array> = new Map();

/** Reads `inputResponses` and `requestState`; a call that is made for the first time has neither. */
export function readRetry(params: Uint8Array | undefined, plain?: Plain): Result<Retry, Fault> {
  const value = params === undefined ? undefined : valueOf(params, plain);
  if (value !== undefined && !("requestState" in value) && !("inputResponses" in value))
    return ok({ requestState: undefined, responses: NO_RESPONSES });
  const object = params === undefined ? undefined : objectAt(params);
  if (params === undefined || object === undefined) {
    return ok({ requestState: undefined, responses: NO_RESPONSES });
  }
  const state = memberNamed(object.members, "requestState");
  const requestState = stringValue(params, state);
  if (state !== undefined && requestState === undefined) {
    return err(invalid("requestState must be a string"));
  }
  const given = memberNamed(object.members, "inputResponses");
  if (given === undefined) return ok({ requestState, responses: NO_RESPONSES });
  const answers = objectAt(params, given.start);
  if (answers === undefined) return err(invalid("inputResponses must be an object"));
  const responses = new Map(
    answers.members.map(({ key, start, end }) => [key, params.subarray(start, end)] as const),
  );
  return ok({ requestState, responses });
}

/**
 * Sorts questions by whether the retry answers them. A malformed answer is none; answers to what
 * was not asked are left aside.
 */
export function sortAnswers(
  asked: readonly InputRequest[],
  responses: ReadonlyMap<string, Uint8Array>,
): { readonly answers: readonly InputAnswer[]; readonly unanswered: readonly InputRequest[] } {
  const answers: InputAnswer[] = [];
  const unanswered: InputRequest[] = [];
  for (const request of asked) {
    const result = responses.get(request.key);
    const kind = inputKind(request.method, request.params);
    if (result !== undefined && isWellFormed(kind, result)) answers.push({ request, result });
    else unanswered.push(request);
  }
  return { answers, unanswered };
}

/** True for a result that a question of this kind can have. */
export function isWellFormed(kind: InputKind, result: Uint8Array): boolean {
  const object = objectAt(result);
  if (object === undefined) return false;
  const text = (key: string): string | undefined =>
    stringValue(result, memberNamed(object.members, key));
  const isArray = (key: string): boolean => {
    const member = memberNamed(object.members, key);
    return member !== undefined && arrayElements(result, member.start, MAX_DEPTH) !== undefined;
  };
  const isObject = (key: string): boolean => objectNamed(result, object, key) !== undefined;
  switch (kind) {
    case "elicitation":
    case "elicitation-url": {
      const action = text("action");
      if (action === "decline" || action === "cancel") return true;
      // Who was sent to a page has nothing to tell us.
      return action === "accept" && (kind === "elicitation-url" || isObject("content"));
    }
    case "sampling": {
      const role = text("role");
      const hasContent = isObject("content") || isArray("content");
      return (role === "user" || role === "assistant") && hasContent && text("model") !== undefined;
    }
    case "roots":
      return isArray("roots");
    case undefined:
      return false;
  }
}

/** True when the user agreed: the only answer to a page after which a call is made again. */
export function isAccepted(result: Uint8Array): boolean {
  return stringValue(result, memberNamed(objectAt(result)?.members ?? [], "action")) === "accept";
}

/**
 * Params with which a call is made again to a modern child: those of the first time with the
 * envelope on (`toModernParams`), this round's answers only, and the child's state in its own
 * bytes. Goes on with `toChildParams`.
 */
export function retryParams(
  first: ClientParams,
  answers: readonly InputAnswer[],
  requestState: Uint8Array | undefined,
): ClientParams {
  const given = answers.map(
    ({ request, result }) => [request.key, modernAnswer(request, result)] as const,
  );
  const bytes = changeObject(first.bytes, {
    drop: (key) => key === "inputResponses" || key === "requestState",
    set: [
      ...(given.length === 0 ? [] : [["inputResponses", objectOf(given)] as const]),
      ...(requestState === undefined ? [] : [["requestState", requestState] as const]),
    ],
  });
  return { ...first, bytes, members: objectAt(bytes)?.members ?? [] };
}

/** A legacy client's answer without `_meta`, which answers to elicitation and roots lost. */
function modernAnswer(request: InputRequest, result: Uint8Array): Uint8Array {
  if (inputKind(request.method, request.params) === "sampling") {
    return result;
  }
  return changeObject(result, { drop: (key) => key === "_meta" });
}

function invalid(what: string): Fault {
  return { code: INVALID_PARAMS, message: `Invalid params: ${what}` };
}
