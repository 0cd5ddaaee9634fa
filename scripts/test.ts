/**
 * Runs the stages of the test run in order, each on its own, and ends with the sum of them:
 * `N passed, N failed`. Exit code 1 when anything failed.
 *
 *   bun scripts/test.ts                    every stage that needs only Node and npm
 *   bun scripts/test.ts unit e2e           the stages named
 *   bun scripts/test.ts system             what needs more of the machine; says what is missing
 *
 * A stage of `bun test` counts its test cases; a check such as lint counts as one.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Counts, countsOfJunit, countsOfLastLine } from "./test-counts.ts";
import { systemTestsFor } from "./system-needs.ts";

interface Stage {
  readonly name: string;
  readonly command: readonly string[];
  /** `check`: the exit code is the verdict; `junit`: bun test; `line`: prints "N passed, N failed". */
  readonly counts: "check" | "junit" | "line";
  readonly timeoutMs: number;
}

interface Outcome extends Counts {
  readonly name: string;
  readonly seconds: number;
  readonly note: string;
}

const minuteMs = 60_000;
const bun = process.execPath;
const work = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-test-"));
/** Generous, so that a machine under load is no failure; a test that waits has a deadline of its own. */
const TEST_TIMEOUT_MS = 60_000;
const PIPE_GRACE_MS = 2000;
/**
 * Thousands of tests with real processes share two cores: one that the machine held up gets a second
 * chance, and its line says `(attempt 2)`, so that it is seen and mended.
 */
const RETRIES = 1;

const stages: readonly Stage[] = [
  check("format", ["fmt", "--check"]),
  check("types", ["check", "--no-script"]),
  check("lint", ["node_modules/eslint/bin/eslint.js", "."]),
  tests("architecture", ["./test/architecture"]),
  tests("unit", ["./test/unit"]),
  tests("integration", ["./test/integration"]),
  {
    name: "fuzz",
    // One seed for all, so that the gate says the same of the same code; `npm run fuzz` explores.
    command: [bun, "scripts/fuzz.ts", "--seconds", "20", "--seed", "20261121"],
    counts: "line",
    timeoutMs: 3 * minuteMs,
  },
  check("build", ["scripts/build.ts"]),
  {
    name: "conformance",
    command: [bun, "test/conformance/run.ts"],
    counts: "line",
    timeoutMs: 25 * minuteMs,
  },
  tests("e2e", ["./test/e2e"]),
  {
    name: "bench",
    // Shares of a bare relay in the same run, with wide margins: never an absolute time.
    command: [bun, "scripts/bench.ts", "--quick"],
    counts: "line",
    timeoutMs: 10 * minuteMs,
  },
];
/** Stages that run the executable, and so must not run one that is older than the source. */
const needBuild = new Set(["conformance", "e2e", "bench"]);

function check(name: string, args: readonly string[]): Stage {
  return { name, command: [bun, ...args], counts: "check", timeoutMs: 10 * minuteMs };
}

function tests(name: string, paths: readonly string[]): Stage {
  const report = [
    `--timeout=${TEST_TIMEOUT_MS}`,
    `--retry=${RETRIES}`,
    "--reporter=junit",
    `--reporter-outfile=${reportFile(name)}`,
  ];
  return {
    name,
    command: [bun, "test", ...report, ...paths],
    counts: "junit",
    timeoutMs: 25 * minuteMs,
  };
}

function reportFile(stage: string): string {
  return join(work, `${stage}.xml`);
}

async function run(stage: Stage): Promise<Outcome> {
  console.error(`\n── ${stage.name}`);
  const startedMs = performance.now();
  const child = Bun.spawn([...stage.command], {
    stdio: ["ignore", stage.counts === "line" ? "pipe" : "inherit", "inherit"],
    timeout: stage.timeoutMs,
    killSignal: "SIGKILL",
  });
  const echoed = child.stdout === undefined ? Promise.resolve("") : echo(child.stdout);
  const exitCode = await child.exited;
  // A process that outlived the stage may hold the pipe: what it says then is no longer awaited.
  const output = await Promise.race([echoed, Bun.sleep(PIPE_GRACE_MS).then(() => "")]);
  const counted = countsOf(stage, exitCode, output);
  const seconds = (performance.now() - startedMs) / 1000;
  const isTimeout = child.signalCode === "SIGKILL" && seconds * 1000 >= stage.timeoutMs;
  // A run that ended badly is a failure even when every case that it reported had passed.
  const failed = exitCode === 0 ? counted.failed : Math.max(1, counted.failed);
  const note = isTimeout ? "took too long" : exitCode === 0 ? "" : `ended with ${exitCode}`;
  return { name: stage.name, passed: counted.passed, failed, seconds, note };
}

function countsOf(stage: Stage, exitCode: number, output: string): Counts {
  switch (stage.counts) {
    case "check":
      return exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
    case "line":
      return countsOfLastLine(output) ?? { passed: 0, failed: 1 };
    case "junit":
      return countsOfJunit(readIfThere(reportFile(stage.name))) ?? { passed: 0, failed: 1 };
  }
}

async function echo(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    process.stdout.write(chunk);
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // bun test writes no report when it could not start; the caller then counts a failure.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}

function chosenStages(names: readonly string[]): readonly Stage[] {
  if (names.length === 0) return stages;
  const known = [...stages.map((stage) => stage.name), "system"];
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`no such stage: ${unknown.join(", ")} (there are ${known.join(", ")})`);
    process.exit(2);
  }
  const system = names.includes("system") ? systemStage() : [];
  const isBuildNeeded = system.length > 0 || names.some((name) => needBuild.has(name));
  const wanted = isBuildNeeded ? [...names, "build"] : names;
  return [...stages.filter((stage) => wanted.includes(stage.name)), ...system];
}

function systemStage(): readonly Stage[] {
  const { files, missing } = systemTestsFor();
  for (const line of missing) console.error(`system: ${line}`);
  if (files.length + missing.length === 0) console.error("system: there are no such tests yet");
  return files.length === 0 ? [] : [tests("system", files)];
}

function report(outcomes: readonly Outcome[]): void {
  console.log("");
  for (const { name, passed, failed, seconds, note } of outcomes) {
    const counts = `${String(passed).padStart(5)} passed ${String(failed).padStart(4)} failed`;
    console.log(
      `${name.padEnd(14)}${counts}${seconds.toFixed(1).padStart(8)} s  ${note}`.trimEnd(),
    );
  }
  const sum = (pick: (outcome: Outcome) => number): number =>
    outcomes.reduce((total, outcome) => total + pick(outcome), 0);
  const failed = sum((outcome) => outcome.failed);
  console.log(`${sum((outcome) => outcome.passed)} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

process.on("exit", () => rmSync(work, { recursive: true, force: true }));
const outcomes: Outcome[] = [];
for (const stage of chosenStages(process.argv.slice(2))) outcomes.push(await run(stage));
report(outcomes);
