/**
 * Pure. What people can set from outside the config file: flags and variables, by name.
 *
 * A variable that is set to nothing counts as not set, as compose files pass it.
 */

/** What the command line says; texts are judged by `resolve-settings.ts`. */
export interface Flags {
  readonly config?: string;
  readonly host?: string;
  readonly port?: string;
  readonly domain?: string;
  /** Both log levels at once. */
  readonly logLevel?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  /** One-server form: a command line in one text. */
  readonly stdio?: string;
  /** One-server form: the words behind `--`. */
  readonly command?: readonly string[];
  /** One-server form: names that the child inherits, with commas; `*` for all. */
  readonly inheritEnv?: string;
}

/** The environment of the gateway. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** All variables that set something, in the order of the documentation. */
export const VARIABLES = [
  "CONFIG_FILE",
  "CONFIG_PATH",
  "DATA_DIR",
  "HOST",
  "PORT",
  "DOMAIN",
  "MCP_DOMAIN",
  "PUBLIC_URL",
  "TRUSTED_PROXIES",
  "LOG_LEVEL_SYSTEM",
  "LOG_LEVEL_MCP",
  "LOG_FORMAT",
  "LOG_DIR",
  "LOG_RETENTION_SYSTEM",
  "LOG_RETENTION_MCP",
] as const;

/** The name of a variable that sets something. */
export type Variable = (typeof VARIABLES)[number];

/** A variable's value; undefined when it is unset or empty. */
export function variable(env: Environment, name: Variable): string | undefined {
  const value = env[name];
  return value === undefined || value.trim() === "" ? undefined : value;
}
