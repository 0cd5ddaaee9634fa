/**
 * Pure. A command line of supergateway turned into a configuration: one server, and the settings of
 * the gateway that its flags stand for.
 */
import { err, ok, type Result } from "../../kernel/result.ts";
import { slugOfCommand } from "../one-server.ts";
import { splitShellWords } from "../shell-words.ts";
import type { ImportedEntry } from "./raw-server.ts";

export interface ImportedCommand {
  readonly name: string;
  readonly entry: ImportedEntry;
  /** Keys of the block `proxy`. */
  readonly proxy: Readonly<Record<string, unknown>>;
  readonly notes: readonly string[];
}

/** Flags that we need no counterpart for, because what they switch on is always on. */
const NEEDLESS: ReadonlySet<string> = new Set([
  "outputTransport",
  "stateful",
  "ssePath",
  "messagePath",
  "streamableHttpPath",
  "healthEndpoint",
  "protocolVersion",
]);
const VALUELESS: ReadonlySet<string> = new Set(["stateful"]);

/** True for the words of such a command line. */
export function isSupergateway(words: readonly string[]): boolean {
  return words.some((word) => /(^|\/)supergateway(@|$)/.test(word));
}

/** Reads the words; the error says why it cannot be taken over. */
export function importSupergateway(words: readonly string[]): Result<ImportedCommand, string> {
  const start = words.findIndex((word) => /(^|\/)supergateway(@|$)/.test(word));
  const flags = readFlags(words.slice(start + 1));
  const stdio = flags.get("stdio")?.[0];
  if (stdio === undefined) {
    return err(
      "only --stdio can be taken over: with --sse or --streamableHttp it is a client of a remote server",
    );
  }
  const split = splitShellWords(stdio);
  if (!split.ok) return err(`--stdio cannot be split into words: ${split.error}`);
  const [command, ...args] = split.value;
  if (command === undefined) return err("--stdio names no program");
  const notes: string[] = [];
  return ok({
    name: slugOfCommand([command, ...args]),
    entry: { command, ...(args.length === 0 ? {} : { args }) },
    proxy: proxyOf(flags, notes),
    notes,
  });
}

function readFlags(words: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const flags = new Map<string, string[]>();
  let current: string[] | undefined;
  for (const word of words) {
    const [, name, value] = /^--([A-Za-z0-9]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) {
      current?.push(word);
      continue;
    }
    const values = flags.get(name) ?? [];
    flags.set(name, values);
    if (value !== undefined) values.push(value);
    current = value === undefined && !VALUELESS.has(name) ? values : undefined;
  }
  return flags;
}

function proxyOf(
  flags: ReadonlyMap<string, readonly string[]>,
  notes: string[],
): Readonly<Record<string, unknown>> {
  const proxy: Record<string, unknown> = {};
  for (const [name, values] of flags) {
    const [value = ""] = values;
    switch (name) {
      case "stdio":
        break;
      case "port":
        proxy["port"] = Number(value);
        break;
      case "host":
        proxy["host"] = value;
        break;
      case "baseUrl":
        proxy["publicUrl"] = value;
        break;
      case "sessionTimeout":
        proxy["limits"] = { sessionIdle: Number(value) };
        break;
      case "logLevel":
        proxy["logLevelSystem"] = value === "debug" ? "DEBUG" : value === "none" ? "ERROR" : "INFO";
        break;
      case "cors": {
        const origins = values.filter((one) => /^https?:\/\//.test(one));
        if (origins.length > 0) proxy["allowedOrigins"] = origins;
        else notes.push("--cors for every origin is not taken over: name them in allowedOrigins");
        break;
      }
      case "header":
      case "oauth2Bearer":
        notes.push(`--${name} belongs to a remote server and is left out`);
        break;
      default:
        notes.push(
          NEEDLESS.has(name)
            ? `--${name} is not needed: every transport is served on every URL`
            : `--${name} has no counterpart and is left out`,
        );
    }
  }
  return proxy;
}
