/**
 * `connect SERVER`: the exact steps for each client, for the server as it is configured.
 */
import { Command } from "commander";
import { decideAuth, isLocalHost } from "../auth/rights.ts";
import { loadConfig } from "../config/load.ts";
import { nearestName } from "../config/nearest.ts";
import { rootUrls, serverUrls } from "../config/urls.ts";
import { connectSteps, type ClientSteps } from "../deploy/connect-steps.ts";
import type { CommandContext } from "./command-context.ts";
import { EXIT } from "./exit-codes.ts";
import { coded } from "./failure.ts";
import { addSettingOptions } from "./options.ts";
import { formatProblem } from "./problems.ts";

interface Options {
  readonly client?: string;
  readonly json?: boolean;
}

/** `connect [server] [--client NAME] [--json]`. */
export function connectCommand(context: CommandContext): Command {
  const command = new Command("connect")
    .description("print how each client is connected to a server")
    .argument("[server]", "its name; needed when there are several")
    .option("--client <name>", "one client only, such as claude-ai, claude-code, vscode or curl")
    .option("--json", "print one JSON document")
    .exitOverride();
  return addSettingOptions(command).action((server: string | undefined) => {
    context.finish(runConnect(server, command, context));
  });
}

function runConnect(name: string | undefined, command: Command, context: CommandContext): number {
  const { print, tell } = context;
  const loaded = loadConfig(context.inputFor(command));
  const { config } = loaded;
  if (config === undefined) {
    for (const problem of loaded.problems) tell(`${formatProblem(problem)}\n`);
    return EXIT.configuration;
  }
  const names = config.servers.map((one) => one.name);
  const server =
    name === undefined && config.servers.length === 1
      ? config.servers[0]
      : config.servers.find((one) => one.name === name || one.slug === name);
  if (server === undefined) {
    const near = name === undefined ? undefined : nearestName(name, names);
    const hint = near === undefined ? `There are: ${names.join(", ")}` : `Did you mean ${near}?`;
    const text =
      name === undefined
        ? coded("BAD_USAGE", `Which server? ${hint}`)
        : coded("NO_SUCH_SERVER", `There is no server ${name}. ${hint}`);
    tell(`${text}\n`);
    return EXIT.usage;
  }
  const isAuthOn = decideAuth(config).isOn;
  const urls =
    rootUrls(config, config.port, isAuthOn) ??
    serverUrls(config, server.slug, config.port, isAuthOn);
  const all = connectSteps({
    name: server.slug,
    mcpUrl: urls.mcp,
    sseUrl: urls.sse,
    isAuthOn,
    isLocal: isLocalHost(new URL(urls.mcp).hostname),
  });
  const { client, json } = command.opts<Options>();
  const chosen = client === undefined ? all : all.filter(({ id }) => id === client);
  if (chosen.length === 0) {
    const ids = all.map(({ id }) => id).join(", ");
    tell(`${coded("NO_SUCH_CLIENT", `There is no client ${client}. There are: ${ids}`)}\n`);
    return EXIT.usage;
  }
  print(
    json === true
      ? `${JSON.stringify({ server: server.name, ...urls, clients: chosen }, null, 2)}\n`
      : textOf(server.name, urls.mcp, chosen),
  );
  return EXIT.stopped;
}

function textOf(name: string, url: string, clients: readonly ClientSteps[]): string {
  const parts = clients.map(({ title, steps, snippet }) =>
    [
      title,
      ...steps.map((step, index) => `  ${steps.length > 1 ? `${index + 1}. ` : ""}${step}`),
      ...(snippet === undefined ? [] : ["", ...snippet.split("\n").map((line) => `    ${line}`)]),
    ].join("\n"),
  );
  return `${name}: ${url}\n\n${parts.join("\n\n")}\n`;
}
