/**
 * Loaded before every test file. A rejection that nobody handles fails the run by Bun's own doing;
 * a warning of the runtime (a leaked listener, a deprecated call) is only printed by Bun, and fails
 * the run by this file.
 */
import { afterAll } from "bun:test";

/** Enough to see what is wrong, without holding the output of a loop. */
const MAX_FAULTS = 20;
const faults: string[] = [];

function note(fault: string): void {
  if (faults.length < MAX_FAULTS) faults.push(fault);
}

process.on("warning", (warning) => {
  note(`warning: ${warning.stack ?? warning.message}`);
});

afterAll(() => {
  if (faults.length > 0)
    throw new Error(`the run caused what no test asked for:\n${faults.join("\n")}`);
});
