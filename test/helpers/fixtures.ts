/**
 * Where the fixtures are, as entries of a config file.
 */
import { join } from "node:path";

const folder = join(import.meta.dirname, "..", "fixtures");

/** Further keys of an entry; `args` come after the fixture's own. */
export interface EntryKeys {
  readonly [key: string]: unknown;
  readonly args?: readonly string[];
}

/** The path of a fixture server by the name of its file. */
export function fixturePath(name: string): string {
  return join(folder, "servers", `${name}.ts`);
}

/** An entry of `mcpServers` that runs a fixture server; `more` has further keys of the entry. */
export function fixtureServer(name: string, more: EntryKeys = {}) {
  const { args = [], ...keys } = more;
  return { command: process.execPath, args: [fixturePath(name), ...args], ...keys };
}

/** The entry for the server behind the conformance suite; `flags` may hold `--mrtr`. */
export function conformanceServer(more: object = {}, flags: readonly string[] = []) {
  const args = [join(folder, "conformance-server.ts"), ...flags];
  return { command: process.execPath, args, ...more };
}
