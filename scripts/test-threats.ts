/**
 * Runs the tests of the threats in SECURITY.md, found by `T` and the number at the start of their
 * titles, and prints for each row how many passed, or the reason why it has none. Exit code 1 when one
 * failed, or a row has neither.
 *
 *   bun scripts/test-threats.ts            builds the executable, then runs all
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Glob } from "bun";
import { systemTestsFor } from "./system-needs.ts";
import { isHeld, judgeThreats, threatCases, threatRows, threatTable } from "./threats.ts";

const ROWS = 50;
const STAGES = ["unit", "integration", "e2e"];
const SYSTEM = "./test/system/";
const TITLE = /["'`](?:T\d+ )+/;
const TEST_TIMEOUT_MS = 180_000;
const RUN_TIMEOUT_MS = 15 * 60_000;

const rows = threatRows(readFileSync("SECURITY.md", "utf8"));
if (rows.length !== ROWS || rows.some(({ number }, index) => number !== index + 1)) {
  console.error(`SECURITY.md must have the rows 1 to ${ROWS}, in their order`);
  process.exit(1);
}

const system = systemTestsFor();
const runnable = [
  ...STAGES.flatMap((stage) => [...new Glob(`./test/${stage}/**/*.test.ts`).scanSync(".")]),
  ...system.files,
];
const files = runnable.filter(hasNumber).sort();
const absent = system.missing
  .map((why) => ({ why, file: `${SYSTEM}${why.split(" ", 1)[0] ?? ""}` }))
  .map(({ why, file }) => ({ why, text: readFileSync(file, "utf8") }));

const folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-threats-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const report = join(folder, "report.xml");
const built = await run(["scripts/build.ts"]);
const flags = [
  `--timeout=${TEST_TIMEOUT_MS}`,
  "--test-name-pattern=\\bT\\d+ ",
  "--reporter=junit",
  `--reporter-outfile=${report}`,
];
const exitCode = built === 0 ? await run(["test", ...flags, ...files]) : built;
const verdicts = judgeThreats(rows, threatCases(readReport()), absent);
console.log(`\n${threatTable(verdicts)}`);
// A run that ended badly is none, whatever its cases say.
process.exitCode = exitCode === 0 && verdicts.every(isHeld) ? 0 : 1;

function hasNumber(file: string): boolean {
  return TITLE.test(readFileSync(file, "utf8"));
}

async function run(words: readonly string[]): Promise<number> {
  const child = Bun.spawn([process.execPath, ...words], {
    stdio: ["ignore", "inherit", "inherit"],
    timeout: RUN_TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  return child.exited;
}

function readReport(): string {
  try {
    return readFileSync(report, "utf8");
  } catch (error) {
    // bun test writes no report when it could not start or was ended: every row is then missing.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}
