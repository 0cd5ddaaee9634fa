/**
 * The command `check`: says everything that is wrong with a configuration, each with its place and
 * what to do, and whether the programs of its servers are there. Starts nothing, makes nothing.
 *
 * Owns the report; the exit code is its caller's business to apply.
 */
import { decideAuth, type AuthDecision } from "../auth/rights.ts";
import type { Trial } from "../compose/trial.ts";
import { loadConfig, type LoadInput } from "../config/load.ts";
import type { ConfigProblem } from "../config/problem.ts";
import type { LoadedConfig } from "../config/resolve.ts";
import { oneLine } from "./columns.ts";
import { EXIT } from "./exit-codes.ts";
import { coded } from "./failure.ts";
import { formatProblem } from "./problems.ts";
import { type FoundProgram, resolvePrograms } from "./programs.ts";

/** What `check` is called with. */
export interface CheckOptions extends LoadInput {
  /** Show every setting and where it came from. */
  readonly verbose: boolean;
  /** One JSON document instead of text. */
  readonly json: boolean;
  /** What came of starting each server; undefined when that was not asked for. */
  readonly trials?: readonly Trial[];
  /** Takes text with its line end. */
  readonly print: (text: string) => void;
}

/** Prints the report; returns the exit code: 78 with any error, 1 when a server did not work, else 0. */
export function runCheck(options: CheckOptions): number {
  const loaded = loadConfig(options);
  const { found, problems: missing } = resolvePrograms(loaded, options.workingFolder);
  const problems = [...loaded.problems, ...missing];
  const hasErrors = problems.some(isError);
  const { trials } = options;
  const failed = trials?.filter(({ error }) => error !== undefined).length ?? 0;
  const report = { loaded, found, problems, trials, failed, ok: !hasErrors };
  options.print(options.json ? asJson(report, options.verbose) : asText(report, options.verbose));
  if (hasErrors) return EXIT.configuration;
  return failed > 0 ? EXIT.bug : EXIT.stopped;
}

function isError({ severity }: ConfigProblem): boolean {
  return severity === "error";
}

interface Report {
  readonly loaded: LoadedConfig;
  readonly found: readonly FoundProgram[];
  readonly problems: readonly ConfigProblem[];
  readonly trials: readonly Trial[] | undefined;
  /** Servers that did not work. */
  readonly failed: number;
  readonly ok: boolean;
}

function asJson({ loaded, found, problems, trials, failed, ok }: Report, verbose: boolean): string {
  const { config, provenance } = loaded;
  const document = {
    ok: ok && failed === 0,
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
    ...(trials === undefined ? {} : { trials: trials.map(trialAsJson) }),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function asText({ loaded, found, problems, trials, failed, ok }: Report, verbose: boolean): string {
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
  for (const trial of trials ?? []) lines.push(trialAsText(trial));
  const wrong = new Set(problems.filter(isError).map((problem) => problem.server));
  const leftOut = (config?.skipped ?? []).filter(({ name }) => !wrong.has(name));
  for (const { name, reason } of leftOut) lines.push(`${name}: left out, ${reason}`);
  if (config !== undefined) lines.push(authText(decideAuth(config)));
  const count = (wanted: string): number =>
    problems.filter(({ severity }) => severity === wanted).length;
  lines.push(summary(ok, count("error"), count("warning")));
  if (failed > 0) lines.push(`${failed} server${failed === 1 ? " does" : "s do"} not work.`);
  return `${lines.join("\n")}\n`;
}

function trialAsJson({ server, tools, error, tookMs }: Trial): object {
  return { server, ok: error === undefined, tools: tools ?? null, error: error ?? null, tookMs };
}

function trialAsText({ server, tools, error, tookMs }: Trial): string {
  if (tools === undefined)
    return oneLine(coded("TRIAL_FAILED", `${server}: does not work: ${error ?? "no answer"}`));
  const many = `${tools.length} tool${tools.length === 1 ? "" : "s"}`;
  const names = tools.length === 0 ? "" : `: ${tools.join(", ")}`;
  return oneLine(`${server}: works, ${many} after ${tookMs} ms${names}`);
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
