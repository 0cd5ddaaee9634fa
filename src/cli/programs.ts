/**
 * Looks for the program of each server, as its start will: on the machine, or in this executable.
 * Starts nothing, makes nothing.
 */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { ServerConfig } from "../config/model.ts";
import { formatPath, type ConfigCode, type ConfigProblem } from "../config/problem.ts";
import type { LoadedConfig } from "../config/resolve.ts";
import { findProgram } from "../runtime/find-program.ts";
import { installedIn, packagesFolder, versionText } from "../runtime/package-store.ts";
import { standIn, type StandInPlan } from "../runtime/stand-in.ts";
import { missingProgramHint } from "./program-hints.ts";

/** Where a server's program was found. */
export interface FoundProgram {
  readonly server: string;
  readonly program: string;
}

interface Fault {
  readonly code: ConfigCode;
  readonly key: "command" | "args" | "cwd";
  readonly message: string;
  readonly hint: string;
}

/** The programs that are there, and a problem for each that is not. */
export function resolvePrograms(
  loaded: LoadedConfig,
  workingFolder: string,
): { readonly found: readonly FoundProgram[]; readonly problems: readonly ConfigProblem[] } {
  const found: FoundProgram[] = [];
  const problems: ConfigProblem[] = [];
  for (const server of loaded.servers) {
    const folder = resolve(workingFolder, server.cwd ?? ".");
    // A folder of the server's own is made at its start.
    const isOwn = loaded.folders.some(({ path }) => path === folder);
    const fault = isOwn ? undefined : faultOfFolder(folder);
    const outcome = fault ?? programOf(server, folder, loaded);
    if (typeof outcome === "string") found.push({ server: server.slug, program: outcome });
    else problems.push(placed(outcome, server, loaded));
  }
  return { found, problems };
}

function programOf(server: ServerConfig, folder: string, loaded: LoadedConfig): string | Fault {
  const own = standIn(server, folder);
  if (own !== undefined) return ownProgram(own, server, folder, loaded);
  return findProgram(server.command, folder, server.env["PATH"]) ?? faultOfProgram(server, folder);
}

function ownProgram(
  { plan, program }: StandInPlan,
  server: ServerConfig,
  folder: string,
  { dataDir }: LoadedConfig,
): string | Fault {
  const here = `built-in runtime, in place of ${program}`;
  switch (plan.kind) {
    case "words":
      return here;
    case "script": {
      const file = resolve(folder, plan.script);
      return `${here}: ${file}`;
    }
    case "package": {
      const installed = installedIn(packagesFolder(dataDir), { server, plan });
      const state =
        installed === undefined
          ? `${plan.packages.join(", ")}, installed at its first start`
          : versionText(installed.versions);
      return `${here}: ${state}`;
    }
    case "refused": {
      const { hint } = plan;
      const why = server.runtime === "self" ? "" : ` (there is no ${program} on this machine)`;
      const message = `cannot be run by the built-in runtime${why}: the command line ${plan.message}`;
      return { code: "CONFIG_NOT_RUNNABLE", key: "args", message, hint };
    }
  }
}

function faultOfFolder(folder: string): Fault | undefined {
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats?.isDirectory() === true) return undefined;
  const what = stats === undefined ? "does not exist" : "is no folder";
  const hint = 'Make the folder or correct "cwd".';
  const message = `names the folder ${folder}, which ${what}`;
  return { code: "CONFIG_FOLDER_MISSING", key: "cwd", message, hint };
}

function faultOfProgram({ command, runtime }: ServerConfig, folder: string): Fault {
  const where = command.includes("/")
    ? `which is no executable file (looked for in ${folder})`
    : "which is not on the PATH of the server";
  const hint = missingProgramHint(command, runtime);
  const message = `names the program ${command}, ${where}`;
  return { code: "CONFIG_PROGRAM_MISSING", key: "command", message, hint };
}

function placed(
  { code, key, message, hint }: Fault,
  { name }: ServerConfig,
  { file, placeOf }: LoadedConfig,
): ConfigProblem {
  const path = ["mcpServers", name, key];
  const place = placeOf(path);
  return {
    severity: "error",
    code,
    path: file !== undefined ? formatPath(path) : name,
    file,
    line: place?.line,
    column: place?.column,
    message,
    hint,
    server: name,
  };
}
