/** A command of the command line, for a gateway that runs in a test. */
import { join } from "node:path";
import type { RunningGateway } from "../../helpers/gateway.ts";
import { run, type Finished } from "../../helpers/run-program.ts";

/** The data folder of a gateway that `startGateway` made. */
export function dataOf(gateway: RunningGateway): string {
  return join(gateway.folder, "data");
}

/** Runs it to its end. */
export function command(gateway: RunningGateway, ...args: readonly string[]): Promise<Finished> {
  return run(args, { env: { DATA_DIR: dataOf(gateway) }, deadlineMs: 30_000 });
}

/** Runs it with `--json` and reads its output. @throws Error when it did not end with 0 */
export async function commandJson(
  gateway: RunningGateway,
  ...args: readonly string[]
): Promise<Record<string, any>> {
  const { exitCode, stdout, stderr } = await command(gateway, ...args, "--json");
  if (exitCode !== 0) throw new Error(`${args.join(" ")} ended with ${exitCode}: ${stderr}`);
  return JSON.parse(stdout) as Record<string, any>;
}
