/**
 * `check --run`: starts each server once and lists its tools.
 */
import { tryServers, type Trial } from "../compose/trial.ts";
import { loadConfig, makeServerFolders } from "../config/load.ts";
import { createSystemClock } from "../runtime/system-clock.ts";
import { VERSION } from "../runtime/version.ts";
import type { CommandContext } from "./command-context.ts";

/** What came of each server; nothing when the configuration is wrong as a whole. */
export async function tryConfigured(
  { selfCommand, host, tell }: Pick<CommandContext, "selfCommand" | "host" | "tell">,
  input: Parameters<typeof loadConfig>[0],
): Promise<readonly Trial[]> {
  const { config, folders } = loadConfig(input);
  if (config === undefined) return [];
  makeServerFolders(folders);
  return tryServers({
    config,
    version: VERSION,
    selfCommand,
    host,
    clock: createSystemClock(),
    emit: (event) => {
      if (event.kind === "gateway.notice" && event.level === "ERROR") tell(`${event.message}\n`);
    },
  });
}
