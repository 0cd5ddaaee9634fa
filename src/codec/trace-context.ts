/**
 * Pure. The trace context of a client's HTTP request, handed on to the child in `_meta`, where
 * programs on stdin look for it. What the client itself has put there is stronger.
 * @see https://www.w3.org/TR/trace-context/
 */
import { jsonBytes, type Message } from "../wire/message.ts";
import { changeObject, objectAt, objectNamed } from "../wire/object-edit.ts";

/** A context that may be handed on. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate: string | undefined;
}

const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[ -~]{0,256})?$/;
/** Printable, and no longer than everybody must propagate. */
const TRACESTATE = /^[ -~]{1,512}$/;

/** The context of two headers; undefined when there is none, or none that is well formed. */
export function readTraceContext(
  traceparent: string | null,
  tracestate: string | null,
): TraceContext | undefined {
  if (traceparent === null || !TRACEPARENT.test(traceparent)) return undefined;
  const state = tracestate !== null && TRACESTATE.test(tracestate) ? tracestate : undefined;
  return { traceparent, tracestate: state };
}

/** A request that has the context in `_meta`; the same one when it has a context already. */
export function withTraceContext(message: Message, context: TraceContext): Message {
  if (message.kind !== "request") return message;
  const params = message.payload ?? jsonBytes("{}");
  const meta = objectNamed(params, objectAt(params), "_meta");
  if (meta?.members.some(({ key }) => key === "traceparent") === true) return message;
  const { traceparent, tracestate } = context;
  const payload = changeObject(params, {
    // One without its parent would be another trace's.
    dropMeta: (key) => key === "tracestate",
    setMeta: [
      ["traceparent", JSON.stringify(traceparent)],
      ...(tracestate === undefined ? [] : [["tracestate", JSON.stringify(tracestate)] as const]),
    ],
  });
  return { ...message, payload };
}
