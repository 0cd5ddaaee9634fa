/**
 * Pure. Whose answer was a line too long to keep? Looks for our integer id at its two ends, where
 * every known SDK writes it: `{"jsonrpc":"2.0","id":7,"result":…` or `{"result":…,"jsonrpc":"2.0","id":7}`.
 * A request of the child has an id too, of its own counting: that is nobody's answer.
 */
import { textOf } from "../wire/key-text.ts";

/** An answer's beginning, up to the key of its payload: `jsonrpc` and `id` in any order, or neither. */
const BEGINNING =
  /^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*(?:"id"\s*:\s*(\d+)\s*,\s*)?|"id"\s*:\s*(\d+)\s*,\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?)?"(?:result|error)"\s*:/;
const ENDING = /,\s*"id"\s*:\s*(\d+)\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$/;

/** The id of the answer, or undefined when neither end shows one. */
export function idInEnds(head: Uint8Array, tail: Uint8Array): number | undefined {
  const begins = BEGINNING.exec(textOf(head));
  if (begins === null) return undefined;
  const id = begins[1] ?? begins[2] ?? ENDING.exec(textOf(tail))?.[1];
  return id === undefined ? undefined : Number(id);
}
