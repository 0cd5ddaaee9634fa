/**
 * The official conformance suite through the gateway, once for each leg: the gateway as a process,
 * our fixture behind it, the suite's own client in front of it. The legs are in legs.ts; what one of
 * them cannot pass, and why, is in expected-failures.yaml, which has to be exact.
 *
 *   bun test/conformance/run.ts                   all legs, through the compiled executable
 *   bun test/conformance/run.ts --source shared   the legs named, from source
 *
 * Ends with `N passed, N failed` (scenarios); exit code 1 when anything failed.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { conformanceServer } from "../helpers/fixtures.ts";
import { gatewayCommand, type RunningGateway, startGateway } from "../helpers/gateway.ts";
import { run } from "../helpers/run-program.ts";
import {
  AUTHORIZATION_CHECKS,
  AUTHORIZATION_LEGS,
  type AuthorizationLeg,
  runAuthorization,
} from "./authorization.ts";
import { readExpectedFailures, type ExpectedFailure } from "./expected-failures.ts";
import { startHeaderProxy } from "./header-proxy.ts";
import { LEGS, type Leg } from "./legs.ts";
import { runSuite, type SuiteOutcome } from "./suite.ts";
import {
  judgeCount,
  judgePassed,
  judgeRefused,
  type ScenarioOutcome,
  type Verdict,
} from "./verdict.ts";

const SERVER = "conformance";

interface LegOutcome {
  readonly leg: string;
  readonly passed: number;
  readonly failed: number;
}

type Expected = ReadonlyMap<string, readonly ExpectedFailure[]>;

async function runLeg(leg: Leg, expected: Expected, isBinary: boolean): Promise<LegOutcome> {
  console.log(`\n── ${leg.name}: ${leg.revision}, ${JSON.stringify(leg.server)}`);
  const entry = conformanceServer({ ...leg.server, roots: "forward" }, leg.fixtureFlags);
  const gateway = await startGateway({
    servers: { [SERVER]: entry },
    binary: isBinary,
    ...(leg.proxy === undefined ? {} : { proxy: leg.proxy }),
  });
  let log = "";
  let verdicts: readonly Verdict[] = [];
  try {
    const outcome = await runThrough(gateway, leg, isBinary);
    verdicts = judgeLeg(leg, outcome.scenarios, expected.get(leg.like ?? leg.name) ?? []);
    log = `${outcome.output.slice(-4000)}\n--- the gateway\n${gateway.stderr.slice(-8000)}`;
    print(verdicts, outcome);
  } finally {
    await gateway.stop();
  }
  const passed = verdicts.filter((verdict) => verdict.passed).length;
  const failed = verdicts.length - passed;
  if (failed > 0) console.log(`--- the suite\n${log}`);
  return { leg: leg.name, passed, failed };
}

/** The suite has no option for a key: where one is needed, a proxy in between adds it. */
async function runThrough(
  gateway: RunningGateway,
  { like, revision }: Leg,
  isBinary: boolean,
): Promise<SuiteOutcome> {
  if (like === undefined) return runSuite(gateway.mcp(SERVER), revision);
  const env = { DATA_DIR: join(gateway.folder, "data") };
  const made = await run(["key", "add", "--json"], { env, binary: isBinary });
  const { key } = JSON.parse(made.stdout) as { key: string };
  await using proxy = await startHeaderProxy(gateway.port, "authorization", `Bearer ${key}`);
  // Awaited here: the proxy goes with the end of this function.
  return await runSuite(`${proxy.url}/${SERVER}/mcp`, revision);
}

/** Every check of the suite's own list has to be there and hold. */
async function runAuthorizationLeg(leg: AuthorizationLeg, isBinary: boolean): Promise<LegOutcome> {
  console.log(`\n── ${leg.name}`);
  const { checks, output } = await runAuthorization(leg, isBinary);
  const held = AUTHORIZATION_CHECKS.filter((id) =>
    checks.some((check) => check.id === id && check.status === "SUCCESS"),
  );
  const others = checks.filter(({ status }) => status === "FAILURE").length;
  const failed = Math.max(others, AUTHORIZATION_CHECKS.length - held.length);
  if (failed > 0) console.log(`--- the suite\n${output.slice(-4000)}`);
  console.log(`  ${held.length} of ${AUTHORIZATION_CHECKS.length} checks held`);
  return { leg: leg.name, passed: held.length, failed };
}

