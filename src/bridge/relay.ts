/**
 * Relays one request of a client to the child and its answer back: tool names and progress tokens
 * replaced in the bytes, tools filtered, optional lists filled in, everything else as it is.
 */
import { emptyList, optionalList, type OptionalList } from "../codec/optional-lists.ts";
import { hasCursor, nameOf, type ClientParams } from "../codec/client-params.ts";
import { GatewayError } from "../kernel/error.ts";
import { INVALID_PARAMS, METHOD_NOT_FOUND } from "../wire/error-codes.ts";
import { MAX_DEPTH, memberNamed, objectMembers } from "../wire/json-scan.ts";
import { textOf } from "../wire/key-text.ts";
import { letGo } from "../wire/let-go.ts";
import { jsonBytes, outgoingAnswer, plainOf, textError, type Message } from "../wire/message.ts";
import type { Answer } from "../upstream/call.ts";
import type { Link } from "../upstream/link.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { ClientCall, Conversation } from "./conversation.ts";
import type { Payload, RelayContext } from "./relay-context.ts";
import { RelayedCall, type Relayed } from "./relayed-call.ts";
import { failureAnswer } from "./exchange.ts";

/** Failures that pass: a missing program is told instead. */
const SUBSTITUTABLE: ReadonlySet<string> = new Set([
  "UPSTREAM_TIMEOUT",
  "UPSTREAM_UNAVAILABLE",
  "UPSTREAM_EXITED",
]);
/** A list larger than this is not remembered. */
const MAX_REMEMBERED_BYTES = 1024 * 1024;

/** Sends the request to a child that is ready. Settles the call exactly once, unless it is cancelled. */
export function relay(
  conversation: Conversation,
  call: ClientCall,
  message: Pick<Message, "payload" | "plain">,
  upstream: Upstream,
  context: RelayContext,
): void {
  const { server, tools } = context;
  const list = optionalList(call.method);
  if (
    list !== undefined &&
    conversation.link.profile?.capabilities.has(list.capability) === false
  ) {
    substitute(conversation, call, list, `"${list.capability}" is not declared`, context);
    return;
  }
  const params = context.readParams(message, conversation);
  call.pages = params !== undefined && hasCursor(params);
  let tool: string | undefined;
  if (call.method === "tools/call" && params !== undefined) call.toolAsked ??= nameOf(params);
  if (call.method === "tools/call" && params !== undefined && tools.active) {
    const asked = nameOf(params);
    const native = asked === undefined ? undefined : tools.resolve(asked);
    if (asked !== undefined && native === undefined && !tools.complete) {
      const again = (): void => {
        if (!call.settled) relay(conversation, call, message, upstream, context);
      };
      tools.load(upstream, server.requestTimeoutMs).then(again, (error: unknown) => {
        context.settle(conversation, call, failureAnswer(call.id, error), "failed");
      });
      return;
    }
    tool = native ?? asked;
    if (tools.filters && (tool === undefined || !tools.allows(tool) || hasTwin(params))) {
      const refusal = textError(call.id, INVALID_PARAMS, `Unknown tool: ${asked ?? "(none)"}`);
      context.settle(conversation, call, refusal, "error");
      return;
    }
    call.tool = tool;
    if (tool === asked) tool = undefined;
  }
  const sent = new RelayedCall({ conversation, call, upstream, tool }, context, answered);
  sent.send(params, call.startedMs);
}

/** A request that its child will not answer: an optional list is filled in, the rest is an error. */
export function fail(
  conversation: Conversation,
  call: ClientCall,
  error: unknown,
  context: RelayContext,
): void {
  const list = optionalList(call.method);
  if (list !== undefined && error instanceof GatewayError && SUBSTITUTABLE.has(error.code)) {
    substitute(conversation, call, list, error.message, context);
  } else {
    context.settle(conversation, call, failureAnswer(call.id, error), "failed");
  }
}

