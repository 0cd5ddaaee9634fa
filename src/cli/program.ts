/**
 * The command line: which command, its flags, and the exit code that comes of it.
 *
 * `serve` is what runs without a command. Words behind `--` are one server's command line and are
 * taken off before the parser sees them, so that a server may be called "check".
 */
import { Command, CommanderError } from "commander";
import { loadConfig, loaderAgain, type LoadInput } from "../config/load.ts";
import type { Environment } from "../config/settings.ts";
import { VERSION } from "../runtime/version.ts";
import type { HostFacts } from "../kernel/host-facts.ts";
import type { CommandContext } from "./command-context.ts";
import { EXIT } from "./exit-codes.ts";
import { coded } from "./failure.ts";
import { addServeOptions, flagsFrom, type OptionValues } from "./options.ts";
import { createPrinter } from "./printer.ts";
import { serve } from "./serve.ts";

/** What the command line needs of the process it runs in. */
export interface ProgramContext {
  readonly env: Environment;
  readonly workingFolder: string;
  /** How our own executable is started. */
  readonly selfCommand: readonly string[];
  readonly host: HostFacts;
}

const AFTER_HELP = `
Examples:
  remote-mcp-proxy                                    serve ./config.json, or a demo server without one
  remote-mcp-proxy --config servers.json --port 9000
  remote-mcp-proxy -- npx -y @modelcontextprotocol/server-memory
  remote-mcp-proxy check --verbose
  remote-mcp-proxy doctor https://memory.mcp.example.org/mcp
  remote-mcp-proxy key add --note "CI" --servers memory
  remote-mcp-proxy status                             what runs, by the gateway's own socket
  remote-mcp-proxy call memory search_nodes query=tea
  remote-mcp-proxy user set-up-link alex              a link by which alex chooses a password

Each server is at http://HOST:PORT/{server}/mcp (and /sse). Variables and keys: docs/configuration.md
Exit codes: 0 stopped, 1 failure, 2 wrong usage, 69 no gateway runs there, 78 wrong configuration.`;

/** Runs the command that the arguments name. Never throws. @returns the exit code */
export async function runProgram(
  args: readonly string[],
  context: ProgramContext,
): Promise<number> {
  const dashes = args.indexOf("--");
  const words = dashes < 0 ? undefined : args.slice(dashes + 1);
  let exitCode: number = EXIT.stopped;
  const own = dashes < 0 ? args : args.slice(0, dashes);
  const finish = (code: number): void => {
    exitCode = code;
  };
  try {
    const program = await createProgram(own, commandContext(context, words, finish));
    await program.parseAsync([...own], { from: "user" });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.stopped : EXIT.usage;
  }
}

async function createProgram(args: readonly string[], commands: CommandContext): Promise<Command> {
  const { inputOf, print, finish, selfCommand, host } = commands;
  const program = new Command("remote-mcp-proxy")
    .description("Serves the local stdio MCP servers of a config file to remote MCP clients.")
    .version(VERSION, "-V, --version")
    .addHelpText("after", AFTER_HELP)
    .exitOverride();

  const serveCommand = new Command("serve")
    .description("serve the configured servers until a signal ends it (this is the default)")
    .exitOverride()
    .action(async () => {
      const from = inputOf(serveCommand);
      const loaded = loadConfig(from);
      const load = loaderAgain(from, loaded);
      finish(await serve({ loaded, load, selfCommand, host, print }));
    });
  program.addCommand(addServeOptions(serveCommand), { isDefault: true });

  if (namesOthers(args)) {
    const { addCommands } = await import("./commands.ts"); // `serve` starts without them
    addCommands(program, commands);
  }
  giveCodes(program);
  return program;
}

/** Whether another command than `serve` is named: by the first word, or by a wish for help. */
function namesOthers(args: readonly string[]): boolean {
  const [first = "serve"] = args;
  return !/^(-|serve$)/.test(first) || args.some((arg) => arg === "-h" || arg === "--help");
}

/** Refusals of the command line end with their code, as all errors do. */
function giveCodes(command: Command): void {
  command.configureOutput({
    outputError: (text, write) => write(`${coded("BAD_USAGE", text.trimEnd())}\n`),
  });
  command.commands.forEach(giveCodes);
}

function commandContext(
  context: ProgramContext,
  words: readonly string[] | undefined,
  finish: (exitCode: number) => void,
): CommandContext {
  const inputFor = (command: Command): LoadInput => {
    const { env, workingFolder, selfCommand } = context;
    const flags = flagsFrom(command.opts<OptionValues>(), words ?? []);
    return { flags, env, workingFolder, selfCommand };
  };
  return {
    ...context,
    words,
    finish,
    inputFor,
    print: createPrinter("stdout"),
    tell: createPrinter("stderr"),
    inputOf: (command) => {
      const [stray] = command.args;
      if (stray !== undefined) {
        command.error(`error: unknown command "${stray}". To serve one server, write -- before it`);
      }
      if (words?.length === 0) command.error("error: there is no command behind --");
      return inputFor(command);
    },
  };
}
