/**
 * All commands but `serve`, which starts without them.
 */
import { Argument, Command } from "commander";
import { addAdminCommands } from "./admin-commands.ts";
import { authCommand } from "./auth-log.ts";
import { runCheck } from "./check.ts";
import { tryConfigured } from "./check-run.ts";
import { completionScript, SHELLS, type Shell } from "./completion.ts";
import type { CommandContext } from "./command-context.ts";
import { connectCommand } from "./connect-command.ts";
import { deployCommand } from "./deploy-command.ts";
import { doctorCommand } from "./doctor-command.ts";
import { grantCommand } from "./grant-command.ts";
import { healthCommand } from "./health-command.ts";
import { importCommand } from "./import-command.ts";
import { keyCommand } from "./key-command.ts";
import { addServeOptions } from "./options.ts";
import { prefetchCommand } from "./prefetch-command.ts";
import { userCommand } from "./user.ts";

interface CheckFlags {
  readonly verbose?: boolean;
  readonly json?: boolean;
  readonly run?: boolean;
}

/** Adds them to the program, in the order of its help. */
export function addCommands(program: Command, commands: CommandContext): void {
  const { inputOf, print, finish } = commands;
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
      const options = { ...inputOf(checkCommand), verbose: verbose === true, json: json === true };
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
}
