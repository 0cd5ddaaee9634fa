/**
 * Pure. Tool names as clients see them and as the child knows them.
 *
 * `snake_case`: a name with a character outside `[A-Za-z0-9_]` becomes lower case with underscores
 * (`API-get-user` ⇄ `api_get_user`), any other name stays. Collisions are resolved the same way
 * whatever the order: names that stay win, the others follow in code point order with `_2`, `_3`.
 */
import type { ToolFilter, ToolNamesMode } from "../config/model.ts";

/** The name a tool gets when nothing else wants it. */
export function snakeCase(name: string): string {
  return /^[A-Za-z0-9_]*$/.test(name) ? name : name.toLowerCase().replace(/[^a-z0-9_]/gu, "_");
}

export interface ToolNameTable {
  /** Child's name → client's name; names that stay are not in it. */
  readonly toExposed: ReadonlyMap<string, string>;
  /** Client's name → child's name; names that stay are not in it. */
  readonly toNative: ReadonlyMap<string, string>;
}

/** The two-way table of a server's tools. */
export function buildToolNameTable(natives: Iterable<string>, mode: ToolNamesMode): ToolNameTable {
  const toExposed = new Map<string, string>();
  const toNative = new Map<string, string>();
  if (mode === "keep") return { toExposed, toNative };
  const all = [...new Set(natives)];
  const taken = new Set(all.filter((name) => snakeCase(name) === name));
  for (const name of all.filter((one) => snakeCase(one) !== one).sort()) {
    const wanted = snakeCase(name);
    let exposed = wanted;
    for (let n = 2; taken.has(exposed); n++) exposed = `${wanted}_${n}`;
    taken.add(exposed);
    toExposed.set(name, exposed);
    toNative.set(exposed, name);
  }
  return { toExposed, toNative };
}

/** True when the filter lets the tool through; patterns may use either of its names. */
export function isToolAllowed(filter: ToolFilter, native: string, exposed: string): boolean {
  const listed = (patterns: readonly string[]): boolean =>
    patterns.some((pattern) => matches(pattern, native) || matches(pattern, exposed));
  if (listed(filter.deny)) return false;
  return filter.allow === undefined || listed(filter.allow);
}

/** True when the filter changes anything. */
export function filtersTools(filter: ToolFilter): boolean {
  return filter.allow !== undefined || filter.deny.length > 0;
}

/** In linear time: the name comes from a client, and a regular expression with several `.*` is not. */
function matches(pattern: string, name: string): boolean {
  const [head = "", ...others] = pattern.split("*");
  const tail = others.pop();
  if (tail === undefined) return pattern === name;
  let at = head.length;
  const end = name.length - tail.length;
  if (end < at || !name.startsWith(head) || !name.endsWith(tail)) return false;
  for (const part of others) {
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
