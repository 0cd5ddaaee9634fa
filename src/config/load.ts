/**
 * The outside of the configuration: finds and reads the file, looks whether files exist, makes
 * folders. All judgement is in the pure files beside it.
 *
 * Reads synchronously: it runs before anything listens, and once for each reload.
 */
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname } from "node:path";
import { messageOf } from "../kernel/error.ts";
import { err, ok, type Result } from "../kernel/result.ts";
import { isOneServerForm } from "./find-servers.ts";
import { variable, type Environment, type Flags } from "./settings.ts";
import { absolutePath } from "./paths.ts";
import { configPlaces, SERVICE_LOG_DIR } from "./places.ts";
import { problemOutsideFile, type ConfigProblem } from "./problem.ts";
import { resolveConfig, type LoadedConfig } from "./resolve.ts";
import type { ServerFolder } from "./servers.ts";

/** What a configuration is loaded from. */
export interface LoadInput {
  readonly flags: Flags;
  readonly env: Environment;
  /** Absolute; relative paths start here. */
  readonly workingFolder: string;
  /** How to start our own executable: its path, and what must stand before a subcommand. */
  readonly selfCommand: readonly string[];
  /** What stands for `${file:…}`, where the files themselves are elsewhere. */
  readonly readReferenced?: (path: string) => Result<string, string>;
}

const MAX_CONFIG_BYTES = 16 * 1_048_576;
const MAX_REFERENCED_BYTES = 1_048_576;

interface FoundFile {
  readonly path: string;
  /** `--config`, the name of a variable, or `default`. */
  readonly from: string;
}

/**
 * Finds, reads and judges the configuration. Problems of every kind are in the result; nothing is
 * thrown for them. Without any file the configuration is the built-in demo.
 */
export function loadConfig(input: LoadInput): LoadedConfig {
  const { flags, env, workingFolder, selfCommand } = input;
  const found = isOneServerForm(flags) ? undefined : findFile(input);
  const text = found === undefined ? undefined : readText(found.path, MAX_CONFIG_BYTES);
  if (found !== undefined && text?.ok === false) {
    return {
      config: undefined,
      servers: [],
      problems: [unreadable(found, text.error)],
      provenance: [{ setting: "config", value: found.path, from: found.from }],
      dataDir: "",
      folders: [],
      file: found.path,
      placeOf: () => undefined,
    };
  }
  const loaded = resolveConfig({
    flags,
    env,
    workingFolder,
    selfCommand,
    file:
      found === undefined || text?.ok !== true ? undefined : { path: found.path, text: text.value },
    fileFrom: found?.from ?? (isOneServerForm(flags) ? "command line" : "no file found: demo"),
    homeFolder: homeFolder(env),
    serviceLogDir: existsSync(SERVICE_LOG_DIR) ? SERVICE_LOG_DIR : undefined,
    readFile:
      input.readReferenced ??
      ((path) => readText(absolutePath(workingFolder, path), MAX_REFERENCED_BYTES)),
  });
  const missing = missingTlsFiles(loaded);
  if (missing.length === 0) return loaded;
  return { ...loaded, config: undefined, problems: [...loaded.problems, ...missing] };
}

/**
 * A way to read the same configuration again. A file that was found once is not looked for anew: were
 * it gone, another one or the demo would take its place.
 * @returns a function that takes the data folder which must stay
 */
export function loaderAgain(
  input: LoadInput,
  { file }: LoadedConfig,
): (dataDir?: string) => LoadedConfig {
  const flags = file === undefined ? input.flags : { ...input.flags, config: file };
  return (dataDir) => {
    const env = dataDir === undefined ? input.env : { ...input.env, DATA_DIR: dataDir };
    return loadConfig({ ...input, flags, env });
  };
}

/**
 * Makes the folders that `${SERVER_DATA}` stands for, for this user only.
 * @throws the error of the file system when one cannot be made
 */
export function makeServerFolders(folders: readonly ServerFolder[]): void {
  for (const { path, owner } of folders) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if (owner === undefined) continue;
    chownSync(path, owner.uid, owner.gid);
    // The way to it, and nothing else: what lies beside it is still for the gateway's user only.
    const above = dirname(path);
    for (const folder of [above, dirname(above)]) chmodSync(folder, statSync(folder).mode | 0o011);
  }
}

function findFile({ flags, env, workingFolder }: LoadInput): FoundFile | undefined {
  const named: readonly (readonly [string, string | undefined])[] = [
    ["--config", flags.config],
    ["CONFIG_FILE", variable(env, "CONFIG_FILE")],
    ["CONFIG_PATH", variable(env, "CONFIG_PATH")],
  ];
  for (const [from, path] of named) {
    if (path !== undefined) return { path: absolutePath(workingFolder, path), from };
  }
  return configPlaces({ env, homeFolder: homeFolder(env) }, workingFolder).find(
    ({ path }) => statSync(path, { throwIfNoEntry: false }) !== undefined,
  );
}

function readText(path: string, maxBytes: number): Result<string, string> {
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) return err("is a folder");
    if (stats.size > maxBytes) return err(`is longer than ${maxBytes} bytes`);
    return ok(readFileSync(path, "utf8"));
  } catch (thrown) {
    return err(wordsFor(thrown));
  }
}

function wordsFor(thrown: unknown): string {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (code === "ENOENT" || code === "ENOTDIR") return "does not exist";
  if (code === "EACCES" || code === "EPERM") return "may not be read by this user";
  return `cannot be read: ${messageOf(thrown)}`;
}

function unreadable({ path, from }: FoundFile, reason: string): ConfigProblem {
  const hints: Readonly<Record<string, string>> = {
    "does not exist": "Correct the path, or create the file.",
    "is a folder":
      "Name a file. Docker makes an empty folder where a mounted file does not exist on the host.",
    "may not be read by this user": "Correct its owner or permissions.",
  };
  const where = from === "default" ? "config" : from;
  const detail = { code: "CONFIG_UNREADABLE", hint: hints[reason] } as const;
  return problemOutsideFile("error", where, `the config file ${path} ${reason}`, detail);
}

function missingTlsFiles({ config }: LoadedConfig): readonly ConfigProblem[] {
  if (config?.tls === undefined) return [];
  const files = [
    ["tls.cert", config.tls.certFile],
    ["tls.key", config.tls.keyFile],
  ] as const;
  return files.flatMap(([name, path]) => {
    const content = readText(path, MAX_REFERENCED_BYTES);
    if (content.ok) return [];
    const message = `the file ${path} ${content.error}`;
    return [problemOutsideFile("error", name, message, { code: "CONFIG_FILE_MISSING" })];
  });
}

/** A service of systemd has no HOME unless its unit says so; then that of its account is not meant. */
function homeFolder(env: Environment): string | undefined {
  const home = env["HOME"];
  if (home !== undefined && home !== "") return home;
  if (env["INVOCATION_ID"] !== undefined) return undefined;
  try {
    return homedir();
  } catch {
    return undefined; // a user that /etc/passwd does not know, as in a container
  }
}
