/**
 * The command `grant` for commander: `list` and `revoke`, and their options.
 */
import { Command } from "commander";
import { authFileContext, type AuthFileContext } from "./auth-file.ts";
import type { CommandContext } from "./command-context.ts";
import { type GrantOptions, listGrants, revokeGrants } from "./grant.ts";

const HELP = `
A grant is what a person gave to a program on the sign-in page: leave to use one server. Ending it ends
all its tokens; a running gateway refuses them from the next request on.`;

/** The command with everything below it. */
export function grantCommand(context: CommandContext): Command {
  const contextOf = (command: Command): AuthFileContext => authFileContext(context, command);
  const command = (name: string, description: string): Command =>
    new Command(name)
      .description(description)
      .option("-c, --config <file>", "the config file, as for serve")
      .option("--user <name>", "those of one person")
      .option("--json", "print one JSON document")
      .exitOverride();
  const list = command("list", "show who lets which program use what, and since when").action(() =>
    context.finish(listGrants(contextOf(list), list.opts<GrantOptions>())),
  );
  const revoke = command("revoke", "end grants, from the next request on")
    .argument("[id...]", "ids as `grant list` shows them")
    .action((ids: readonly string[]) =>
      context.finish(revokeGrants(contextOf(revoke), ids, revoke.opts<GrantOptions>())),
    );
  return new Command("grant")
    .description("what people let programs use, by signing in")
    .addHelpText("after", HELP)
    .exitOverride()
    .addCommand(list)
    .addCommand(revoke);
}
