/**
 * The command `user`: passwords, set-up links and sign-ins of the people whom the configuration
 * names. Works on the database of the gateway, which may be running; changes count at once.
 */
import { Command } from "commander";
import { Accounts, type PersonSummary } from "../auth/accounts.ts";
import { decideAuth } from "../auth/rights.ts";
import { setUpUrl } from "../auth/set-up-url.ts";
import { USER_TABLES, UserStore } from "../auth/user-store.ts";
import type { GatewayConfig } from "../config/model.ts";
import { createSystemClock } from "../runtime/system-clock.ts";
import { askPassword } from "./ask-password.ts";
import { loadedFor, withAuthDatabase, type CommandOutput } from "./auth-command.ts";
import { columns } from "./columns.ts";
import type { CommandContext } from "./command-context.ts";
import { EXIT } from "./exit-codes.ts";
import { CommandFailure } from "./failure.ts";
import { addConfigOptions } from "./options.ts";

/** What a subcommand works on. */
interface Work extends CommandOutput {
  readonly accounts: Accounts;
  readonly config: GatewayConfig;
}

/** The command with its subcommands. */
export function userCommand(context: CommandContext): Command {
  const { print, tell } = context;
  const user = new Command("user")
    .description("passwords, set-up links and sign-ins of the people in the configuration")
    .exitOverride();
  const add = (
    usage: string,
    description: string,
    work: (work: Work, name: string) => Promise<void> | void,
  ): Command => {
    const command = new Command(usage.split(" ")[0]).description(description).exitOverride();
    if (usage.includes(" ")) command.argument("<name>", "the person, as in the configuration");
    addConfigOptions(command).action(async () => {
      const code = await withAuthDatabase(
        loadedFor(command, context),
        [USER_TABLES],
        context,
        async (database, config) => {
          const clock = createSystemClock();
          const store = new UserStore(database, clock.wallMs);
          const accounts = new Accounts({ store, clock, config: () => config });
          const [name = ""] = command.args;
          if (usage.includes(" ")) expectPerson(accounts, name);
          await work({ accounts, config, print, tell }, name);
        },
      );
      context.finish(code);
    });
    user.addCommand(command);
    return command;
  };

  const list = add("list", "everybody, and who has a password", ({ accounts }) => {
    const people = accounts.list();
    const { json } = list.opts<{ json?: boolean }>();
    print(json === true ? `${JSON.stringify(people.map(asJson), null, 2)}\n` : asTable(people));
  }).option("--json", "print one JSON document");

  add(
    "set-up-link <name>",
    "make a link by which the person sets a password, once",
    (work, name) => {
      const secret = work.accounts.createLink(name);
      print(`${setUpUrl(work.config, work.config.port, secret)}\n`);
      tell("Good for 24 hours and one use. Links of this person made before are dead.\n");
      warnIfOff(work);
    },
  );

  add(
    "set-password <name>",
    "set a password: typed, or the first line of stdin",
    async (work, name) => {
      const password = await askPassword(process.stdin, tell);
      const result = await work.accounts.setPassword(name, password);
      if (!result.ok) throw new CommandFailure("PASSWORD_REFUSED", result.error, EXIT.usage);
      tell(`The password of ${name} is set; sign-ins from before have ended.\n`);
      warnIfOff(work);
    },
  );

  add(
    "remove-password <name>",
    "take the password away, and end the sign-ins",
    ({ accounts }, name) => {
      accounts.removePassword(name);
      tell(`${name} cannot sign in until there is a new password.\n`);
      tell(CLIENTS_STAY);
    },
  );

  add("sign-out <name>", "end the sign-ins of the person in all browsers", ({ accounts }, name) => {
    accounts.signOut(name);
    tell(`${name} is signed out everywhere.\n`);
    tell(CLIENTS_STAY);
  });
  return user;
}

const CLIENTS_STAY =
  "Programs that were allowed in keep their access; take a person out of the configuration to end all of it.\n";

function expectPerson(accounts: Accounts, name: string): void {
  if (accounts.exists(name)) return;
  const people = accounts.people.join(", ");
  throw new CommandFailure(
    "NO_SUCH_PERSON",
    `the configuration knows no "${name}" (it knows: ${people}). Name people in proxy.auth.users`,
    EXIT.usage,
  );
}

function warnIfOff({ config, tell }: Work): void {
  if (decideAuth(config).isOn) return;
  tell("Authentication is off with this configuration, so nobody is asked to sign in.\n");
}

function asJson(person: PersonSummary): object {
  const { user, isAdmin, hasPassword, passwordSetAtMs, signedInAtMs } = person;
  return {
    user,
    admin: isAdmin,
    password: hasPassword,
    passwordSetAt: isoTime(passwordSetAtMs) ?? null,
    signedInAt: isoTime(signedInAtMs) ?? null,
  };
}

function asTable(people: readonly PersonSummary[]): string {
  const rows = people.map(({ user, isAdmin, hasPassword, passwordSetAtMs, signedInAtMs }) => [
    user,
    isAdmin ? "admin" : "",
    hasPassword ? (isoTime(passwordSetAtMs) ?? "") : "none",
    isoTime(signedInAtMs) ?? "never",
  ]);
  return columns([["USER", "RIGHTS", "PASSWORD SET", "LAST SIGN-IN"], ...rows]);
}

function isoTime(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
