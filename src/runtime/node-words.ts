/**
 * Pure. What the words after `node` mean: options of Node that the built-in runtime has too are
 * passed on, those that only tune Node are left out, all others are refused.
 */
import type { RuntimePlan } from "./runtime-plan.ts";

/** Options with a value, as the built-in runtime calls them. */
const PASSED: Readonly<Record<string, string>> = {
  "-r": "--preload",
  "--require": "--preload",
  "--import": "--preload",
  "--env-file": "--env-file",
  "-C": "--conditions",
  "--conditions": "--conditions",
};

/** Options with a value that mean nothing here. */
const DROPPED_WITH_VALUE = new Set(["--title", "--disable-warning", "--input-type"]);

/** Options that tune Node or its output and change nothing that a server does. */
const DROPPED =
  /^--(no-(warnings|deprecation|experimental-.*|addons|network-family-autoselection)|experimental-.*|enable-source-maps|trace-.*|throw-deprecation|pending-deprecation|harmony.*|(max|min|initial)-.*-size=.*|stack-size=.*|stack-trace-limit=.*|unhandled-rejections=.*|dns-result-order=.*|disable-warning=.*|input-type=.*|title=.*|expose-gc|expose_gc|optimize-for-size|jitless|interpreted-frames-native-stack|(use-(system|openssl|bundled)-ca)|preserve-symlinks(-main)?|strip-types)$/;

const EVALUATED = new Set(["-e", "--eval", "-p", "--print", "-pe"]);

/** What `node …` means. */
export function planNode(args: readonly string[]): RuntimePlan {
  const flags: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? "";
    if (word === "--") return script(flags, args.slice(index + 1));
    if (!word.startsWith("-") || word === "-") return script(flags, args.slice(index));
    const [, name = word, inline] = /^(--[^=]+)=([^]*)$/.exec(word) ?? [];
    if (EVALUATED.has(name)) {
      const code = inline ?? args[index + 1];
      if (code === undefined) return refused(`has ${name} of node without its value`);
      const rest = args.slice(inline === undefined ? index + 2 : index + 1);
      const words = [...flags, name === "-p" || name === "--print" ? "-p" : "-e", code, ...rest];
      return { kind: "words", words };
    }
    const passed = Object.hasOwn(PASSED, name) ? PASSED[name] : undefined;
    if (passed !== undefined) {
      const value = inline ?? args[++index];
      if (value === undefined) return refused(`has ${name} of node without its value`);
      flags.push(`${passed}=${value}`);
    } else if (DROPPED_WITH_VALUE.has(word)) {
      index++;
    } else if (!DROPPED.test(word)) {
      return refused(`has the option ${name} of node`);
    }
  }
  return refused("gives node nothing to run");
}

function script(flags: readonly string[], words: readonly string[]): RuntimePlan {
  const [file, ...args] = words;
  if (file === undefined || file === "-") return refused("gives node no file to run");
  return { kind: "script", flags, script: file, args };
}

function refused(message: string): RuntimePlan {
  return {
    kind: "refused",
    message,
    hint: "The built-in runtime does not do that: install Node.js (https://nodejs.org), or leave it out.",
  };
}
