/**
 * One installation, step by step, by the package manager of our own executable: resolve, then make
 * the tree that was resolved. Works in an empty folder; what becomes of it is its caller's business.
 *
 * No `bunfig.toml` and no `.env` of any folder is read, and no install script runs unless asked for.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ChildCommand } from "../supervisor/model.ts";
import type { ToolFailure } from "./tool-run.ts";

/** What an installation is made with. */
export interface InstallWork {
  /** An empty folder, or one with the files of a lock. */
  readonly folder: string;
  readonly packages: readonly string[];
  readonly installScripts: boolean;
  /** True to hear of what is new: what the registry said a moment ago does not count. */
  readonly isRenewal: boolean;
  /** The executable that is the package manager. */
  readonly program: string;
  /** Words that keep the settings of folders out. */
  readonly guards: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Runs one step; the steps share a deadline. */
  readonly run: (command: ChildCommand) => Promise<ToolFailure>;
}

/** What was resolved. */
export interface Resolved {
  /** Exact versions by name; for what is not of a registry, where it came from. */
  readonly versions: Readonly<Record<string, string>>;
  readonly manifest: string;
  readonly bunLock: string;
}

const QUIET = ["--no-progress", "--no-summary"] as const;
const MANIFEST = "package.json";
const LOCK = "bun.lock";

/** Asks the registry what the packages are; writes package.json and bun.lock. */
export async function resolvePackages(work: InstallWork): Promise<Resolved | { failure: string }> {
  const { folder, packages } = work;
  writeFileSync(join(folder, MANIFEST), '{ "private": true }\n');
  const words = [
    "add",
    ...work.guards,
    ...QUIET,
    "--exact",
    "--ignore-scripts",
    "--lockfile-only",
    ...(work.isRenewal ? ["--no-cache"] : []),
    ...packages,
  ];
  const failure = await work.run(step(work, words));
  if (failure !== undefined) return { failure };
  return readResolved(folder) ?? { failure: "it left no lock file" };
}

/** Writes what an earlier installation resolved. */
export function restoreResolved(folder: string, resolved: Omit<Resolved, "versions">): void {
  writeFileSync(join(folder, MANIFEST), resolved.manifest);
  writeFileSync(join(folder, LOCK), resolved.bunLock);
}

/** Makes `node_modules` of what was resolved, exactly that. */
export function makeTree(work: InstallWork): Promise<ToolFailure> {
  if (work.installScripts) trustAll(work.folder);
  const scripts = work.installScripts ? [] : ["--ignore-scripts"];
  // The layout that npm makes: some packages look for their neighbours.
  const layout = ["--linker", "hoisted"];
  return work.run(
    step(work, ["install", ...work.guards, ...QUIET, "--frozen-lockfile", ...layout, ...scripts]),
  );
}

function step({ folder, program, env }: InstallWork, args: readonly string[]): ChildCommand {
  return { command: program, args, cwd: folder, env };
}

function readResolved(folder: string): Resolved | undefined {
  if (!existsSync(join(folder, LOCK))) return undefined;
  const manifest = readFileSync(join(folder, MANIFEST), "utf8");
  const bunLock = readFileSync(join(folder, LOCK), "utf8");
  const { dependencies } = JSON.parse(manifest) as { dependencies?: Record<string, string> };
  return dependencies === undefined ? undefined : { versions: dependencies, manifest, bunLock };
}

/** As npm does it when it runs scripts: those of all packages, not of a list of known ones. */
function trustAll(folder: string): void {
  const path = join(folder, MANIFEST);
  const manifest = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  const lock = Bun.JSONC.parse(readFileSync(join(folder, LOCK), "utf8")) as {
    readonly packages?: Readonly<Record<string, readonly unknown[]>>;
  };
  const names = Object.values(lock.packages ?? {}).flatMap(([id]) =>
    typeof id === "string" ? [id.replace(/(?!^)@[^]*$/, "")] : [],
  );
  const trusted = { ...manifest, trustedDependencies: [...new Set(names)].sort() };
  writeFileSync(path, `${JSON.stringify(trusted, null, 2)}\n`);
}
