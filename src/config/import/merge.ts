/**
 * Pure. Servers of several sources as one `mcpServers`: the same entry once, another one of the same
 * name beside it.
 */
import type { ImportedEntry } from "./raw-server.ts";

export interface Named {
  readonly name: string;
  readonly entry: ImportedEntry;
  /** The program that it came from, for a name of its own where two differ. */
  readonly client: string;
}

export interface Merged {
  readonly servers: Readonly<Record<string, unknown>>;
  /** Names under which something was added; what was there before is not among them. */
  readonly added: readonly string[];
  readonly notes: readonly string[];
}

/** What is there stays as it is; new entries come behind it. */
export function mergeServers(
  existing: Readonly<Record<string, unknown>>,
  found: readonly Named[],
): Merged {
  const servers = new Map<string, unknown>(Object.entries(existing));
  const added: string[] = [];
  const notes: string[] = [];
  for (const { name, entry, client } of found) {
    const own = `${name}-${client.toLowerCase().replaceAll(" ", "-")}`;
    if (!servers.has(name)) {
      servers.set(name, entry);
      added.push(name);
    } else if ([name, own].some((one) => isSame(servers.get(one), entry))) {
      notes.push(`${name} of ${client} is there already`);
    } else {
      const other = freeName(own, servers);
      servers.set(other, entry);
      added.push(other);
      notes.push(`${name} of ${client} differs from the one that is there: it is ${other}`);
    }
  }
  return { servers: Object.fromEntries(servers), added, notes };
}

function freeName(wanted: string, taken: ReadonlyMap<string, unknown>): string {
  if (!taken.has(wanted)) return wanted;
  let count = 2;
  while (taken.has(`${wanted}-${count}`)) count++;
  return `${wanted}-${count}`;
}

function isSame(left: unknown, right: unknown): boolean {
  return sorted(left) === sorted(right);
}

/** JSON with keys in order. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
