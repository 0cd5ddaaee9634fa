/**
 * The command `import` for commander.
 */
import { Command } from "commander";
import type { CommandContext } from "./command-context.ts";

/** `import [source...] [--into FILE]`, or a command line behind `--`. */
export function importCommand(context: CommandContext): Command {
  const command = new Command("import")
    .description(
      "take over the servers of Claude Desktop, Claude Code, Cursor, VS Code or Windsurf, or a supergateway command line",
    )
    .argument(
      "[source...]",
      "files, or a command line in one text; without any the usual places are looked at",
    )
    .option("--into <file>", "add to this config file; else print one")
    .exitOverride()
    .action(async (sources: readonly string[]) => {
      const { runImport } = await import("./import.ts"); // no other command needs it
      const { into } = command.opts<{ into?: string }>();
      const { env, workingFolder, words, print, tell, host } = context;
      const { platform } = host;
      context.finish(
        runImport({ sources, words, into, env, workingFolder, platform, print, tell }),
      );
    });
  return command;
}
