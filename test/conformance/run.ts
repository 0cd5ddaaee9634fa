/**
 * The official conformance suite through the gateway, once for each leg: the gateway as a process,
 * our fixture behind it, the suite's own client in front of it. There is no list of expected
 * failures.
 *
 *   bun test/conformance/run.ts                   all legs, through the compiled executable
 *   bun test/conformance/run.ts --source shared   the legs named, from source
 *
 * Ends with `N passed, N failed` (scenarios); exit code 1 when anything failed.
 */
import { existsSync } from "node:fs";
import { conformanceServer } from "../helpers/fixtures.ts";
import { gatewayCommand, startGateway } from "../helpers/gateway.ts";
import { runSuite } from "./suite.ts";
import { judgePassed, judgeRefused, type ScenarioOutcome, type Verdict } from "./verdict.ts";

interface Leg {
  readonly name: string;
  /** A requirement set of the suite. */
  readonly requirements: string;
  /** Further keys of the server's entry. */
  readonly server: object;
  readonly proxy?: object;
  readonly fixtureFlags?: readonly string[];
  /** Scenarios that this leg must refuse, and cleanly. */
  readonly refused?: readonly string[];
}

/** What a server that is shared by all clients cannot ask: it would not know whom. */
const ASK_THE_CLIENT_BACK = [
  "tools-call-sampling",
  "tools-call-elicitation",
  "elicitation-sep1034-defaults",
  "elicitation-sep1330-enums",
];

const legs: readonly Leg[] = [
  { name: "auto", requirements: "2025-11-25", server: { instances: "auto" } },
  { name: "session", requirements: "2025-11-25", server: { instances: "session" } },
  {
    name: "shared",
    requirements: "2025-11-25",
    server: { instances: "shared" },
    refused: ASK_THE_CLIENT_BACK,
  },
  {
    // A call that takes a while is answered by an event stream with a priming event, which the
    // scenario of reconnection then looks at; it is content with JSON in the other legs.
    name: "streams",
    requirements: "2025-11-25",
    server: { instances: "auto", env: { RECONNECTION_MS: "2500" } },
    proxy: { limits: { lazyStream: "10ms" } },
  },
];

const SERVER = "conformance";

interface LegOutcome {
  readonly leg: string;
  readonly passed: number;
  readonly failed: number;
}

async function runLeg(leg: Leg, isBinary: boolean): Promise<LegOutcome> {
  console.log(`\n── ${leg.name}: ${leg.requirements}, ${JSON.stringify(leg.server)}`);
  const entry = conformanceServer({ ...leg.server, roots: "forward" }, leg.fixtureFlags);
  const gateway = await startGateway({
    servers: { [SERVER]: entry },
    binary: isBinary,
    ...(leg.proxy === undefined ? {} : { proxy: leg.proxy }),
  });
  let log = "";
  let verdicts: readonly Verdict[] = [];
  try {
    const { scenarios, output, seconds } = await runSuite(gateway.mcp(SERVER), leg.requirements);
    verdicts = scenarios.map((outcome) => judge(outcome, leg));
    log = `${output.slice(-4000)}\n--- the gateway\n${gateway.stderr.slice(-8000)}`;
    print(verdicts, scenarios, seconds);
  } finally {
    await gateway.stop();
  }
  const passed = verdicts.filter((verdict) => verdict.passed).length;
  const failed = verdicts.length - passed;
  if (failed > 0) console.log(`--- the suite\n${log}`);
  return { leg: leg.name, passed, failed };
}

function judge(outcome: ScenarioOutcome, { refused = [] }: Leg): Verdict {
  return refused.includes(outcome.scenario) ? judgeRefused(outcome) : judgePassed(outcome);
}

function print(
  verdicts: readonly Verdict[],
  scenarios: readonly ScenarioOutcome[],
  seconds: number,
): void {
  for (const { scenario, passed, notes } of verdicts) {
    if (passed && notes.length === 0) continue;
    console.log(`  ${passed ? "✓" : "✗"} ${scenario}: ${notes.join("; ")}`);
  }
  const passed = new Set(verdicts.filter((verdict) => verdict.passed).map((each) => each.scenario));
  const count = (isScored: boolean): string => {
    const group = scenarios.filter((each) => each.isScored === isScored);
    return `${group.filter((each) => passed.has(each.scenario)).length} of ${group.length}`;
  };
  const checks = scenarios.flatMap((each) => each.checks);
  const good = checks.filter(({ status }) => status === "SUCCESS").length;
  const scored = `${count(true)} scored scenarios, ${count(false)} not scored`;
  console.log(`  ${scored}; ${good} checks held; ${seconds.toFixed(1)} s`);
}

/** A leg that could not be run at all is one failure. */
async function outcomeOf(leg: Leg, isBinary: boolean): Promise<LegOutcome> {
  try {
    return await runLeg(leg, isBinary);
  } catch (error) {
    console.log(`  ✗ ${leg.name}: ${error instanceof Error ? error.message : String(error)}`);
    return { leg: leg.name, passed: 0, failed: 1 };
  }
}

async function main(): Promise<number> {
  const names = process.argv.slice(2).filter((word) => !word.startsWith("--"));
  const isBinary = !process.argv.includes("--source");
  const unknown = names.filter((name) => !legs.some((leg) => leg.name === name));
  if (unknown.length > 0) {
    console.error(`no such leg: ${unknown.join(", ")}`);
    return 2;
  }
  const [program = ""] = gatewayCommand(isBinary);
  if (!existsSync(program)) {
    console.error(`${program} is not there: build it first, or give --source`);
    return 2;
  }
  const outcomes: LegOutcome[] = [];
  for (const leg of legs) {
    if (names.length > 0 && !names.includes(leg.name)) continue;
    outcomes.push(await outcomeOf(leg, isBinary));
  }
  console.log("");
  for (const { leg, passed, failed } of outcomes)
    console.log(`${leg}: ${passed}/${passed + failed}`);
  const sum = (key: "passed" | "failed"): number =>
    outcomes.reduce((total, outcome) => total + outcome[key], 0);
  console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
  return sum("failed") === 0 ? 0 : 1;
}

process.exitCode = await main();
