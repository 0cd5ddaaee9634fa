/**
 * Pure. What a child's refusal says about its era: -32022 with a list that has our revision is the
 * word of a modern child, to `server/discover` and to `initialize` alike. No other error is, and
 * none proves the contrary (protocol.md 2.2).
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/stdio
 */
import { UNSUPPORTED_PROTOCOL_VERSION } from "../wire/error-codes.ts";
import {
  arrayElements,
  MAX_DEPTH,
  memberNamed,
  objectMembers,
  stringValue,
} from "../wire/json-scan.ts";
import { textOf } from "../wire/key-text.ts";
import { LATEST_MODERN } from "../wire/revision.ts";

/** True for an error object with code -32022 whose `data.supported` lists the modern revision. */
export function isModernRefusal(error: Uint8Array): boolean {
  const members = objectMembers(error, 0, MAX_DEPTH) ?? [];
  const code = memberNamed(members, "code");
  const data = memberNamed(members, "data");
  if (code === undefined || data === undefined) return false;
  if (Number(textOf(error, code.start, code.end)) !== UNSUPPORTED_PROTOCOL_VERSION) return false;
  const supported = memberNamed(objectMembers(error, data.start, MAX_DEPTH) ?? [], "supported");
  const listed =
    supported === undefined ? [] : (arrayElements(error, supported.start, MAX_DEPTH) ?? []);
  return listed.some((one) => stringValue(error, one) === LATEST_MODERN);
}
