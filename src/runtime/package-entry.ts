/**
 * Finds the program of an installed package: which file it is, and whether this executable can run
 * it or it runs by itself. Only reads.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Result } from "../kernel/result.ts";

/** A program of a package. */
export interface PackageEntry {
  readonly file: string;
  /** True for JavaScript and TypeScript; false for a file that the system starts itself. */
  readonly isScript: boolean;
}

const RUNTIMES: ReadonlySet<string> = new Set(["node", "nodejs", "bun", "deno", "tsx", "ts-node"]);
const HEAD_BYTES = 256;

/** What is to be found in a folder with `node_modules`. */
export interface EntryQuestion {
  readonly folder: string;
  /** Names of the packages that were asked for. */
  readonly packages: readonly string[];
  /** The program; undefined for the one that the only package is called after. */
  readonly bin: string | undefined;
}

/** The program, or why there is none: the end of a sentence. */
export function findEntry({ folder, packages, bin }: EntryQuestion): Result<PackageEntry, string> {
  const [first = ""] = packages;
  const path = bin === undefined ? ownBin(folder, first) : linkedBin(folder, bin);
  if (!path.ok) return path;
  try {
    const file = realpathSync(path.value);
    return ok({ file, isScript: isScript(file) });
  } catch {
    return err(`names the program ${path.value}, which is not there`);
  }
}

/** As npx finds it: the only program, or the one with the name of the package. */
function ownBin(folder: string, name: string): Result<string, string> {
  const home = join(folder, "node_modules", name);
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
  } catch {
    return err("is not installed");
  }
  const bins = binsOf(manifest, name.split("/").at(-1) ?? name);
  const [only] = [...new Set(bins.values())];
  const isOne = new Set(bins.values()).size === 1;
  const path = isOne ? only : bins.get(name.split("/").at(-1) ?? name);
  if (path !== undefined) return ok(join(home, path));
  if (bins.size === 0) return err("has no program to run");
  return err(`has several programs (${[...bins.keys()].join(", ")}): name one after -p`);
}

function binsOf(manifest: unknown, ownName: string): ReadonlyMap<string, string> {
  const bin =
    typeof manifest === "object" && manifest !== null && "bin" in manifest && manifest.bin;
  if (typeof bin === "string") return new Map([[ownName, bin]]);
  if (typeof bin !== "object" || bin === null) return new Map();
  return new Map(
    Object.entries(bin).flatMap(([name, path]) => (typeof path === "string" ? [[name, path]] : [])),
  );
}

function linkedBin(folder: string, bin: string): Result<string, string> {
  const links = join(folder, "node_modules", ".bin");
  let names: readonly string[];
  try {
    names = readdirSync(links);
  } catch {
    return err("has no program to run");
  }
  if (names.includes(bin)) return ok(join(links, bin));
  return err(`has no program ${JSON.stringify(bin)}`);
}

/** Without a `#!` line it is a script, as bins of packages are, unless it is machine code. */
function isScript(file: string): boolean {
  const bytes = new Uint8Array(HEAD_BYTES);
  const handle = openSync(file, "r");
  let head: string;
  try {
    head = new TextDecoder("latin1").decode(bytes.subarray(0, readSync(handle, bytes)));
  } finally {
    closeSync(handle);
  }
  if (/^(\x7fELF|\xcf\xfa\xed\xfe|\xca\xfe\xba\xbe|MZ)/.test(head)) return false;
  const [, line] = /^#!([^\n]*)/.exec(head) ?? [];
  if (line === undefined) return true;
  const words = line.trim().split(/\s+/);
  const named = words.map((word) => word.split("/").at(-1) ?? "");
  const interpreter =
    named[0] === "env" ? named.slice(1).find((word) => !/^-|=/.test(word)) : named[0];
  return RUNTIMES.has(interpreter ?? "");
}
