/** docs/troubleshooting.md has an entry for every code that the program gives. */
import { expect, test } from "bun:test";
import { Glob } from "bun";
import { join } from "node:path";

const repository = join(import.meta.dir, "../..");
const docs = await Bun.file(join(repository, "docs/troubleshooting.md")).text();
const entries = new Set([...docs.matchAll(/^### (\S+)$/gm)].map((match) => match[1] ?? ""));
/** Codes of OAuth (RFC 6749 and its kin): they are told to clients, in a document of the standard. */
const OF_OAUTH = new Set([
  "access_denied",
  "invalid_redirect_uri",
  "invalid_request",
  "not_allowed",
]);

async function codesIn(folder: string, pattern: RegExp): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const path of new Glob("**/*.ts").scanSync(join(repository, folder))) {
    const text = await Bun.file(join(repository, folder, path)).text();
    for (const match of text.matchAll(pattern)) found.add(match[1] ?? "");
  }
  return [...found].sort();
}

test.each([
  ["errors of calls", "src/kernel", /^ {2}\| "([A-Z_]+)"$/gm],
  ["answers of HTTP", "src/http", /\berror: "([a-z_]+)"/g],
  ["faults at the start", "src/cli", /\bcode: "([A-Z_]+)"/g],
])("%s", async (_, folder, pattern) => {
  const codes = (await codesIn(folder, pattern)).filter((code) => !OF_OAUTH.has(code));
  expect(codes.length).toBeGreaterThan(1);
  expect(codes.filter((code) => !entries.has(code))).toEqual([]);
});
