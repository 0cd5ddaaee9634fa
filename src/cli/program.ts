/**
 * The command line: which command, its flags, and the exit code that comes of it.
 *
 * `serve` is what runs without a command. Words behind `--` are one server's command line and are
 * taken off before the parser sees them, so that a server may be called "check".
 */
import { Argument, Command, CommanderError } from "commander";
import { loadConfig, loaderAgain, type LoadInput } from "../config/load.ts";
import type { Environment } from "../config/settings.ts";
import { VERSION } from "../runtime/version.ts";
import type { HostFacts } from "../kernel/host-facts.ts";
import { addAdminCommands } from "./admin-commands.ts";
import { authCommand } from "./auth-log.ts";
import { runCheck } from "./check.ts";
import { tryConfigured } from "./check-run.ts";
import { completionScript, SHELLS, type Shell } from "./completion.ts";
import type { CommandContext } from "./command-context.ts";
import { connectCommand } from "./connect-command.ts";
import { deployCommand } from "./deploy-command.ts";
import { doctorCommand } from "./doctor-command.ts";
import { EXIT } from "./exit-codes.ts";
import { coded } from "./failure.ts";
import { healthCommand } from "./health-command.ts";
import { importCommand } from "./import-command.ts";
import { grantCommand } from "./grant-command.ts";
import { keyCommand } from "./key-command.ts";
import { addServeOptions, flagsFrom, type OptionValues } from "./options.ts";
import { createPrinter } from "./printer.ts";
import { prefetchCommand } from "./prefetch-command.ts";
import { serve } from "./serve.ts";
import { userCommand } from "./user.ts";

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

interface CheckFlags {
  readonly verbose?: boolean;
  readonly json?: boolean;
  readonly run?: boolean;
}

/** Runs the command that the arguments name. Never throws. @returns the exit code */
export async function runProgram(
  args: readonly string[],
  context: ProgramContext,
): Promise<number> {
  const dashes = args.indexOf("--");
  const words = dashes < 0 ? undefined : args.slice(dashes + 1);
  let exitCode: number = EXIT.stopped;
  const program = createProgram(context, words, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(dashes < 0 ? [...args] : args.slice(0, dashes), { from: "user" });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.stopped : EXIT.usage;
  }
}

function createProgram(
  context: ProgramContext,
  words: readonly string[] | undefined,
  finish: (exitCode: number) => void,
): Command {
  const commands = commandContext(context, words, finish);
  const { inputOf: input, print } = commands;
  const program = new Command("remote-mcp-proxy")
    .description("Serves the local stdio MCP servers of a config file to remote MCP clients.")
    .version(VERSION, "-V, --version")
    .addHelpText("after", AFTER_HELP)
    .exitOverride();

  const serveCommand = new Command("serve")
    .description("serve the configured servers until a signal ends it (this is the default)")
    .exitOverride()
    .action(async () => {
      const from = input(serveCommand);
      const loaded = loadConfig(from);
      const load = loaderAgain(from, loaded);
      const { selfCommand, host } = context;
      finish(await serve({ loaded, load, selfCommand, host, print }));
    });
  program.addCommand(addServeOptions(serveCommand), { isDefault: true });

  const checkCommand = new Command("check")
    .description(
      "say everything that is wrong with a configuration, and whether its programs are there",
    )
    .option("--verbose", "show every setting and where it came from")
    .option("--run", "start each server once and list its tools")
    .option("--json", "print one JSON document")
    .exitOverride()
    .action(async () => {
      const { verbose, json, run } = checkCommand.opts<CheckFlags>();
      const options = { ...input(checkCommand), verbose: verbose === true, json: json === true };
      const tried = run === true ? { trials: await tryConfigured(commands, options) } : {};
      finish(runCheck({ ...options, ...tried, print }));
    });
  program.addCommand(addServeOptions(checkCommand));

  program.addCommand(prefetchCommand(commands));
  program.addCommand(healthCommand(commands));
  program.addCommand(deployCommand(commands));
  program.addCommand(importCommand(commands));
  program.addCommand(doctorCommand(commands));
  program.addCommand(connectCommand(commands));
  program.addCommand(keyCommand(commands));
  program.addCommand(grantCommand(commands));
  addAdminCommands(program, commands);
  program.addCommand(userCommand(commands));
  program.addCommand(authCommand(commands));

  program.addCommand(
    new Command("schema")
      .description("print the JSON Schema of the config file")
      .exitOverride()
      .action(async () => {
        const { schemaText } = await import("./schema.ts"); // no other command needs it
        print(schemaText());
      }),
  );
  program.addCommand(
    new Command("completion")
      .description(
        "print completions for a shell; bash: source <(remote-mcp-proxy completion bash)",
      )
      .addArgument(new Argument("<shell>").choices(SHELLS))
      .exitOverride()
      .action((shell: Shell) => print(completionScript(shell, program))),
  );
  giveCodes(program);
  return program;
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
