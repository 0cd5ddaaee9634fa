/**
 * The authorization file, for commands that work on it beside a gateway that runs, and how they say
 * times.
 */
import type { Database } from "bun:sqlite";
import type { Command } from "commander";
import { loadConfig, type LoadInput } from "../config/load.ts";
import type { GatewayConfig } from "../config/model.ts";
import { messageOf } from "../kernel/error.ts";
import { openForCommand } from "./auth-command.ts";
import type { CommandContext } from "./command-context.ts";
import { EXIT } from "./exit-codes.ts";
import { coded, CommandFailure } from "./failure.ts";
import { formatProblem } from "./problems.ts";

/** What such commands need of the program. */
export interface AuthFileContext {
  readonly load: LoadInput;
  readonly print: (text: string) => void;
  readonly tell: (text: string) => void;
  readonly wallMs: () => number;
}

/** What the program gives to such a command, by its `--config`. */
export function authFileContext(context: CommandContext, command: Command): AuthFileContext {
  const { inputFor, print, tell } = context;
  return { load: inputFor(command), print, tell, wallMs: () => Date.now() };
}

/** Runs with the opened file; what goes wrong is told. @returns the exit code that fits */
export function withAuthFile(
  { load, tell }: AuthFileContext,
  tables: readonly string[],
  work: (database: Database, config: GatewayConfig) => void,
): number {
  const { config, problems } = loadConfig(load);
  if (config === undefined) {
    for (const problem of problems) tell(`${formatProblem(problem)}\n`);
    return EXIT.configuration;
  }
  try {
    const database = openForCommand(config.dataDir, tables);
    try {
      work(database, config);
    } finally {
      database.close();
    }
    return EXIT.stopped;
  } catch (error) {
    const isKnown = error instanceof CommandFailure;
    tell(`error: ${isKnown ? error.text : coded("DATABASE_UNUSABLE", messageOf(error))}\n`);
    return isKnown ? error.exitCode : EXIT.bug;
  }
}

/** A time for people, to the minute. */
export function timeText(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 16).replace("T", " ")}Z`;
}

/** A time for programs; null where there is none. */
export function timeJson(atMs: number | undefined): string | null {
  return atMs === undefined ? null : new Date(atMs).toISOString();
}
