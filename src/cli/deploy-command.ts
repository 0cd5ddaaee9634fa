/**
 * The command `deploy` for commander: its subcommands and their options.
 */
import { Command, Option } from "commander";
import type { CommandContext } from "./command-context.ts";
import type { DeployKind, DeployOptions } from "./deploy.ts";
import { addServeOptions } from "./options.ts";

const OUT = new Option("-o, --out <file>", "write to this file; else to stdout");
const ENV_FILE = new Option(
  "--env-file <file>",
  "variables beside those of the environment (else .env, where there is one)",
);

const KINDS: Readonly<Record<DeployKind, { description: string; options: readonly Option[] }>> = {
  compose: {
    description:
      "print a docker-compose.yml. Reads DOMAIN, ENABLE_LOCAL_TRAEFIK, ACME_EMAIL, ACME_DNS_PROVIDER",
    options: [
      OUT,
      ENV_FILE,
      new Option("--build <folder>", "build the image from the Dockerfile in this folder"),
    ],
  },
  traefik: {
    description: "print the rules for Traefik v3: one router for each server",
    options: [
      OUT,
      ENV_FILE,
      new Option(
        "--backend <url>",
        "where Traefik reaches the gateway (else http://remote-mcp-proxy:8080)",
      ),
    ],
  },
  systemd: {
    description: "print a hardened systemd unit",
    options: [
      OUT,
      new Option("--user <name>", "run as this user; else systemd makes one"),
      new Option("--credential <name...>", "credentials to load, as LoadCredential= takes them"),
    ],
  },
};

/** The command with everything below it. */
export function deployCommand(context: CommandContext): Command {
  const deploy = new Command("deploy")
    .description("print what containers, Traefik or systemd need to run the configured servers")
    .exitOverride();
  for (const [kind, { description, options }] of Object.entries(KINDS)) {
    const command = new Command(kind).description(description).exitOverride();
    for (const option of options) command.addOption(option);
    addServeOptions(command).action(async () => {
      const { runDeploy } = await import("./deploy.ts"); // no other command needs it
      const { print, tell } = context;
      const input = { ...context.inputOf(command), print, tell };
      context.finish(runDeploy(kind as DeployKind, input, command.opts<DeployOptions>()));
    });
    deploy.addCommand(command);
  }
  return deploy;
}
