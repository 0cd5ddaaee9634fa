/**
 * Runs the 68 one-line tests of the protocol design, found by the number at the start of their
 * titles, and prints how each fared, then the sum: `68/68`. Exit code 1 when one is missing or fails.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isMet, numberedTests, tableOf } from "./numbered-tests.ts";

const NUMBERS = 68;
const FOLDERS = ["./test/integration/protocol", "./test/integration/bridge"];
const TEST_TIMEOUT_MS = 120_000;
const RUN_TIMEOUT_MS = 6 * 60_000;

const folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-bridge-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const report = join(folder, "report.xml");
const reporter = ["--reporter=junit", `--reporter-outfile=${report}`];
const child = Bun.spawn(
  [process.execPath, "test", `--timeout=${TEST_TIMEOUT_MS}`, ...reporter, ...FOLDERS],
  { stdio: ["ignore", "inherit", "inherit"], timeout: RUN_TIMEOUT_MS, killSignal: "SIGKILL" },
);
const exitCode = await child.exited;
const numbers = numberedTests(readReport(), NUMBERS);
console.log(`\n${tableOf(numbers)}`);
// A run that ended badly is none, whatever its cases say.
process.exitCode = exitCode === 0 && numbers.every(isMet) ? 0 : 1;

function readReport(): string {
  try {
    return readFileSync(report, "utf8");
  } catch (error) {
    // bun test writes no report when it could not start or was ended: every number is then missing.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}
