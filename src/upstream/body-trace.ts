/**
 * Shows the bodies of messages, both ways, to whoever looks at the log at TRACE. Cut: what a person
 * reads of a large body is its beginning.
 */
import type { Emit } from "../kernel/event.ts";
import { textOf } from "../wire/key-text.ts";
import type { Message, Outgoing } from "../wire/message.ts";

/** More than a line of the log holds, so that a secret at the cut is still seen whole. */
const MAX_BYTES = 16 * 1024;

/** Takes messages of one connection. */
export interface BodyTrace {
  readonly sent: (message: Outgoing) => void;
  readonly received: (message: Message) => void;
}

/** Emits an event for each message. */
export function createBodyTrace(connection: {
  readonly server: string;
  readonly label: string;
  readonly emit: Emit;
}): BodyTrace {
  const { server, label: instance, emit } = connection;
  const show = (direction: "sent" | "received", text: string): void => {
    emit({ kind: "message.body", server, instance, direction, text });
  };
  return {
    sent: ({ head, payload, tail }) => show("sent", `${head}${beginningOf(payload)}${tail}`),
    received: ({ kind, id, method, payload }) => {
      const name = kind === "result" || kind === "error" ? kind : `${kind} ${method}`;
      show("received", `${name}${id === undefined ? "" : ` ${id}`} ${beginningOf(payload)}`);
    },
  };
}

function beginningOf(payload: Uint8Array | undefined): string {
  if (payload === undefined) return "";
  const end = Math.min(payload.length, MAX_BYTES);
  return end < payload.length
    ? `${textOf(payload, 0, end)}… (${payload.length} bytes)`
    : textOf(payload, 0, end);
}
