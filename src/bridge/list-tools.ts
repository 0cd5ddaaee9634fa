/**
 * All tools of a running server, as clients see them: every page, names and filter applied.
 */
import type { Clock } from "../kernel/clock.ts";
import { arrayElements, MAX_DEPTH, memberNamed, objectMembers } from "../wire/json-scan.ts";
import { textOf } from "../wire/key-text.ts";
import { readToolPages } from "../upstream/tool-pages.ts";
import type { Bridge } from "./bridge.ts";

/**
 * JSON text of an array of tools, within `timeoutMs`.
 * @throws GatewayError when the child is not running or does not answer with a list
 */
export async function listTools(
  bridge: Bridge,
  principal: string,
  options: { readonly clock: Clock; readonly timeoutMs: number },
): Promise<string> {
  const { clock, timeoutMs } = options;
  const untilMs = clock.nowMs() + timeoutMs;
  const era = await bridge.legacyEra(principal);
  const group =
    era === "modern" ? bridge.pool.group(principal, "{}", era) : bridge.pool.base(principal);
  const upstream = await group.link.ready(Math.max(1, untilMs - clock.nowMs()));
  const pages: Uint8Array[] = [];
  const rest = { clock, timeoutMs: Math.max(1, untilMs - clock.nowMs()) };
  await readToolPages(upstream, rest, (page) => pages.push(page));
  // Learnt whole first: a name on one page can collide with a name on another.
  for (const page of pages) bridge.tools.expose(page);
  const tools = pages.flatMap((page) => elementsOf(bridge.tools.expose(page)));
  return `[${tools.join(",")}]`;
}

function elementsOf(result: Uint8Array): string[] {
  const list = memberNamed(objectMembers(result, 0, MAX_DEPTH) ?? [], "tools");
  const elements = list === undefined ? [] : (arrayElements(result, list.start, MAX_DEPTH) ?? []);
  return elements.map((element) => textOf(result, element.start, element.end));
}
