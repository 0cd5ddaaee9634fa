/**
 * The benchmark: `npm run bench [-- --quick] [--only TEXT] [--contender NAME] [--rounds N] [--json FILE]
 * [--peers no]`, and `npm run bench -- --growth [--svg FILE]` for what a call costs as things grow.
 *
 * Measures the executable beside a bare relay ("light"), a server that answers from memory, and peers
 * from npm, in alternation; gateway and child on one core, the load on the other. Every answer is
 * checked. Ratios to the bare relay of the same run count; absolute figures move with the machine.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import packageJson from "../package.json" with { type: "json" };
import { contenders, fetchPeers, LOAD_CORE, type Contender } from "./bench/contenders.ts";
import { growthPicture, measureGrowth } from "./bench/growth.ts";
import { mediansOf, ratiosOf, tableOf, type Measurement } from "./bench/report.ts";
import { canRun, SCENARIOS, type Numbers, type Pace, type Scenario } from "./bench/scenarios.ts";

const BINARY = "dist/remote-mcp-proxy";
/** Below this share of the bare relay the short form fails: wide, so that noise cannot. */
const QUICK_FLOOR = 0.6;
/** A modern client's call to a legacy child is not passed on but told anew (protocol.md 3.1). */
const QUICK_FLOOR_ACROSS_ERAS = 0.35;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean" },
    only: { type: "string" },
    contender: { type: "string", multiple: true },
    rounds: { type: "string" },
    json: { type: "string" },
    peers: { type: "string" },
    growth: { type: "boolean" },
    svg: { type: "string" },
  },
});
const isQuick = values.quick === true;
const pace: Pace = isQuick
  ? { warmUpMs: 2500, warmUpCalls: 0, measureMs: 1500 }
  : { warmUpMs: 2000, warmUpCalls: 25_000, measureMs: 3000 };
const rounds = Number(values.rounds ?? (isQuick ? 1 : 3));

Bun.spawnSync(["taskset", "-cp", LOAD_CORE, String(process.pid)], {
  stdio: ["ignore", "ignore", "ignore"],
});
if (values.growth === true) {
  const both = contenders(BINARY, packageJson.version).slice(0, 2);
  const picture = growthPicture(await measureGrowth(both, pace));
  if (values.svg !== undefined) writeFileSync(values.svg, picture);
  process.exit(0);
}
const withPeers = !isQuick && values.peers !== "no";
if (withPeers) fetchPeers();
const everybody = contenders(BINARY, packageJson.version).filter(
  ({ name }) =>
    (values.contender === undefined || values.contender.includes(name)) &&
    (withPeers || ["ours", "light", ...(isQuick ? [] : ["memory"])].includes(name)),
);
const chosen = SCENARIOS.filter(
  ({ name, binding, isQuick: quick }) =>
    (!isQuick || quick) &&
    (values.only === undefined || `${name} ${binding}`.includes(values.only)),
);

const found: Measurement[] = [];
for (const scenario of chosen) {
  const once = await measure(scenario);
  // Whatever else the machine did in these seconds is not our fault twice.
  const isGood = !isQuick || once.every((one) => verdictOf(one, once) === undefined);
  found.push(...(isGood ? once : await measure(scenario)));
}
console.log(`\n${tableOf(found)}\n`);
if (values.json !== undefined) {
  const document = {
    date: new Date().toISOString(),
    version: packageJson.version,
    bun: Bun.version,
    rounds,
    found,
  };
  writeFileSync(values.json, `${JSON.stringify(document, null, 2)}\n`);
}
if (isQuick) judge();

/** All contenders, round by round. */
async function measure(scenario: Scenario): Promise<readonly Measurement[]> {
  const players = everybody.filter((contender) => canRun(scenario, contender));
  const results = new Map<string, Numbers[]>(players.map(({ name }) => [name, []]));
  const failures = new Map<string, string>();
  for (let round = 0; round < rounds; round++) {
    for (const player of players.filter(({ name }) => !failures.has(name))) {
      try {
        const numbers = await once(scenario, player);
        results.get(player.name)?.push(numbers);
        const shown = Object.entries(numbers).map(([name, value]) => `${name} ${value.toFixed(1)}`);
        console.error(`${scenario.name} (${scenario.binding}) ${player.name}: ${shown.join(", ")}`);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        failures.set(player.name, message.slice(0, 80).replaceAll("|", "/"));
        console.error(`${scenario.name} (${scenario.binding}) ${player.name}: failed, ${message}`);
      }
    }
  }
  return players.map(({ name }) => {
    const failure = failures.get(name);
    const { name: title, binding } = scenario;
    const rows = { scenario: title, binding, contender: name, rounds: results.get(name) ?? [] };
    return failure === undefined ? rows : { ...rows, failure };
  });
}

async function once(scenario: Scenario, contender: Contender): Promise<Numbers> {
  const { binding, servers } = scenario;
  const running = await contender.start({ binding, servers });
  try {
    return await scenario.run(running, pace);
  } finally {
    await running.stop();
  }
}

/** What is wrong with a measurement of ours; undefined when nothing is. */
function verdictOf(one: Measurement, all: readonly Measurement[]): string | undefined {
  if (one.contender !== "ours") return one.failure;
  const ratios = ratiosOf(all, one);
  if (one.failure !== undefined || ratios === undefined) return one.failure ?? "no figures";
  // One call after the other: the median says it, the mean has every pause of the machine in it.
  const isSequential = one.scenario.startsWith("sequential");
  const share = (isSequential ? 1 / (ratios["p50Us"] ?? 1) : ratios["callsPerSecond"]) ?? 1;
  const floor = one.binding === "modern" ? QUICK_FLOOR_ACROSS_ERAS : QUICK_FLOOR;
  return share < floor ? `${share.toFixed(2)} of the bare relay` : undefined;
}

/** The guard of the test run: prints `N passed, N failed`. */
function judge(): void {
  const own = found.filter(({ contender }) => contender === "ours");
  const verdicts = own.map((one) => {
    const verdict = verdictOf(one, found);
    if (verdict === undefined) return true;
    const figures = JSON.stringify(mediansOf(one.rounds));
    console.error(`${one.scenario} (${one.binding}): ${verdict} ${figures}`);
    return false;
  });
  const failed = verdicts.filter((isGood) => !isGood).length;
  console.log(`${verdicts.length - failed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}
