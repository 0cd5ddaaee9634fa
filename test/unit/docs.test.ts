/** docs/troubleshooting.md has an entry for every code that the program gives, and for no other. */
import { expect, test } from "bun:test";
import { Glob } from "bun";
import { join } from "node:path";
import { COMMAND_CODES } from "../../src/cli/failure.ts";
import { START_CODES } from "../../src/cli/start-failure.ts";
import { CONFIG_CODES } from "../../src/config/problem.ts";

const repository = join(import.meta.dir, "../..");
const docs = await Bun.file(join(repository, "docs/troubleshooting.md")).text();
const entries = [...docs.matchAll(/^### (\S+)$/gm)].map((match) => match[1] ?? "");
/** Codes of OAuth (RFC 6749 and its kin): they are told to clients, in a document of the standard. */
const OF_OAUTH = new Set([
  "access_denied",
  "invalid_redirect_uri",
  "invalid_request",
  "not_allowed",
]);

const sources = await Promise.all(
  [...new Glob("src/**/*.ts").scanSync(repository)].map(async (path) => ({
    path,
    text: await Bun.file(join(repository, path)).text(),
  })),
);

function codesIn(folder: string, line: RegExp, code: RegExp): readonly string[] {
  const texts = sources.filter(({ path }) => path.startsWith(folder)).map(({ text }) => text);
  const lines = texts.flatMap((text) => text.match(line) ?? []);
  const codes = lines.flatMap((text) => [...text.matchAll(code)].map((match) => match[1] ?? ""));
  return [...new Set(codes)].filter((one) => !OF_OAUTH.has(one)).sort();
}

const kinds: readonly (readonly [string, readonly string[]])[] = [
  ["errors of calls", codesIn("src/kernel/", /^ {2}\| "[A-Z_]+"/gm, /"(.+)"/g)],
  ["answers of HTTP", codesIn("src/http/", /\berror(?:: | = ).*"[a-z_]+".*$/gm, /"([a-z_]+)"/g)],
  ["faults at the start", START_CODES],
  ["problems of the configuration", CONFIG_CODES],
  ["failures of commands", COMMAND_CODES],
];

test.each(kinds)("%s have entries", (_, codes) => {
  expect(codes.length).toBeGreaterThan(3);
  expect(codes.filter((code) => !entries.includes(code))).toEqual([]);
});

test("no entry is of a code that nothing gives, and none is there twice", () => {
  const codes = kinds.flatMap(([, some]) => some);
  expect(entries.filter((entry) => !codes.includes(entry))).toEqual([]);
  expect(new Set(entries).size).toBe(entries.length);
});

test.each([...START_CODES, ...CONFIG_CODES, ...COMMAND_CODES])("%s is given somewhere", (code) => {
  const inCode = sources.flatMap(({ text }) => text.match(new RegExp(`"${code}"`, "g")) ?? []);
  expect(inCode.length).toBeGreaterThan(1);
});
