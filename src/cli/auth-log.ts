/**
 * The command `auth log`: the steps of authorization, from a client's registration to its first call,
 * as the gateway kept them. Reads the database beside a running gateway, and changes nothing.
 */
import { Command, InvalidArgumentError } from "commander";
import { EVENT_TABLES, EventStore, type KeptStep } from "../auth/event-store.ts";
import { authText } from "../observe/auth-text.ts";
import { createSystemClock } from "../runtime/system-clock.ts";
import { loadedFor, withAuthDatabase } from "./auth-command.ts";
import type { CommandContext } from "./command-context.ts";
import { addConfigOptions } from "./options.ts";
import { CommandFailure } from "./failure.ts";

interface LogOptions {
  readonly correlation?: string;
  readonly lines: number;
  readonly follow?: boolean;
  readonly json?: boolean;
}

const LINES = 100;
const MAX_LINES = 10_000;
const FOLLOW_MS = 500;

const HELP = `
One client's way has one correlation id: client.registered, authorize.asked, user.signed-in,
authorize.approved, token.issued, first.use. Where it ends early, the last line says why.

Examples:
  remote-mcp-proxy auth log --follow
  remote-mcp-proxy auth log --correlation 3f9c2b1a --json`;

/** `auth`, with `log` below it. */
export function authCommand(context: CommandContext): Command {
  const log = new Command("log")
    .description("what happened: registrations, sign-ins, leaves, tokens, refusals")
    .option("--correlation <id>", "only the way of this client")
    .option("-n, --lines <number>", "the last so many", linesOf, LINES)
    .option("-f, --follow", "go on with what happens")
    .option("--json", "print one JSON object a line")
    .addHelpText("after", HELP)
    .exitOverride();
  addConfigOptions(log).action(async () => {
    const code = await withAuthDatabase(
      loadedFor(log, context),
      EVENT_TABLES,
      context,
      async (database) => {
        const store = new EventStore(database, createSystemClock(), (error) => {
          throw error;
        });
        await show(store, log.opts<LogOptions>(), context);
      },
    );
    context.finish(code);
  });
  return new Command("auth").description("what authorization did").exitOverride().addCommand(log);
}

async function show(
  store: EventStore,
  { correlation, lines, follow, json }: LogOptions,
  { print }: CommandContext,
): Promise<void> {
  const line = json === true ? jsonLine : textLine;
  let steps = store.read({ correlation, limit: lines });
  if (steps.length === 0 && follow !== true)
    throw new CommandFailure(
      "NOTHING_LOGGED",
      correlation === undefined
        ? "nothing has happened yet, or authentication is off"
        : `there is no step with the correlation id ${JSON.stringify(correlation)}`,
    );
  let afterId = 0;
  for (;;) {
    for (const step of steps) print(line(step));
    afterId = steps.at(-1)?.id ?? afterId;
    if (follow !== true) return;
    // Until a signal ends the program.
    await Bun.sleep(FOLLOW_MS);
    steps = store.read({ correlation, afterId, limit: MAX_LINES });
  }
}

function textLine(step: KeptStep): string {
  const server = step.server === undefined ? "" : ` server=${step.server}`;
  return `${new Date(step.atMs).toISOString()} ${authText(step)}${server}\n`;
}

function jsonLine({ id: _, kind: _kind, atMs, ...rest }: KeptStep): string {
  return `${JSON.stringify({ time: new Date(atMs).toISOString(), ...rest })}\n`;
}

function linesOf(text: string): number {
  const lines = Number(text);
  if (Number.isInteger(lines) && lines > 0 && lines <= MAX_LINES) return lines;
  throw new InvalidArgumentError(`must be a whole number from 1 to ${MAX_LINES}`);
}
