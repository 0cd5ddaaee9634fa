/**
 * The command `key` for commander: `add`, `list`, `revoke`, and their options.
 */
import { Command } from "commander";
import { authFileContext, type AuthFileContext } from "./auth-file.ts";
import type { CommandContext } from "./command-context.ts";
import { addKey, listKeys, revokeKey, type AddKeyOptions } from "./key.ts";

const HELP = `
A key is sent as "Authorization: Bearer KEY" or "X-API-Key: KEY", never in the URL. It is shown once.
A running gateway knows a new key, and forgets a revoked one, at the next request.`;

/** The command with everything below it. */
export function keyCommand(context: CommandContext): Command {
  const contextOf = (command: Command): AuthFileContext => authFileContext(context, command);
  const command = (name: string, description: string): Command =>
    new Command(name)
      .description(description)
      .option("-c, --config <file>", "the config file, as for serve")
      .option("--json", "print one JSON document")
      .exitOverride();
  const add = command("add", "make a key and print it")
    .option("--user <name>", "whose key it is (else the only person, or the only admin)")
    .option("--servers <names>", "narrow it to these servers, with commas (else all of the person)")
    .option("--expires <when>", "end it after 90d or 12h, or on a day such as 2030-01-31")
    .option("--admin", "let it see and steer the gateway itself, if the person may")
    .option("--note <text>", "what it is for")
    .action(() => context.finish(addKey(contextOf(add), add.opts<AddKeyOptions>())));
  const list = command("list", "show the keys, when they end and when they were used last").action(
    () => context.finish(listKeys(contextOf(list), list.opts<{ json?: boolean }>())),
  );
  const revoke = command("revoke", "end keys, from the next request on")
    .argument("<id...>", "ids as `key list` shows them, or the keys themselves")
    .action((ids: readonly string[]) =>
      context.finish(revokeKey(contextOf(revoke), ids, revoke.opts<{ json?: boolean }>())),
    );
  return new Command("key")
    .description("API keys for scripts and for clients with a header field")
    .addHelpText("after", HELP)
    .exitOverride()
    .addCommand(add)
    .addCommand(list)
    .addCommand(revoke);
}