function answered(relayed: Relayed, answer: Answer, context: RelayContext): void {
  const { conversation, call, upstream } = relayed;
  const list = optionalList(call.method);
  if (answer.kind === "failed") {
    fail(conversation, call, answer.error, context);
    return;
  }
  if (answer.kind === "error") {
    if (list !== undefined && errorCode(answer.payload) === METHOD_NOT_FOUND) {
      substitute(conversation, call, list, "the server does not know it", context);
    } else {
      deliver(conversation, call, answer, context);
    }
    return;
  }
  if (!call.pages) context.learnList?.(conversation, call.method, answer.payload);
  if (list !== undefined && !call.pages && isWholeList(answer.payload)) {
    remember(conversation.link, call.method, answer.payload, context);
  }
  if (call.method === "tools/list") context.tools.learnParams(upstream, answer.payload);
  if (call.method === "tools/list" && context.tools.active) {
    exposeTools(conversation, call, answer.payload, upstream, context);
    return;
  }
  deliver(conversation, call, answer, context);
}

/** Hands the answer over, in the words of the client's era. */
export function deliver(
  conversation: Conversation,
  call: ClientCall,
  answer: Payload,
  context: RelayContext,
): void {
  const { kind, payload, plain } = context.translate?.(call, answer) ?? answer;
  if (kind === "error") {
    context.settle(conversation, call, outgoingAnswer(call.id, kind, payload), kind);
    return;
  }
  const shown =
    call.method === "tools/list"
      ? context.tools.expose(payload)
      : (plainOf(payload, plain) ?? payload);
  const outgoing = outgoingAnswer(call.id, kind, shown);
  const isLast = outgoing.payload !== undefined && PASSING.has(call.method);
  context.settle(conversation, call, isLast ? { ...outgoing, isLast } : outgoing, kind);
  // In the words of another era it is other bytes.
  if (isLast && payload.buffer !== answer.payload.buffer) letGo(answer.payload);
}

/** Methods whose answers nobody keeps. */
const PASSING: ReadonlySet<string> = new Set(["tools/call", "resources/read", "prompts/get"]);

/** Names on one page can collide with names on another: the whole list is read first. */
function exposeTools(
  conversation: Conversation,
  call: ClientCall,
  result: Uint8Array,
  upstream: Upstream,
  context: RelayContext,
): void {
  const { tools, server } = context;
  const finish = (): void =>
    deliver(conversation, call, { kind: "result", payload: result }, context);
  if (tools.complete || !tools.isPage(result)) return finish();
  tools.load(upstream, server.requestTimeoutMs).then(finish, finish);
}

function substitute(
  conversation: Conversation,
  call: ClientCall,
  list: OptionalList,
  reason: string,
  context: RelayContext,
): void {
  context.emit({
    kind: "list.substituted",
    server: context.server.slug,
    method: call.method,
    reason,
  });
  // Page two of a list that is not answered is the end of it, not page one again.
  const last = call.pages ? undefined : context.lastLists.get(conversation.link)?.get(call.method);
  const payload = last ?? jsonBytes(emptyList(list));
  deliver(conversation, call, { kind: "result", payload }, context);
}

function isWholeList(result: Uint8Array): boolean {
  const members = objectMembers(result, 0, MAX_DEPTH) ?? [];
  return result.length <= MAX_REMEMBERED_BYTES && memberNamed(members, "nextCursor") === undefined;
}

function remember(link: Link, method: string, result: Uint8Array, context: RelayContext): void {
  const known = context.lastLists.get(link) ?? new Map<string, Uint8Array>();
  known.set(method, result.slice());
  context.lastLists.set(link, known);
}

/** Some parsers take `Name` for `name`: with two of them the child may run another than was judged. */
function hasTwin(params: ClientParams): boolean {
  return params.members.some((one) => one.key !== "name" && one.key.toLowerCase() === "name");
}

function errorCode(error: Uint8Array): number | undefined {
  const code = memberNamed(objectMembers(error, 0, MAX_DEPTH) ?? [], "code");
  return code === undefined ? undefined : Number(textOf(error, code.start, code.end));
}
