/**
 * `import`: a config file from those of other programs, or from a supergateway command line. Prints
 * it, or adds to a file.
 */
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { applyEdits, modify, parse, type ParseError } from "jsonc-parser";
import { serversInFile } from "../config/import/client-file.ts";
import { convertServer } from "../config/import/convert.ts";
import { knownPlaces } from "../config/import/known-places.ts";
import { mergeServers, type Named } from "../config/import/merge.ts";
import { isRecord } from "../config/import/raw-server.ts";
import { importSupergateway, isSupergateway } from "../config/import/supergateway.ts";
import type { Environment } from "../config/settings.ts";
import { splitShellWords } from "../config/shell-words.ts";
import { messageOf } from "../kernel/error.ts";
import { EXIT } from "./exit-codes.ts";
import { coded } from "./failure.ts";

export interface ImportInput {
  /** Files; a command line in one text; none to look at the known places. */
  readonly sources: readonly string[];
  /** The words behind `--`: a command line. */
  readonly words: readonly string[] | undefined;
  /** Add to this file; else print. */
  readonly into: string | undefined;
  readonly env: Environment;
  readonly workingFolder: string;
  readonly platform: string;
  readonly print: (text: string) => void;
  readonly tell: (text: string) => void;
}

const MAX_FILE_BYTES = 64 * 1_048_576;
const FORMAT = { formattingOptions: { insertSpaces: true, tabSize: 2 } };

interface Gathered {
  readonly servers: Named[];
  readonly proxy: Record<string, unknown>;
}

/** Imports. @returns the exit code */
export function runImport(input: ImportInput): number {
  const gathered: Gathered = { servers: [], proxy: {} };
  try {
    if (!gather(input, gathered)) return EXIT.configuration;
    if (gathered.servers.length === 0) {
      const message = "no local server was found: name the files to import";
      input.tell(`${coded("NOTHING_TO_IMPORT", message)}\n`);
      return EXIT.configuration;
    }
    if (input.into === undefined) print(input, gathered);
    else addTo(resolve(input.workingFolder, input.into), input, gathered);
    return EXIT.stopped;
  } catch (error) {
    input.tell(`${coded("IMPORT_FAILED", `import: ${messageOf(error)}`)}\n`);
    return EXIT.configuration;
  }
}

/** False when a source that was named is of no use, which was said. */
function gather(input: ImportInput, gathered: Gathered): boolean {
  const { sources, words, workingFolder, tell } = input;
  if (words !== undefined) return gatherCommand(words, input, gathered);
  if (sources.length === 0) {
    for (const path of placesOf(input).filter((one) => existsSync(one)))
      gatherFile(path, input, gathered);
    return true;
  }
  return sources.every((source) => {
    const path = resolve(workingFolder, source);
    if (existsSync(path)) {
      if (gatherFile(path, input, gathered)) return true;
      tell(`${coded("NOTHING_TO_IMPORT", `${path}: no servers are named in it`)}\n`);
      return false;
    }
    const split = splitShellWords(source);
    if (split.ok && isSupergateway(split.value)) return gatherCommand(split.value, input, gathered);
    tell(`${coded("NO_SUCH_FILE", `${source}: there is no such file`)}\n`);
    return false;
  });
}

function placesOf({ env, workingFolder, platform }: ImportInput): readonly string[] {
  return knownPlaces({
    homeFolder: env["HOME"] ?? env["USERPROFILE"] ?? workingFolder,
    workingFolder,
    configHome: env["XDG_CONFIG_HOME"],
    appData: env["APPDATA"],
    platform,
  });
}

function gatherFile(path: string, { tell }: ImportInput, gathered: Gathered): boolean {
  const found = serversInFile(readJson(path), path);
  if (found === undefined) return false;
  const { client, dialect, servers } = found;
  for (const raw of servers) {
    const converted = convertServer(raw, dialect);
    if (converted.kind === "skipped") {
      tell(`${raw.name} (${client}) ${converted.reason}\n`);
      continue;
    }
    for (const note of converted.notes) tell(`${raw.name} (${client}): ${note}\n`);
    gathered.servers.push({ name: raw.name, entry: converted.entry, client });
  }
  return true;
}

function gatherCommand(
  words: readonly string[],
  { tell }: ImportInput,
  gathered: Gathered,
): boolean {
  const imported = isSupergateway(words) ? importSupergateway(words) : undefined;
  if (imported?.ok !== true) {
    const reason = imported?.error ?? "it is no supergateway command line";
    tell(`${coded("IMPORT_FAILED", `the command line cannot be taken over: ${reason}`)}\n`);
    return false;
  }
  const { name, entry, proxy, notes } = imported.value;
  for (const note of notes) tell(`${note}\n`);
  gathered.servers.push({ name, entry, client: "supergateway" });
  Object.assign(gathered.proxy, proxy);
  return true;
}

/** @throws Error that names the file */
function readJson(path: string): unknown {
  if (statSync(path).size > MAX_FILE_BYTES) throw new Error(`${path} is too large`);
  const errors: ParseError[] = [];
  const value: unknown = parse(readFileSync(path, "utf8"), errors, { allowTrailingComma: true });
  if (errors.length > 0) throw new Error(`${path} is no JSON`);
  return value;
}

function print(input: ImportInput, { servers, proxy }: Gathered): void {
  const merged = mergeServers({}, servers);
  for (const note of merged.notes) input.tell(`${note}\n`);
  const block = Object.keys(proxy).length === 0 ? {} : { proxy };
  input.print(`${JSON.stringify({ mcpServers: merged.servers, ...block }, null, 2)}\n`);
}

/** Comments and layout of the file stay; it is replaced whole or not at all. */
function addTo(path: string, { tell }: ImportInput, { servers, proxy }: Gathered): void {
  const text = existsSync(path) ? readFileSync(path, "utf8") : '{\n  "mcpServers": {}\n}\n';
  const value = existsSync(path) ? readJson(path) : {};
  const block = isRecord(value) && isRecord(value["mcpServers"]) ? value["mcpServers"] : {};
  const own = isRecord(value) && isRecord(value["proxy"]) ? value["proxy"] : {};
  const merged = mergeServers(block, servers);
  for (const note of merged.notes) tell(`${note}\n`);
  let edited = text;
  const set = (where: readonly string[], what: unknown): void => {
    edited = applyEdits(edited, modify(edited, [...where], what, FORMAT));
  };
  for (const name of merged.added) set(["mcpServers", name], merged.servers[name]);
  for (const [key, setting] of Object.entries(proxy)) {
    if (key in own) tell(`proxy.${key} is set in ${path} and stays as it is\n`);
    else set(["proxy", key], setting);
  }
  const mode = existsSync(path) ? statSync(path).mode & 0o777 : 0o600;
  writeFileSync(`${path}.new`, edited, { mode });
  renameSync(`${path}.new`, path);
  tell(`${path}: added ${merged.added.length === 0 ? "nothing" : merged.added.join(", ")}\n`);
}
