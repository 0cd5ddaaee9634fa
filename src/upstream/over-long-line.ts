/**
 * Pure. Whose answer was a line too long to keep? Looks for our integer id at its two ends, where
 * every known SDK writes it: `{"jsonrpc":"2.0","id":7,…` or `…,"jsonrpc":"2.0","id":7}`.
 */
import { textOf } from "../wire/json-scan.ts";

/** The id of the answer, or undefined when neither end shows one. */
export function idInEnds(head: Uint8Array, tail: Uint8Array): number | undefined {
  const atHead = /^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(\d+)\s*,/.exec(
    textOf(head),
  );
  const atTail = /,\s*"id"\s*:\s*(\d+)\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$/.exec(
    textOf(tail),
  );
  const found = atHead?.[1] ?? atTail?.[1];
  return found === undefined ? undefined : Number(found);
}
