/**
 * All pages of `tools/list`, read from the child for the gateway itself.
 */
import type { Clock } from "../kernel/clock.ts";
import { GatewayError } from "../kernel/error.ts";
import { MAX_DEPTH, memberNamed, objectMembers, stringValue } from "../wire/json-scan.ts";
import { textOf } from "../wire/key-text.ts";
import { jsonBytes } from "../wire/message.ts";
import type { Upstream } from "./upstream.ts";

/** Pages that one listing reads; a child that gives more repeats itself. */
const MAX_PAGES = 200;

/**
 * Hands each page's result to `onPage`, in order; the whole listing takes at most `timeoutMs`.
 * @throws GatewayError UPSTREAM_PROTOCOL when the child answers with an error, or as `Upstream.ask`
 */
export async function readToolPages(
  upstream: Upstream,
  options: { readonly clock: Clock; readonly timeoutMs: number },
  onPage: (result: Uint8Array) => void,
): Promise<void> {
  const { clock, timeoutMs } = options;
  const untilMs = clock.nowMs() + timeoutMs;
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const params = pageParams(upstream.ownParams, cursor);
    const answer = await upstream.ask({
      method: "tools/list",
      params: () => params,
      flow: "",
      timeoutMs: Math.max(1, untilMs - clock.nowMs()),
      urgent: true,
    });
    if (answer.kind === "error") {
      const text = textOf(answer.payload, 0, Math.min(answer.payload.length, 500));
      const message = `The server refused tools/list: ${text}`;
      throw new GatewayError("UPSTREAM_PROTOCOL", message, { retryable: false });
    }
    onPage(answer.payload);
    const next = nextCursor(answer.payload);
    if (next === undefined || next === cursor) return;
    cursor = next;
  }
}

/** Params of one page: those of every request of our own, and the cursor. */
function pageParams(
  own: Uint8Array | undefined,
  cursor: string | undefined,
): Uint8Array | undefined {
  if (cursor === undefined) return own;
  if (own === undefined) return jsonBytes(JSON.stringify({ cursor }));
  return jsonBytes(`{"cursor":${JSON.stringify(cursor)},${textOf(own, 1)}`);
}

function nextCursor(result: Uint8Array): string | undefined {
  return stringValue(result, memberNamed(objectMembers(result, 0, MAX_DEPTH) ?? [], "nextCursor"));
}
