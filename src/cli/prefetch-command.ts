/**
 * The command `prefetch`: installs the packages of all servers ahead of time, and says which version
 * of each is there now.
 */
import { Command } from "commander";
import { prefetch, type Prefetched } from "../compose/prefetch.ts";
import { loadConfig, type LoadInput } from "../config/load.ts";
import { versionText } from "../runtime/package-store.ts";
import { createSystemClock } from "../runtime/system-clock.ts";
import type { CommandContext } from "./command-context.ts";
import { EXIT } from "./exit-codes.ts";
import { coded } from "./failure.ts";
import { addServeOptions } from "./options.ts";
import { formatProblem } from "./problems.ts";

const HELP = `
Servers that npx or bunx starts are installed into the data folder, as their first start would; they
then start without a network. Servers with "runtime": "system" are left to the machine's own npx.

In a Dockerfile on top of the image, as there is no shell:
  COPY config.json /config/config.json
  RUN ["/usr/local/bin/remote-mcp-proxy", "prefetch"]`;

interface PrefetchFlags {
  readonly update?: boolean;
}

/** `prefetch [--update]`. */
export function prefetchCommand(context: CommandContext): Command {
  const command = new Command("prefetch")
    .description("install the packages of all npx and bunx servers ahead of their first start")
    .option("--update", "also replace what is installed, where the registry has something newer")
    .addHelpText("after", HELP)
    .exitOverride()
    .action(async () => {
      const { update } = command.opts<PrefetchFlags>();
      context.finish(await runPrefetch(context.inputOf(command), context, update === true));
    });
  return addServeOptions(command);
}

async function runPrefetch(
  input: LoadInput,
  { selfCommand, host, print, tell }: CommandContext,
  isUpdate: boolean,
): Promise<number> {
  const { config, problems } = loadConfig(input);
  const errors = problems.filter(({ severity }) => severity === "error");
  for (const problem of errors) tell(`${formatProblem(problem)}\n`);
  if (config === undefined) return EXIT.configuration;
  const { signal, release } = untilSignal();
  const outcomes = await prefetch({
    config,
    selfCommand,
    host,
    clock: createSystemClock(),
    emit: (event) => {
      const isWarning = event.kind === "gateway.notice" && event.level !== "DEBUG";
      if (isWarning) tell(`${event.message}\n`);
    },
    isUpdate,
    signal,
  });
  release();
  for (const outcome of outcomes) print(`${outcome.server}: ${words(outcome)}\n`);
  if (outcomes.some(({ error }) => error !== undefined)) return EXIT.bug;
  return errors.length > 0 ? EXIT.configuration : EXIT.stopped;
}

function words({ versions, error }: Prefetched): string {
  if (error !== undefined) return coded("INSTALL_FAILED", `failed. ${error}`);
  return versions === undefined ? "nothing to install" : versionText(versions);
}

/** As PID 1 of a container a signal without a handler would be ignored. */
function untilSignal(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const onSignal = (): void => controller.abort();
  const names = ["SIGTERM", "SIGINT"] as const;
  for (const name of names) process.on(name, onSignal);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of names) process.off(name, onSignal);
    },
  };
}
