/**
 * Requests of modern clients to a modern child: as they are, with ids, progress tokens and, where
 * configured, names of tools exchanged (protocol.md 3.6).
 */
import { readModernParams } from "../codec/modern-envelope.ts";
import { internalError, type Answer as Translated } from "../codec/error-fields.ts";
import { inputKind, readInputRequired } from "../codec/input-required.ts";
import type { ModernCapabilities } from "../codec/modern-capabilities.ts";
import { modernMethod } from "../codec/modern-methods.ts";
import { toChildParams, type ClientParams } from "../codec/client-params.ts";
import type { Group } from "../upstream/group.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { METHOD_NOT_FOUND, MISSING_CLIENT_CAPABILITY } from "../wire/error-codes.ts";
import { textOf } from "../wire/key-text.ts";
import {
  jsonBytes,
  outgoingCall,
  textError,
  type Message,
  type Outgoing,
} from "../wire/message.ts";
import { progressTokenOf } from "../wire/splice.ts";
import type { ClientCall, Conversation } from "./conversation.ts";
import { isComing } from "./kept-answers.ts";
import { ListenTable, relayListen } from "./modern-listen.ts";
import { settleModern, type ModernContext } from "./modern-context.ts";
import type { Disconnect, ModernRequest } from "./modern-request.ts";
import { checkParams } from "./param-check.ts";
import type { Outcome, RelayContext } from "./relay-context.ts";
import { deliver, fail, relay } from "./relay.ts";
import { requiredCapabilities } from "./question-needs.ts";
import { unwrapState, wrapState } from "./wrapped-state.ts";
import { logLevelIndex } from "./routing.ts";
import { stringMember } from "./shared-state.ts";

interface Running {
  readonly upstream: Upstream;
  readonly call: ClientCall;
  readonly logLevel: number | undefined;
}

export class ModernRelay {
  readonly #context: ModernContext;
  readonly listens = new ListenTable();
  /** Calls in modern children, to find out whose a log message is. */
  readonly #running = new Map<ClientCall, Running>();

  constructor(context: ModernContext) {
    this.#context = context;
  }

  /** Takes a request for a modern child. @returns what to do when its client leaves */
  request(request: ModernRequest, group: Group): Disconnect {
    const { server } = this.#context;
    const opened = this.#context.begin(request, group);
    if (opened === undefined) return () => undefined;
    const { conversation, call } = opened;
    let leave: Disconnect = () => this.#cancel(conversation, call);
    const unwrapped = unwrapState(request, this.#context);
    if (!unwrapped.ok) {
      const { code, message: text } = unwrapped.error;
      this.#settle(conversation, call, textError(call.id, code, text), "error");
      return () => undefined;
    }
    const { message, envelope } = unwrapped.value;
    const context = this.#relayContext(request);
    const known = this.#fromKept(message, group);
    if (known !== undefined) {
      deliver(conversation, call, { kind: "result", payload: known }, context);
      return () => undefined;
    }
    group.link.ready(server.requestTimeoutMs).then(
      (upstream) => {
        if (call.settled) return;
        if (message.method === "subscriptions/listen") {
          const params = passParams(message.payload, this.#context.maxJsonDepth);
          const write = (token: string): Uint8Array =>
            toChildParams(params, { token }, this.#context.maxJsonDepth);
          const end = relayListen(this.listens, conversation, call, { upstream, params: write });
          leave = end;
          return;
        }
        this.#running.set(call, { upstream, call, logLevel: envelope.logLevel });
        checkParams(unwrapped.value, call, upstream, this.#context, {
          go: () => relay(conversation, call, message, upstream, context),
          refuse: ({ code, message: text, status }) =>
            this.#settle(conversation, call, textError(call.id, code, text), "error", status),
        });
      },
      (error: unknown) => {
        fail(conversation, call, error, context);
      },
    );
    return () => leave();
  }

  /** What the last run knew, while the child still starts. */
  #fromKept(message: Message, group: Group): Uint8Array | undefined {
    const { profile, upstream } = group.link;
    if (upstream !== undefined) return undefined;
    if (message.method !== "server/discover" || profile === undefined || !isComing(group.link)) {
      return this.#context.kept.list(group, message.method, message.payload);
    }
    group.link.start();
    return profile.result;
  }

  /** Notes a call, of whichever era, that may log in a modern child. */
  track(call: ClientCall, upstream: Upstream, logLevel: number): void {
    this.#running.set(call, { upstream, call, logLevel });
  }

  /** The call is over. */
  untrack(call: ClientCall): void {
    this.#running.delete(call);
  }

  /** A message of a modern child that is no answer and no progress. */
  fromChild(message: Message, upstream: Upstream): boolean {
    if (message.kind === "request") {
      const text = `Method not found: requests to the client do not exist in this revision`;
      upstream.refuse(message.id ?? "null", METHOD_NOT_FOUND, text);
      return true;
    }
    if (message.method === "notifications/cancelled") {
      const id = message.payload === undefined ? undefined : requestIdOf(message.payload);
      return id !== undefined && this.listens.endBy(id, upstream);
    }
    if (this.listens.route(message, upstream)) return true;
    return message.method === "notifications/message" && this.#log(message, upstream);
  }

  /** stdio does not say whose a log message is: the one call that wants any, or nobody's. */
  #log(message: Message, upstream: Upstream): boolean {
    const wanting = [...this.#running.values()].filter(
      (one) => one.upstream === upstream && one.logLevel !== undefined,
    );
    const [only] = wanting;
    if (only?.logLevel === undefined || wanting.length > 1) return false;
    const level = logLevelIndex(stringMember(message.payload, "level"));
    if (level !== undefined && level < only.logLevel) return false;
    return only.call.exchange.relate(outgoingCall(undefined, message.method, message.payload));
  }

