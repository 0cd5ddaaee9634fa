/**
 * All tools of a running server, as clients see them: every page, names and filter applied.
 */
import { GatewayError } from "../kernel/error.ts";
import { MAX_DEPTH, arrayElements, memberNamed, objectMembers } from "../wire/json-scan.ts";
import { textOf } from "../wire/key-text.ts";
import { jsonBytes } from "../wire/message.ts";
import { readToolList } from "../codec/tool-list.ts";
import type { Bridge } from "./bridge.ts";

const MAX_PAGES = 200;

/**
 * JSON text of an array of tools.
 * @throws GatewayError when the child is not running or answers with an error
 */
export async function listTools(
  bridge: Bridge,
  principal: string,
  timeoutMs: number,
): Promise<string> {
  const upstream = await bridge.pool.base(principal).link.ready(timeoutMs);
  const tools: string[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const params = cursor === undefined ? undefined : jsonBytes(JSON.stringify({ cursor }));
    const answer = await upstream.ask({
      method: "tools/list",
      params: () => params,
      flow: "",
      timeoutMs,
      urgent: true,
    });
    if (answer.kind === "error") {
      const text = textOf(answer.payload, 0, Math.min(answer.payload.length, 500));
      throw new GatewayError("UPSTREAM_PROTOCOL", `The server refused tools/list: ${text}`, {
        retryable: false,
      });
    }
    const shown = bridge.tools.expose(answer.payload);
    const list = memberNamed(objectMembers(shown, 0, MAX_DEPTH) ?? [], "tools");
    const elements = list === undefined ? [] : (arrayElements(shown, list.start, MAX_DEPTH) ?? []);
    for (const element of elements) tools.push(textOf(shown, element.start, element.end));
    const next = readToolList(answer.payload).nextCursor;
    if (next === undefined || next === cursor) break;
    cursor = next;
  }
  return `[${tools.join(",")}]`;
}
