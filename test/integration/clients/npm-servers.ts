/**
 * The real servers of the npm packages, as entries of a config file. They are installed with the
 * development dependencies, so that no test needs the network.
 */
import { join } from "node:path";

/** The root of the repository. */
export const repository = join(import.meta.dirname, "..", "..", "..");
/** Where the programs of the installed packages are. */
export const programs = join(repository, "node_modules", ".bin");

/** An entry of `mcpServers` that runs `@modelcontextprotocol/server-{name}`. */
export function npmServer(name: string, keys: object = {}): object {
  return { command: join(programs, `mcp-server-${name}`), ...keys };
}