  #relayContext(request: ModernRequest): RelayContext {
    const { capabilities } = request.envelope;
    const { server, tools, lastLists, maxJsonDepth, emit } = this.#context;
    return {
      server,
      tools,
      lastLists,
      maxJsonDepth,
      emit,
      learnList: this.#context.learnList,
      readParams: ({ payload }) => passParams(payload, maxJsonDepth),
      translate: (call, answer) =>
        wrapState(checkInputRequired(call, answer, capabilities), request, this.#context),
      settle: (conversation, call, answer, outcome) =>
        this.#settle(conversation, call, answer, outcome),
    };
  }

  #cancel(conversation: Conversation, call: ClientCall): void {
    if (!conversation.finish(call)) return;
    this.#running.delete(call);
    call.handle?.cancel("The client has left");
    this.#context.report(conversation, call, "cancelled");
  }

  #settle(
    conversation: Conversation,
    call: ClientCall,
    answer: Outgoing,
    outcome: Outcome,
    status?: number,
  ): void {
    this.#running.delete(call);
    settleModern(this.#context, { conversation, call }, { answer, outcome, status });
  }
}

/** Params as the client wrote them; only the progress token is found. */
function passParams(payload: Uint8Array | undefined, maxDepth: number): ClientParams {
  const { bytes, members } = readModernParams(payload);
  return { bytes, members, progressToken: progressTokenOf(bytes, members, maxDepth)?.text };
}

/** A child may only ask where the revision lets it, and only what the client can be asked. */
function checkInputRequired(
  call: ClientCall,
  answer: Translated,
  capabilities: ModernCapabilities,
): Translated {
  const asked = answer.kind === "result" ? readInputRequired(answer.payload) : undefined;
  if (asked === undefined) return answer;
  if (!asked.ok) return internalError(`The server asked for input wrongly: ${asked.error}`);
  if (modernMethod(call.method)?.mayAsk !== true) {
    return internalError(`The server asked for input on ${call.method}, which has none`);
  }
  const missing = new Set<string>();
  for (const { method, params } of asked.value.requests) {
    const kind = inputKind(method, params);
    if (kind === "sampling" && !capabilities.sampling) missing.add("sampling");
    if (kind === "elicitation" && !capabilities.elicitationForm) missing.add("elicitation");
    if (kind === "elicitation-url" && !capabilities.elicitationUrl) missing.add("elicitation-url");
    if (kind === "roots" && !capabilities.roots) missing.add("roots");
  }
  if (missing.size === 0) return answer;
  const error = {
    code: MISSING_CLIENT_CAPABILITY,
    message: "Missing required client capability",
    data: { requiredCapabilities: requiredCapabilities(missing) },
  };
  return { kind: "error", payload: jsonBytes(JSON.stringify(error)) };
}

function requestIdOf(params: Uint8Array): string | undefined {
  const { members } = readModernParams(params);
  const member = members.find((one) => one.key === "requestId");
  return member === undefined ? undefined : textOf(params, member.start, member.end);
}
