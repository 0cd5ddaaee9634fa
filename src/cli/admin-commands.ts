/**
 * The commands that talk to a gateway that runs: their words and flags. What each does is in a file
 * of its name.
 */
import { Command, InvalidArgumentError } from "commander";
import { messageOf } from "../kernel/error.ts";
import { VERSION } from "../runtime/version.ts";
import { AdminClient, socketOf } from "./admin-client.ts";
import { callTool } from "./call.ts";
import type { CommandContext } from "./command-context.ts";
import { EXIT } from "./exit-codes.ts";
import { coded, CommandFailure } from "./failure.ts";
import { showLogs } from "./logs.ts";
import { reload } from "./reload.ts";
import { showStatus } from "./status.ts";
import { steerServer } from "./steer.ts";
import { showTools } from "./tools.ts";

interface Values {
  readonly config?: string;
  readonly socket?: string;
  readonly json?: boolean;
}

/** Adds them to the program. */
export function addAdminCommands(program: Command, context: CommandContext): void {
  const { env, workingFolder, selfCommand, print, tell } = context;
  const add = <Options extends Values>(
    words: string,
    description: string,
    action: (client: AdminClient, args: readonly string[], options: Options) => Promise<number>,
  ): Command => {
    const command = new Command(words.split(" ", 1)[0])
      .description(description)
      .option("-c, --config <file>", "the config file of the gateway, to find its data folder")
      .option("--socket <path>", "its admin socket, in place of admin.sock in the data folder")
      .option("--json", "print JSON")
      .exitOverride();
    for (const word of words.split(" ").slice(1)) command.argument(word);
    command.action(async () => {
      const options = command.opts<Options>();
      const { config, socket } = options;
      const flags = config === undefined ? {} : { config };
      const path = socket ?? socketOf({ flags, env, workingFolder, selfCommand });
      const run = (): Promise<number> =>
        action(new AdminClient(path), command.args.flat(), options);
      context.finish(await guarded(run, tell));
    });
    program.addCommand(command);
    return command;
  };
  const how = ({ json }: Values) => ({ json: json === true, print });

  add("status", "show the gateway that runs and its servers", (client, _args, options) =>
    showStatus(client, how(options)),
  );
  add<Values & { readonly follow?: boolean; readonly lines: number }>(
    "logs [server]",
    "show the last lines of the log, of one server or of all",
    (client, [server], { follow, lines, ...options }) =>
      showLogs(client, { server, follow: follow === true, lines, ...how(options) }),
  )
    .option("-f, --follow", "go on with what is logged from now on")
    .option("-n, --lines <number>", "so many lines of the past", wholeNumber, 100);
  add("tools <server>", "list the tools of a server", (client, [server = ""], options) =>
    showTools(client, server, how(options)),
  );
  add(
    "call <server> <tool> [arguments...]",
    "call a tool; arguments are key=value, or key:=JSON",
    (client, [server = "", tool = "", ...words], options) =>
      callTool(client, { server, tool, words, version: VERSION, tell, ...how(options) }),
  );
  const steerings = [
    ["restart", "end a server's processes and start fresh ones"],
    ["stop", "stop a server until it is started again"],
    ["start", "start a server that was stopped"],
  ] as const;
  for (const [what, description] of steerings) {
    add(`${what} <server>`, description, (client, [server = ""], options) =>
      steerServer(client, what, { server, ...how(options) }),
    );
  }
  add(
    "reload",
    "read the configuration again and apply what has changed",
    (client, _args, options) => reload(client, how(options)),
  );
}

/** Says in one line what went wrong. @returns the exit code */
async function guarded(run: () => Promise<number>, tell: (text: string) => void): Promise<number> {
  try {
    return await run();
  } catch (error) {
    const isKnown = error instanceof CommandFailure;
    tell(`error: ${isKnown ? error.text : coded("COMMAND_FAILED", messageOf(error))}\n`);
    return isKnown ? error.exitCode : EXIT.bug;
  }
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}