/** A wrong number of scenarios is a failure more, and so is an entry for a scenario that is not there. */
function judgeLeg(
  leg: Leg,
  scenarios: readonly ScenarioOutcome[],
  expected: readonly ExpectedFailure[],
): readonly Verdict[] {
  const verdicts = scenarios.map((outcome) =>
    leg.refused?.includes(outcome.scenario) === true
      ? judgeRefused(outcome)
      : judgePassed(
          outcome,
          expected.filter(({ scenario }) => scenario === outcome.scenario),
        ),
  );
  const names = new Set(scenarios.map(({ scenario }) => scenario));
  const strays = expected.filter(({ scenario }) => !names.has(scenario));
  const stale = strays.map(({ scenario }) => `expected to fail, and not there: ${scenario}`);
  const notes = [judgeCount(scenarios, leg.scenarios) ?? [], stale].flat();
  return notes.length === 0
    ? verdicts
    : [...verdicts, { scenario: "the leg as a whole", passed: false, notes }];
}

function print(verdicts: readonly Verdict[], { scenarios, leftOut, seconds }: SuiteOutcome): void {
  for (const { scenario, passed, notes } of verdicts) {
    if (passed && notes.length === 0) continue;
    console.log(`  ${passed ? "✓" : "✗"} ${scenario}: ${notes.join("; ")}`);
  }
  const passed = new Set(verdicts.filter((verdict) => verdict.passed).map((each) => each.scenario));
  const count = (isScored: boolean): string => {
    const group = scenarios.filter((each) => each.isScored === isScored);
    return `${group.filter((each) => passed.has(each.scenario)).length} of ${group.length}`;
  };
  const foreseen = verdicts.filter((verdict) => verdict.passed && verdict.isForeseen === true);
  const checks = scenarios.flatMap((each) => each.checks);
  const good = checks.filter(({ status }) => status === "SUCCESS").length;
  const parts = [
    `${count(true)} scored scenarios, ${count(false)} not scored`,
    ...(foreseen.length === 0 ? [] : [`${foreseen.length} of them by an expected failure`]),
    ...(leftOut.length === 0 ? [] : [`${leftOut.length} of extensions left out`]),
    `${good} checks held`,
    `${seconds.toFixed(1)} s`,
  ];
  console.log(`  ${parts.join("; ")}`);
}

/** A leg that could not be run at all is one failure. */
async function outcomeOf(leg: string, work: () => Promise<LegOutcome>): Promise<LegOutcome> {
  try {
    return await work();
  } catch (error) {
    console.log(`  ✗ ${leg}: ${error instanceof Error ? error.message : String(error)}`);
    return { leg, passed: 0, failed: 1 };
  }
}

async function main(): Promise<number> {
  const names = process.argv.slice(2).filter((word) => !word.startsWith("--"));
  const isBinary = !process.argv.includes("--source");
  const unknown = names.filter(
    (name) => ![...LEGS, ...AUTHORIZATION_LEGS].some((leg) => leg.name === name),
  );
  if (unknown.length > 0) {
    console.error(`no such leg: ${unknown.join(", ")}`);
    return 2;
  }
  const [program = ""] = gatewayCommand(isBinary);
  if (!existsSync(program)) {
    console.error(`${program} is not there: build it first, or give --source`);
    return 2;
  }
  const file = join(import.meta.dirname, "expected-failures.yaml");
  const expected = readExpectedFailures(
    Bun.YAML.parse(readFileSync(file, "utf8")),
    LEGS.map((leg) => leg.name),
  );
  const outcomes: LegOutcome[] = [];
  const isWanted = ({ name }: { name: string }): boolean =>
    names.length === 0 || names.includes(name);
  for (const leg of LEGS.filter(isWanted))
    outcomes.push(await outcomeOf(leg.name, () => runLeg(leg, expected, isBinary)));
  for (const leg of AUTHORIZATION_LEGS.filter(isWanted))
    outcomes.push(await outcomeOf(leg.name, () => runAuthorizationLeg(leg, isBinary)));
  console.log("");
  for (const { leg, passed, failed } of outcomes)
    console.log(`${leg}: ${passed}/${passed + failed}`);
  const sum = (key: "passed" | "failed"): number =>
    outcomes.reduce((total, outcome) => total + outcome[key], 0);
  console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
  return sum("failed") === 0 ? 0 : 1;
}

process.exitCode = await main();
