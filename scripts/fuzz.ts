/**
 * Random messages of every era, sound and damaged, through the codecs and through a whole gateway:
 * no crash, no lost id, no message without exactly one outcome. Ends with `N passed, N failed`.
 *
 *   bun scripts/fuzz.ts                          20 seconds from a seed of its own, which is printed
 *   bun scripts/fuzz.ts --seconds 60 --seed 7    the rounds of seed 7 again, as many as there is time
 */
import { parseArgs } from "node:util";

import { fuzzBridge } from "./fuzz/bridge.ts";
import { codecChecks } from "./fuzz/codec-checks.ts";
import { runRounds, type Verdict } from "./fuzz/rounds.ts";
import { wireChecks } from "./fuzz/wire-checks.ts";

const DEFAULT_SECONDS = "20";
/** Of the time; the rest is the gateway's. */
const CODEC_SHARE = 0.4;

const { values } = parseArgs({
  options: { seconds: { type: "string", default: DEFAULT_SECONDS }, seed: { type: "string" } },
});
const seconds = Number(values.seconds);
const seed = values.seed === undefined ? randomSeed() : Number(values.seed);
if (!(seconds > 0) || seconds > 86_400 || !Number.isSafeInteger(seed) || seed < 0) {
  console.error("fuzz: --seconds is a number above 0, --seed an integer from 0");
  process.exit(2);
}

console.log(`fuzz: seed ${seed}, ${seconds} s`);
const checks = [...wireChecks, ...codecChecks];
const { rounds, verdicts } = runRounds(checks, seed, seconds * 1000 * CODEC_SHARE);
console.log(`fuzz: ${rounds} rounds of ${checks.length} checks of the codecs`);
const whole = await fuzzBridge(seed, seconds * 1000 * (1 - CODEC_SHARE));
console.log(`fuzz: ${whole.summary}`);
report([...verdicts, ...whole.verdicts]);

function report(all: readonly Verdict[]): void {
  const failed = all.filter(({ failure }) => failure !== undefined);
  for (const { name, failure } of failed) console.log(`\nFAILED ${name}\n${failure}`);
  if (failed.length > 0) {
    console.log(`\nsee it again: npm run fuzz -- --seconds ${seconds} --seed ${seed}`);
  }
  console.log(`${all.length - failed.length} passed, ${failed.length} failed`);
  process.exit(failed.length === 0 ? 0 : 1);
}

function randomSeed(): number {
  return Math.floor(Math.random() * 4_294_967_296);
}
