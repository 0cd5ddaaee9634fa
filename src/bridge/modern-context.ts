/**
 * What the rooms of the modern era are given by the bridge, and the HTTP status of an answer.
 */
import { errorCode } from "../codec/error-fields.ts";
import type { InputRequest } from "../codec/input-required.ts";
import type { ServerConfig } from "../config/model.ts";
import type { Clock } from "../kernel/clock.ts";
import type { GatewayError } from "../kernel/error.ts";
import type { Emit } from "../kernel/event.ts";
import type { Group } from "../upstream/group.ts";
import type { SharedState } from "./shared-state.ts";
import type { Link } from "../upstream/link.ts";
import type { Upstream } from "../upstream/upstream.ts";
import {
  HEADER_MISMATCH,
  METHOD_NOT_FOUND,
  MISSING_CLIENT_CAPABILITY,
  UNSUPPORTED_PROTOCOL_VERSION,
} from "../wire/error-codes.ts";
import type { Outgoing } from "../wire/message.ts";
import type { KeptAnswers } from "./kept-answers.ts";
import type { ClientCall, Conversation } from "./conversation.ts";
import type { ModernRequest } from "./modern-request.ts";
import type { Outcome } from "./relay-context.ts";
import type { StateSealer } from "./request-state.ts";
import type { ToolDirectory } from "./tool-directory.ts";

export interface ModernContext {
  readonly server: ServerConfig;
  readonly tools: ToolDirectory;
  readonly lastLists: WeakMap<Link, Map<string, Uint8Array>>;
  readonly maxJsonDepth: number;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly kept: KeptAnswers;
  /** Keeps what a child lists, for the next run. */
  readonly learnList: (conversation: Conversation, method: string, result: Uint8Array) => void;
  readonly sealer: StateSealer;
  /** What is remembered of the server between runs. */
  readonly memory: { readonly interactive: boolean; markInteractive(): void };
  /** How long a call waits for its client to come back with answers. */
  readonly parkedTtlMs: number;
  readonly randomId: () => string;
  /** Opens a conversation of one request; undefined when it was refused, being one too many. */
  readonly begin: (
    request: ModernRequest,
    group: Group,
  ) => { readonly conversation: Conversation; readonly call: ClientCall } | undefined;
  /** Sets a legacy child to its most verbose, since a client wants to filter by itself. */
  readonly raiseVolume: (conversation: Conversation, upstream: Upstream) => void;
  /** The pages that a -32042, kept in a sealed state as JSON text of its text, asks for. */
  readonly pagesOf: (inner: string | undefined) => readonly InputRequest[];
  readonly sharedState: (group: Group) => SharedState;
  readonly overloaded: (reason: string) => GatewayError;
  readonly report: (conversation: Conversation, call: ClientCall, outcome: Outcome) => void;
}

/** The HTTP status of an answer of which no byte was sent (protocol.md 1.4, row 15). */
function modernStatus(answer: Outgoing, outcome: Outcome): number {
  if (outcome !== "error" || answer.payload === undefined) return 200;
  switch (errorCode(answer.payload)) {
    case MISSING_CLIENT_CAPABILITY:
    case UNSUPPORTED_PROTOCOL_VERSION:
    case HEADER_MISMATCH:
      return 400;
    case METHOD_NOT_FOUND:
      return 404;
    default:
      return 200;
  }
}

/** Answers a call and reports it, unless it was settled before. */
export function settleModern(
  context: Pick<ModernContext, "report">,
  { conversation, call }: { readonly conversation: Conversation; readonly call: ClientCall },
  end: {
    readonly answer: Outgoing;
    readonly outcome: Outcome;
    readonly status: number | undefined;
  },
): void {
  const { answer, outcome, status = modernStatus(answer, outcome) } = end;
  if (!conversation.finish(call)) return;
  call.exchange.answer(answer, call.id, status);
  context.report(conversation, call, outcome);
}
