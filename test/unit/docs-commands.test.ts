/**
 * The documents keep their word: each command of their shell blocks is run by a test or listed with
 * the reason why none can, commands and options of the program exist, and links lead somewhere.
 */
import { expect, test } from "bun:test";
import { Glob } from "bun";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import {
  anchorsOf,
  codeSpans,
  commandTables,
  localLinks,
  shellCommands,
} from "../helpers/markdown.ts";
import { run } from "../helpers/run-program.ts";
import { COMMANDS, COMMANDS_IN_PROSE, type Proof } from "./docs-commands.ts";

const repository = join(import.meta.dir, "../..");
const read = (path: string): string => readFileSync(join(repository, path), "utf8");
const found = ["*.md", "docs/**/*.md"]
  .flatMap((pattern) => [...new Glob(pattern).scanSync(repository)])
  .sort();
const documents = new Map(found.map((path) => [path, read(path)]));
/** What happened once may name what is gone; all other documents speak of the program as it is. */
const present = found.filter((path) => path !== "CHANGELOG.md" && !path.startsWith("docs/adr/"));
const textOf = (path: string): string => documents.get(path) ?? "";

test("each command of a shell block has a proof or a reason, and none is listed that is gone", () => {
  const typed = new Set(found.flatMap((path) => shellCommands(textOf(path))));
  expect(typed.size).toBeGreaterThan(30);
  expect([...typed].filter((command) => COMMANDS[command] === undefined)).toEqual([]);
  expect(Object.keys(COMMANDS).filter((command) => !typed.has(command))).toEqual([]);
});

test("so has each command of running text and of tables", async () => {
  const known = await knownWords();
  const named = new Set(present.flatMap((path) => commandsInProse(path, known)));
  expect(named.size).toBeGreaterThan(60);
  const listed = [...Object.keys(COMMANDS), ...Object.keys(COMMANDS_IN_PROSE)];
  const isListed = (command: string): boolean =>
    listed.some((each) => each === command || each.startsWith(`${command} `));
  expect([...named].filter((command) => !isListed(command))).toEqual([]);
  expect(Object.keys(COMMANDS_IN_PROSE).filter((command) => !named.has(command))).toEqual([]);
});

test("the tests that are named run what they are named for", () => {
  const all = [...Object.entries(COMMANDS), ...Object.entries(COMMANDS_IN_PROSE)];
  expect(all.flatMap(([command, proof]) => faultsOf(command, proof))).toEqual([]);
});

function faultsOf(command: string, proof: Proof): readonly string[] {
  if ("reason" in proof) {
    const named = proof.reason.match(/\b(?:test|docs)\/\S+\.(?:ts|md)\b/g) ?? [];
    const gone = named.filter((path) => !existsSync(join(repository, path)));
    return gone.map((path) => `${command}: there is no ${path}`);
  }
  if (!existsSync(join(repository, proof.runBy))) return [`${command}: there is no ${proof.runBy}`];
  const source = read(proof.runBy);
  const missing = [proof.shows ?? command].flat().filter((text) => !source.includes(text));
  return missing.map((text) => `${command}: ${proof.runBy} does not hold ${text}`);
}

type KnownWords = ReadonlyMap<string, ReadonlySet<string>>;

/** By the words before ("" or "deploy traefik"): the commands and options that may follow. */
async function knownWords(): Promise<KnownWords> {
  const { stdout } = await run(["completion", "bash"]);
  const rows = [...stdout.matchAll(/^ {4}"([a-z -]*)"\) words="(.*)" ;;$/gm)];
  return new Map(rows.map(([, path = "", words = ""]) => [path, new Set(words.split(" "))]));
}

/** The words after the program's name, where a text is a command of ours. */
function ownWords(text: string): readonly string[] | undefined {
  const start =
    /^(?:source <\(|docker exec \S+ |(?:[A-Z_]+=\S* )+)?(?:\S*\/)?remote-mcp-proxy(?= |$)([^|>)]*)/;
  const words = start.exec(text)?.[1];
  return words?.match(/"[^"]*"|'[^']*'|\S+/g) ?? (words === undefined ? undefined : []);
}

