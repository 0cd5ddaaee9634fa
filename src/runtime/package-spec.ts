/**
 * Pure. What a command line of `npx`, `bunx`, `node` or `bun` means to an executable that is its own
 * JavaScript runtime: which packages to install and which of their programs to run, or which script.
 *
 * An option that would change what runs and is not understood is refused, with what to do; it is
 * never guessed at.
 */
import { planNode } from "./node-words.ts";
import type { RefusedPlan, RuntimePlan } from "./runtime-plan.ts";

/** Programs that the executable can stand in for. */
export type StandIn = "npx" | "bunx" | "node" | "bun";

const STAND_INS: readonly string[] = ["npx", "bunx", "node", "bun"] satisfies StandIn[];

/** Runners of TypeScript files, which the runtime runs by itself. */
const SCRIPT_RUNNERS: ReadonlySet<string> = new Set(["tsx", "ts-node"]);

/** Which program a command names (`npx`, `/usr/bin/npx`, `npx.cmd`), if it is one that can be stood in for. */
export function standInFor(command: string): StandIn | undefined {
  const name = (command.split("/").at(-1) ?? "").replace(/\.(exe|cmd)$/i, "");
  return STAND_INS.includes(name) ? (name as StandIn) : undefined;
}

/** What the words after `program` mean. */
export function planCommand(program: StandIn, args: readonly string[]): RuntimePlan {
  switch (program) {
    case "npx":
      return planRunner("npx", args, NPX_OPTIONS);
    case "bunx":
      return planRunner("bunx", args, BUNX_OPTIONS);
    case "node":
      return planNode(args);
    case "bun":
      return planBun(args);
  }
}

/** What stands before the program of a runner. `drop` changes nothing here. */
type OptionMeaning = "drop" | "drop-value" | "package" | "registry" | "call";

const NPX_OPTIONS: Readonly<Record<string, OptionMeaning>> = {
  "-y": "drop",
  "--yes": "drop",
  "-n": "drop",
  "--no": "drop",
  "--no-install": "drop",
  "-q": "drop",
  "--quiet": "drop",
  "-s": "drop",
  "--silent": "drop",
  "--verbose": "drop",
  "--offline": "drop",
  "--prefer-offline": "drop",
  "--prefer-online": "drop",
  "--ignore-existing": "drop",
  "--ignore-scripts": "drop",
  "--loglevel": "drop-value",
  "--cache": "drop-value",
  "-p": "package",
  "--package": "package",
  "--registry": "registry",
  "-c": "call",
  "--call": "call",
};

const BUNX_OPTIONS: Readonly<Record<string, OptionMeaning>> = {
  "-y": "drop",
  "--yes": "drop",
  "--bun": "drop",
  "--silent": "drop",
  "--verbose": "drop",
  "--no-install": "drop",
  "-p": "package",
  "--package": "package",
};

function planRunner(
  runner: string,
  args: readonly string[],
  options: Readonly<Record<string, OptionMeaning>>,
): RuntimePlan {
  const packages: string[] = [];
  let registry: string | undefined;
  let index = 0;
  for (; index < args.length; index++) {
    const word = args[index] ?? "";
    if (word === "--") {
      index++;
      break;
    }
    if (!word.startsWith("-")) break;
    const [, name = word, inline] = /^(--[^=]+)=([^]*)$/.exec(word) ?? [];
    const meaning = Object.hasOwn(options, name) ? options[name] : undefined;
    if (meaning === undefined) return refused(`has the option ${name} of ${runner}`);
    if (meaning === "call") return refused(`has ${name}, for which ${runner} starts a shell`);
    if (meaning === "drop") continue;
    const value = inline ?? args[++index];
    if (value === undefined) return refused(`has ${name} of ${runner} without its value`);
    if (meaning === "package") packages.push(value);
    if (meaning === "registry") registry = value;
  }
  const [first, ...rest] = args.slice(index);
  if (first === undefined) return refused(`names no package for ${runner}`);
  const wanted = packages.length === 0 ? [first] : packages;
  const unusable = wanted.find((word) => !isUsable(word));
  if (unusable !== undefined) {
    return {
      kind: "refused",
      message: `names the package ${JSON.stringify(unusable)}, which is a folder or no package name`,
      hint: 'Start a local server by its file: "command": "node", "args": ["path/to/index.js"].',
    };
  }
  const [script, ...scriptArgs] = rest;
  const isRunner = packages.length === 0 && SCRIPT_RUNNERS.has(packageName(first) ?? "");
  if (isRunner && script !== undefined && /\.[cm]?[jt]sx?$/.test(script)) {
    return { kind: "script", flags: [], script, args: scriptArgs };
  }
  const bin = packages.length === 0 ? undefined : first;
  return { kind: "package", packages: wanted, bin, args: rest, registry };
}

/** `bun x` is `bunx`; everything else is for the runtime, which is a Bun, as it is. */
function planBun(args: readonly string[]): RuntimePlan {
  if (args.length === 0) return refused("gives bun nothing to run");
  const command = args.findIndex((word) => word !== "--bun");
  return args[command] === "x"
    ? planRunner("bun x", args.slice(command + 1), BUNX_OPTIONS)
    : { kind: "words", words: args };
}

/** The name in a word such as `@scope/name@range`; undefined for a URL, a repository or a path. */
export function packageName(word: string): string | undefined {
  return PACKAGE.exec(word)?.[1];
}

/** True when a word can only ever mean one version: `name@1.2.3`. */
export function isExact(word: string): boolean {
  const version = PACKAGE.exec(word)?.[2] ?? "";
  return /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/.test(version);
}

const PACKAGE = /^((?:@[a-z0-9~_-][a-z0-9._~-]*\/)?[a-z0-9~_-][a-z0-9._~-]*)(?:@([^/:]*))?$/i;
/** A repository of GitHub, as npm has it. */
const OWNER_AND_NAME = /^[\w-][\w.-]*\/[\w.-]+(#\S+)?$/;
const REMOTE = /^(https?:\/\/|git(\+[a-z]+)?:\/\/|git@|(github|gitlab|bitbucket|npm):)\S+$/;

function isUsable(word: string): boolean {
  if (/[\s\0]/.test(word) || word.startsWith("-")) return false;
  return packageName(word) !== undefined || REMOTE.test(word) || OWNER_AND_NAME.test(word);
}

function refused(message: string): RefusedPlan {
  return {
    kind: "refused",
    message,
    hint: "The built-in runtime does not do that: install Node.js (https://nodejs.org), or start the server in another way.",
  };
}
