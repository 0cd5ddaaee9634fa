/**
 * Decides who runs a server: the program that its command names, or this executable in its place.
 * Looks at the PATH, starts nothing, makes nothing.
 */
import { resolve } from "node:path";
import { findProgram } from "./find-program.ts";
import { planCommand, standInFor, type StandIn } from "./package-spec.ts";
import type { RuntimePlan } from "./runtime-plan.ts";

/** What is asked of a server's entry. */
export interface StandInQuestion {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** `auto`: the machine's own program when it is there. */
  readonly runtime: "auto" | "self" | "system";
}

/** What this executable does in a program's place. */
export interface StandInPlan {
  readonly program: StandIn;
  readonly plan: RuntimePlan;
}

/** What to do in place of the command; undefined when the command itself is started. */
export function standIn(server: StandInQuestion, workingFolder: string): StandInPlan | undefined {
  const program = standInFor(server.command);
  if (program === undefined || server.runtime === "system") return undefined;
  if (server.runtime === "auto" && isThere(server, program, workingFolder)) return undefined;
  return { program, plan: planCommand(program, server.args) };
}

/** Where npx is without node, it is a script without its interpreter; the same with bunx. */
function isThere(
  { command, cwd, env }: StandInQuestion,
  program: StandIn,
  workingFolder: string,
): boolean {
  const folder = resolve(workingFolder, cwd ?? ".");
  const runtime = program === "npx" || program === "node" ? "node" : "bun";
  const needed = program === runtime ? [command] : [command, runtime];
  return needed.every((each) => findProgram(each, folder, env["PATH"]) !== undefined);
}