/** What the program would refuse; the word after an option is taken for its value. */
function refused(words: readonly string[], known: KnownWords): readonly string[] {
  let path = "";
  let isValue = false;
  const faults: string[] = [];
  for (const word of words) {
    if (word === "--") break;
    const next = `${path} ${word}`.trim();
    const here = known.get(path) ?? new Set(["--help"]);
    const isGroup = [...here].some((each) => !each.startsWith("-"));
    if (word.startsWith("-")) {
      if (!here.has(word.split("=", 1)[0] ?? "")) faults.push(`${path || "serve"} has no ${word}`);
    } else if (here.has(word)) path = next;
    else if (isGroup && !isValue) faults.push(`there is no command ${next}`);
    isValue = word.startsWith("-");
  }
  return faults;
}

/** Programs whose command lines a reader may type; those of servers in a config are none. */
const TYPED_PROGRAMS =
  /^(?:npm|docker|claude|systemctl|systemd-analyze|cloudflared|npx -y|npx(?= @| remote)|bunx(?= remote)) \S/;

/** Commands of tables and code spans of a document, ours with the program's name before them. */
function commandsInProse(path: string, known: KnownWords): readonly string[] {
  const text = textOf(path);
  const rows = commandTables(text).map((row) => {
    // `npm run test:unit` … `:integration`
    if (row.startsWith(":")) return `npm run test${row}`;
    return /^(?:npm |\.)/.test(row) ? row : `remote-mcp-proxy ${row}`;
  });
  const spans = codeSpans(text).flatMap((span) => {
    const [first = "", second] = span.split(" ");
    if (second === undefined) return [];
    if (known.get("")?.has(first) === true && !first.startsWith("-"))
      return [`remote-mcp-proxy ${span}`];
    return TYPED_PROGRAMS.test(span) || ownWords(span) !== undefined ? [span] : [];
  });
  return [...rows, ...spans];
}

test("commands and options of the program exist, wherever they are named", async () => {
  const known = await knownWords();
  expect(refused(["deploy", "traefik", "--nope"], known)).toEqual(["deploy traefik has no --nope"]);
  expect(refused(["key", "ad"], known)).toEqual(["there is no command key ad"]);
  const faults: string[] = [];
  let count = 0;
  for (const path of present) {
    for (const command of [...shellCommands(textOf(path)), ...commandsInProse(path, known)]) {
      const words = ownWords(command.replaceAll(/[[\]]/g, ""));
      if (words === undefined) continue;
      count++;
      for (const fault of refused(words, known)) faults.push(`${path}: ${fault}`);
    }
  }
  expect(count).toBeGreaterThan(60);
  expect(faults).toEqual([]);
});

test("scripts of npm exist, wherever they are named", () => {
  const scripts = new Set(Object.keys(packageJson.scripts));
  const faults: string[] = [];
  for (const path of present) {
    const text = textOf(path);
    for (const words of [...shellCommands(text), ...codeSpans(text)]) {
      // `npm run test:unit` … `:integration`
      const script = /^npm (?:run )?([a-z0-9:]+)/.exec(words.replace(/^:/, "npm run test:"))?.[1];
      if (script !== undefined && !scripts.has(script)) faults.push(`${path}: ${words}`);
    }
  }
  expect(faults).toEqual([]);
});

test("links between the documents lead to files and headings that are there", () => {
  const faults: string[] = [];
  let count = 0;
  for (const [path, text] of documents) {
    for (const link of localLinks(text)) {
      count++;
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? path : relative(".", join(dirname(path), file));
      const isThere = existsSync(join(repository, target));
      const isHeading = anchor === undefined || anchorsOf(textOf(target)).has(anchor);
      if (!isThere || !isHeading) faults.push(`${path}: ${link}`);
    }
  }
  expect(count).toBeGreaterThan(30);
  expect(faults).toEqual([]);
});
