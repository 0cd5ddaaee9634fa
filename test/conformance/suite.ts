/**
 * Runs the official conformance suite against one URL and reads what it found, scenario by scenario,
 * from the files that it leaves. A scenario that the requirement set names and that did not run is a
 * failure: silence is no pass.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Check, ScenarioOutcome } from "./verdict.ts";

/** The outcome of a whole requirement set. */
export interface SuiteOutcome {
  readonly scenarios: readonly ScenarioOutcome[];
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
const SUITE_DEADLINE_MS = 120_000;

/** Runs all server scenarios of a requirement set ("2025-11-25") against `url`. */
export async function runSuite(url: string, requirements: string): Promise<SuiteOutcome> {
  const folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-conformance-"));
  const startedMs = performance.now();
  try {
    const command = [join(suiteFolder, "dist", "index.js"), "server", "--url", url];
    const child = Bun.spawn(
      [process.execPath, ...command, "--requirements", requirements, "-o", folder],
      {
        cwd: folder,
        stdio: ["ignore", "pipe", "pipe"],
        timeout: SUITE_DEADLINE_MS,
        killSignal: "SIGKILL",
      },
    );
    const outputs = [child.stdout, child.stderr].map((stream) => new Response(stream).text());
    const output = (await Promise.all(outputs)).join("\n");
    await child.exited;
    const seconds = (performance.now() - startedMs) / 1000;
    return { scenarios: outcomes(folder, requirements), output, seconds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function outcomes(folder: string, requirements: string): readonly ScenarioOutcome[] {
  const file = join(suiteFolder, "requirements", `${requirements}.yaml`);
  const required = Bun.YAML.parse(readFileSync(file, "utf8")) as Requirements;
  const unscored = required.not_scored.filter(({ leg }) => leg === "server");
  return [
    ...required.server.map((scenario) => ({ scenario, isScored: true })),
    ...unscored.map(({ scenario }) => ({ scenario, isScored: false })),
  ].map(({ scenario, isScored }) => ({ scenario, isScored, checks: checksOf(folder, scenario) }));
}

/** The suite names a folder `server-{scenario}-{time}`; a slash in a name becomes a folder. */
function checksOf(folder: string, scenario: string): readonly Check[] {
  const pattern = new RegExp(`^server-${RegExp.escape(scenario)}-\\d{4}-\\d{2}-\\d{2}T[\\dZ-]+$`);
  const found = readdirSync(folder).find((name) => pattern.test(name));
  if (found === undefined) return [];
  return JSON.parse(readFileSync(join(folder, found, "checks.json"), "utf8")) as Check[];
}
