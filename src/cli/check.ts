/**
 * The command `check`: says everything that is wrong with a configuration, each with its place and
 * what to do, and whether the programs of its servers are there. Starts nothing, makes nothing.
 *
 * Owns the report; the exit code is its caller's business to apply.
 */
import { accessSync, constants, statSync } from "node:fs";
import { resolve } from "node:path";
import { decideAuth, type AuthDecision } from "../auth/rights.ts";
import { loadConfig, type LoadInput } from "../config/load.ts";
import type { ServerConfig } from "../config/model.ts";
import { formatPath, type ConfigProblem } from "../config/problem.ts";
import type { LoadedConfig } from "../config/resolve.ts";
import { EXIT } from "./exit-codes.ts";
import { missingProgramHint } from "./program-hints.ts";
import { formatProblem } from "./problems.ts";

/** What `check` is called with. */
export interface CheckOptions extends LoadInput {
  /** Show every setting and where it came from. */
  readonly verbose: boolean;
  /** One JSON document instead of text. */
  readonly json: boolean;
  /** Takes text with its line end. */
  readonly print: (text: string) => void;
}

/** Where a server's program was found. */
interface FoundProgram {
  readonly server: string;
  readonly program: string;
}

/** Prints the report; returns the exit code: 78 with any error, else 0. */
export function runCheck(options: CheckOptions): number {
  const loaded = loadConfig(options);
  const { found, problems: missing } = resolvePrograms(loaded, options.workingFolder);
  const problems = [...loaded.problems, ...missing];
  const hasErrors = problems.some(isError);
  const report = { loaded, found, problems, ok: !hasErrors };
  options.print(options.json ? asJson(report, options.verbose) : asText(report, options.verbose));
  return hasErrors ? EXIT.configuration : 0;
}

function isError({ severity }: ConfigProblem): boolean {
  return severity === "error";
}

interface Report {
  readonly loaded: LoadedConfig;
  readonly found: readonly FoundProgram[];
  readonly problems: readonly ConfigProblem[];
  readonly ok: boolean;
}

function asJson({ loaded, found, problems, ok }: Report, verbose: boolean): string {
  const { config, provenance } = loaded;
  const document = {
    ok,
    source: config?.source ?? null,
    problems: problems.map((problem) => ({
      ...problem,
      file: problem.file ?? null,
      line: problem.line ?? null,
      column: problem.column ?? null,
      hint: problem.hint ?? null,
      server: problem.server ?? null,
    })),
    servers: found,
    skipped: config?.skipped ?? [],
    authentication: config === undefined ? null : decideAuth(config),
    ...(verbose ? { settings: provenance } : {}),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function asText({ loaded, found, problems, ok }: Report, verbose: boolean): string {
  const { config, provenance } = loaded;
  const lines = problems.map(formatProblem);
  if (verbose) {
    const width = Math.max(0, ...provenance.map(({ setting }) => setting.length));
    for (const { setting, value, from } of provenance) {
      lines.push(`${setting.padEnd(width)}  ${value}  (${from})`);
    }
    lines.push("");
  }
  for (const { server, program } of found) lines.push(`${server}: ${program}`);
  const wrong = new Set(problems.filter(isError).map((problem) => problem.server));
  const leftOut = (config?.skipped ?? []).filter(({ name }) => !wrong.has(name));
  for (const { name, reason } of leftOut) lines.push(`${name}: left out, ${reason}`);
  if (config !== undefined) lines.push(authText(decideAuth(config)));
  const count = (wanted: string): number =>
    problems.filter(({ severity }) => severity === wanted).length;
  lines.push(summary(ok, count("error"), count("warning")));
  return `${lines.join("\n")}\n`;
}

function authText(decision: AuthDecision): string {
  if (decision.isOn) return `Authentication is on: ${decision.why}.`;
  return decision.isInsecure
    ? "Authentication is OFF, as auth.allowInsecure says: whoever reaches the gateway can use every server."
    : "Authentication is off: only this machine can call.";
}

function summary(ok: boolean, errors: number, warnings: number): string {
  const plural = (count: number, word: string): string =>
    `${count} ${word}${count === 1 ? "" : "s"}`;
  const warned = warnings === 0 ? "" : `, ${plural(warnings, "warning")}`;
  return ok
    ? `The configuration is good${warned}.`
    : `The configuration is wrong: ${plural(errors, "error")}${warned}.`;
}

function resolvePrograms(
  loaded: LoadedConfig,
  workingFolder: string,
): { readonly found: readonly FoundProgram[]; readonly problems: readonly ConfigProblem[] } {
  const found: FoundProgram[] = [];
  const problems: ConfigProblem[] = [];
  for (const server of loaded.servers) {
    const folder = resolve(workingFolder, server.cwd ?? ".");
    const program = findProgram(server.command, folder, server.env["PATH"]);
    // A folder of the server's own is made at its start.
    const isOwn = loaded.folders.some(({ path }) => path === folder);
    const fault =
      (isOwn ? undefined : faultOfFolder(folder)) ??
      (program === null ? faultOfProgram(server, folder) : undefined);
    if (fault !== undefined) problems.push(placed(fault, server, loaded));
    else if (program !== null) found.push({ server: server.slug, program });
  }
  return { found, problems };
}

interface Fault {
  readonly key: "command" | "cwd";
  readonly message: string;
  readonly hint: string;
}

function faultOfFolder(folder: string): Fault | undefined {
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats?.isDirectory() === true) return undefined;
  const what = stats === undefined ? "does not exist" : "is no folder";
  const hint = 'Make the folder or correct "cwd".';
  return { key: "cwd", message: `names the folder ${folder}, which ${what}`, hint };
}

function faultOfProgram({ command }: ServerConfig, folder: string): Fault {
  const where = command.includes("/")
    ? `which is no executable file (looked for in ${folder})`
    : "which is not on the PATH of the server";
  const hint = missingProgramHint(command);
  return { key: "command", message: `names the program ${command}, ${where}`, hint };
}

/** As the start of a child looks for it: a path from its folder, a name on its PATH. */
function findProgram(command: string, folder: string, path: string | undefined): string | null {
  if (!command.includes("/")) return Bun.which(command, { PATH: path ?? "", cwd: folder });
  const program = resolve(folder, command);
  try {
    accessSync(program, constants.X_OK);
    return statSync(program).isFile() ? program : null;
  } catch {
    // Whatever the reason, it cannot be started; the hint covers them all.
    return null;
  }
}

function placed(
  { key, message, hint }: Fault,
  { name }: ServerConfig,
  { file, placeOf }: LoadedConfig,
): ConfigProblem {
  const path = ["mcpServers", name, key];
  const place = placeOf(path);
  return {
    severity: "error",
    path: file !== undefined ? formatPath(path) : name,
    file,
    line: place?.line,
    column: place?.column,
    message,
    hint,
    server: name,
  };
}
