/**
 * What commands about people, keys and grants share: the configuration, the database of the gateway
 * that may be running beside, and errors in words.
 */
import type { Database } from "bun:sqlite";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { AUTH_FILE, openAuthDatabase } from "../auth/database.ts";
import { loadConfig } from "../config/load.ts";
import type { GatewayConfig } from "../config/model.ts";
import type { LoadedConfig } from "../config/resolve.ts";
import { messageOf } from "../kernel/error.ts";
import type { CommandContext } from "./command-context.ts";
import { EXIT } from "./exit-codes.ts";
import { CommandFailure } from "./failure.ts";
import { flagsFrom, type OptionValues } from "./options.ts";
import { formatProblem } from "./problems.ts";

const WHERE = "If yours keeps its data elsewhere, give this command its DATA_DIR and --config.";

/** Where a command writes. */
export type CommandOutput = Pick<CommandContext, "print" | "tell">;

/** The configuration of a command that has words of its own, such as the name of a person. */
export function loadedFor(command: Command, context: CommandContext): LoadedConfig {
  const { env, workingFolder, selfCommand } = context;
  const flags = flagsFrom(command.opts<OptionValues>(), []);
  return loadConfig({ flags, env, workingFolder, selfCommand });
}

/**
 * Runs a command on the database. Problems become a sentence on stderr.
 * @returns the exit code
 */
export async function withAuthDatabase(
  loaded: LoadedConfig,
  tables: readonly string[],
  output: CommandOutput,
  work: (database: Database, config: GatewayConfig) => Promise<void> | void,
): Promise<number> {
  const { config } = loaded;
  if (config === undefined) {
    for (const problem of loaded.problems) output.tell(`${formatProblem(problem)}\n`);
    return EXIT.configuration;
  }
  try {
    const { dataDir } = config;
    const isNew = !existsSync(join(dataDir, AUTH_FILE));
    const database = openForCommand(dataDir, tables);
    // Set in another folder than the gateway's, a password would be of no use, and nothing would say so.
    if (isNew)
      output.tell(`No gateway has used ${dataDir} yet: a database was made there. ${WHERE}\n`);
    try {
      await work(database, config);
      return EXIT.stopped;
    } finally {
      database.close();
    }
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    output.tell(`${error.text}\n`);
    return error.exitCode;
  }
}

/** Opens the database for a command. @throws CommandProblem when it cannot, or must not, be used */
export function openForCommand(folder: string, tables: readonly string[]): Database {
  refuseForeignFolder(folder);
  try {
    return openAuthDatabase(folder, tables);
  } catch (error) {
    throw new CommandFailure(
      "DATABASE_UNUSABLE",
      `the database in ${folder} cannot be used: ${messageOf(error)}`,
    );
  }
}

/** Files that root leaves in the folder of another user would lock the gateway out of its own database. */
function refuseForeignFolder(folder: string): void {
  const owner = statSync(folder, { throwIfNoEntry: false })?.uid;
  const self = process.getuid?.();
  if (owner === undefined || self === undefined || owner === self) return;
  throw new CommandFailure(
    "NOT_PERMITTED",
    `the data folder ${folder} belongs to the user with id ${owner}: run this command as that user, as in sudo -u '#${owner}'`,
  );
}
