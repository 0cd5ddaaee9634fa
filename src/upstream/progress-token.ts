/**
 * Pure. Which of our calls a `notifications/progress` of a child is about.
 */
import { memberNamed, objectMembers } from "../wire/json-scan.ts";
import { textOf } from "../wire/key-text.ts";

/** The number of the call, which is its token; undefined when the params name none. */
export function progressTokenOf(
  params: Uint8Array | undefined,
  maxJsonDepth: number,
): number | undefined {
  const members = params === undefined ? undefined : objectMembers(params, 0, maxJsonDepth);
  const token = members === undefined ? undefined : memberNamed(members, "progressToken");
  if (params === undefined || token === undefined) return undefined;
  return Number(textOf(params, token.start, token.end));
}
