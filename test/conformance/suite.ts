/**
 * Runs the official conformance suite against one URL and reads what it found, scenario by scenario,
 * from the files that it leaves. A scenario that the revision has and that did not run is a failure:
 * silence is no pass.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isExtension } from "./legs.ts";
import type { Check, ScenarioOutcome } from "./verdict.ts";

/** The outcome of all scenarios of a revision. */
export interface SuiteOutcome {
  readonly scenarios: readonly ScenarioOutcome[];
  /** Names of what is run and counts for nothing: extensions. */
  readonly leftOut: readonly string[];
  /** The suite's own words, for a failure that no check explains. */
  readonly output: string;
  readonly seconds: number;
}

interface Requirements {
  readonly server: readonly string[];
  readonly not_scored: readonly { readonly scenario: string; readonly leg: string }[];
}

const suiteFolder = join(
  import.meta.dirname,
  ...["..", "..", "node_modules", "@modelcontextprotocol", "conformance"],
);
/** The suite's own program. */
export const suiteProgram = join(suiteFolder, "dist", "index.js");
const SUITE_DEADLINE_MS = 120_000;
const LIST_DEADLINE_MS = 20_000;

interface Scenario {
  readonly scenario: string;
  readonly isScored: boolean;
}

/**
 * Runs all server scenarios of a revision ("2025-11-25") against `url`: its frozen set of
 * requirements where the suite has one, else everything that the suite knows for it.
 */
export async function runSuite(url: string, revision: string): Promise<SuiteOutcome> {
  const folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-conformance-"));
  const startedMs = performance.now();
  try {
    const isFrozen = existsSync(requirementsFile(revision));
    const selection = isFrozen
      ? ["--requirements", revision]
      : ["--suite", "all", "--spec-version", revision];
    const known = isFrozen ? requiredScenarios(revision) : await listedScenarios(revision, folder);
    const words = ["server", "--url", url, ...selection, "-o", folder];
    const output = await run(words, folder, SUITE_DEADLINE_MS);
    const seconds = (performance.now() - startedMs) / 1000;
    const scenarios = known
      .filter(({ scenario }) => !isExtension(scenario))
      .map((each) => ({ ...each, checks: checksOf(folder, each.scenario) }));
    const leftOut = known.map(({ scenario }) => scenario).filter(isExtension);
    return { scenarios, leftOut, output, seconds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Both outputs; the exit code says no more than the files do. */
async function run(words: readonly string[], cwd: string, timeout: number): Promise<string> {
  const child = Bun.spawn([process.execPath, suiteProgram, ...words], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    timeout,
    killSignal: "SIGKILL",
  });
  const outputs = [child.stdout, child.stderr].map((stream) => new Response(stream).text());
  const output = (await Promise.all(outputs)).join("\n");
  await child.exited;
  return output;
}

function requirementsFile(revision: string): string {
  return join(suiteFolder, "requirements", `${revision}.yaml`);
}

function requiredScenarios(revision: string): readonly Scenario[] {
  const required = Bun.YAML.parse(readFileSync(requirementsFile(revision), "utf8")) as Requirements;
  const unscored = required.not_scored.filter(({ leg }) => leg === "server");
  return [
    ...required.server.map((scenario) => ({ scenario, isScored: true })),
    ...unscored.map(({ scenario }) => ({ scenario, isScored: false })),
  ];
}

/** By the suite's own list, whose lines are `  - name [revisions]`. */
async function listedScenarios(revision: string, cwd: string): Promise<readonly Scenario[]> {
  const words = ["list", "--server", "--spec-version", revision];
  const lines = (await run(words, cwd, LIST_DEADLINE_MS)).split("\n");
  const names = lines.flatMap((line) => /^ {2}- (\S+) \[/.exec(line)?.[1] ?? []);
  return names.map((scenario) => ({ scenario, isScored: true }));
}

/**
 * The suite names a folder `server-{scenario}-{time}`; a slash in a name becomes a folder. It leaves
 * the folder empty when the scenario broke off.
 */
function checksOf(folder: string, scenario: string): readonly Check[] {
  const pattern = new RegExp(`^server-${RegExp.escape(scenario)}-\\d{4}-\\d{2}-\\d{2}T[\\dZ-]+$`);
  const found = readdirSync(folder).find((name) => pattern.test(name));
  if (found === undefined) return [];
  const file = join(folder, found, "checks.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Check[]) : [];
}
