/**
 * The flags that `serve` and `check` share, for commander, and what the parsed ones mean to the
 * configuration. Values stay texts: the configuration judges them.
 */
import { Option, type Command } from "commander";
import type { Flags } from "../config/settings.ts";

const OPTIONS: readonly (readonly [flags: string, description: string])[] = [
  [
    "-c, --config <file>",
    "the config file (CONFIG_FILE, CONFIG_PATH; else ./config.json, ~/.config/remote-mcp-proxy/config.json, /etc/remote-mcp-proxy/config.json, /config/config.json, /app/config.json)",
  ],
  ["--host <address>", "address to listen on (HOST; else 127.0.0.1)"],
  ["-p, --port <number>", "port to listen on, 0 for a free one (PORT; else 8080)"],
  ["--domain <domain>", "domain of this installation (DOMAIN; else localhost)"],
  [
    "--log-level <level>",
    "both log levels: ERROR, WARNING, INFO, DEBUG, TRACE (LOG_LEVEL_SYSTEM; else INFO)",
  ],
  [
    "--stdio <command>",
    'serve one server: its command line in one text, as in --stdio "npx -y some-server"',
  ],
  [
    "--inherit-env <names>",
    "with one server: variables that it gets beyond PATH, HOME, LANG, TZ, TMPDIR, with commas; '*' for all",
  ],
  ["--tls-cert <file>", "serve HTTPS with this certificate chain (PEM)"],
  ["--tls-key <file>", "its private key (PEM)"],
];

/** Option values as commander gives them. */
export interface OptionValues {
  readonly config?: string;
  readonly host?: string;
  readonly port?: string;
  readonly domain?: string;
  readonly logLevel?: string;
  readonly stdio?: string;
  readonly inheritEnv?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

/** Adds the flags that say which configuration counts; returns the command. */
export function addSettingOptions(command: Command): Command {
  const shared = OPTIONS.filter(([flags]) => !/stdio|inherit-env|log-level/.test(flags));
  for (const [flags, description] of shared) command.addOption(new Option(flags, description));
  return command;
}

/** Adds the shared flags and the words behind `--` (`[command...]`) to a command; returns it. */
export function addServeOptions(command: Command): Command {
  return addConfigOptions(command).argument(
    "[command...]",
    "one server: its command line, behind --",
  );
}

/** Adds the shared flags, for commands that look at what a gateway was started with; returns it. */
export function addConfigOptions(command: Command): Command {
  for (const [flags, description] of OPTIONS) command.addOption(new Option(flags, description));
  return command;
}

/** What the options and the words behind `--` mean to the configuration. */
export function flagsFrom(values: OptionValues, command: readonly string[]): Flags {
  const { config, host, port, domain, logLevel, stdio, inheritEnv, tlsCert, tlsKey } = values;
  const given = { config, host, port, domain, logLevel, stdio, inheritEnv, tlsCert, tlsKey };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(set), ...(command.length === 0 ? {} : { command }) };
}
