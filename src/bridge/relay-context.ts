/**
 * What relaying is given by whoever relays: how params are read, answers translated and settled.
 */
import type { ClientParams } from "../codec/client-params.ts";
import type { ServerConfig } from "../config/model.ts";
import type { Emit } from "../kernel/event.ts";
import type { Answer } from "../upstream/call.ts";
import type { Link } from "../upstream/link.ts";
import type { Message, Outgoing } from "../wire/message.ts";
import type { ClientCall, Conversation } from "./conversation.ts";
import type { ToolDirectory } from "./tool-directory.ts";

export type Outcome = "result" | "error" | "failed" | "cancelled";

export interface RelayContext {
  readonly server: ServerConfig;
  readonly tools: ToolDirectory;
  /** The last optional lists that a child gave, by method. */
  readonly lastLists: WeakMap<Link, Map<string, Uint8Array>>;
  readonly maxJsonDepth: number;
  readonly emit: Emit;
  /** Keeps what a child of several clients lists, for the next run. */
  readonly learnList?: (conversation: Conversation, method: string, result: Uint8Array) => void;
  /** Params of the client on their way to the child. */
  readonly readParams: (
    message: Pick<Message, "payload" | "plain">,
    conversation: Conversation,
  ) => ClientParams | undefined;
  /** Nobody needs the client's params once the child has them. */
  readonly isPassing?: boolean;
  /** The child's answer in the words of the client's era; as it is where both speak one. */
  readonly translate?: (call: ClientCall, answer: Payload) => Payload;
  /** Takes an answer that is no end of the call, which `again` makes once more; true when it did. */
  readonly intercept?: (call: ClientCall, answer: Answer, again: Again) => boolean;
  /** Takes progress of a call whose client may have another token by now. */
  readonly onProgress?: (call: ClientCall, params: Uint8Array) => void;
  readonly settle: (
    conversation: Conversation,
    call: ClientCall,
    answer: Outgoing,
    outcome: Outcome,
  ) => void;
}

/** Makes a call once more, with its params changed; no effect when it is settled. */
export type Again = (change: (first: ClientParams) => ClientParams) => void;

/** A result or an error, in bytes. */
export type Payload = Extract<Answer, { readonly payload: Uint8Array }>;
