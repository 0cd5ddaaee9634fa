/** The command `doctor` as a person runs it. */
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { testAuthority } from "../../helpers/auth/authority.ts";
import { GOOD_TOKEN, startModelServer } from "../../helpers/auth/model-server.ts";
import { startNameServer } from "../../helpers/auth/name-server.ts";
import { run } from "../../helpers/run-program.ts";

const { caFile, folder } = testAuthority();

test("one line each, the sum at the end; exit code 1 when something is wrong", async () => {
  await using server = startModelServer();
  const url = `https://one.mcp.test:${server.port}/mcp`;
  const tokenFile = join(folder, "token");
  writeFileSync(tokenFile, `${GOOD_TOKEN}\n`);
  const way = ["--ca", caFile, "--resolve", "one.mcp.test=127.0.0.1", "--token-file", tokenFile];
  const good = await run(["doctor", url, ...way]);
  const lines = good.stdout.trimEnd().split("\n");
  expect(lines.at(-1)).toMatch(/^0 wrong, 1 warning, \d+ ok$/);
  for (const line of lines.slice(0, -1)) expect(line).toMatch(/^(ok|warning|-) +[a-z]+ +\S/);
  expect(good.exitCode).toBe(0);
  expect(good.stdout + good.stderr).not.toContain(GOOD_TOKEN);

  const other = await run(["doctor", url.replace("/mcp", "/other"), ...way]);
  expect(other.stdout).toMatch(/^WRONG {4}challenge +POST without a token: 404/m);
  expect(other.exitCode).toBe(1);
});

test("--dns asks that name server, and connects to where it leads", async () => {
  await using server = startModelServer();
  await using names = await startNameServer({ "one.mcp.test": { v4: ["127.0.0.1"] } });
  const at = (host: string): string => `https://${host}.mcp.test:${server.port}/mcp`;
  const way = ["--ca", caFile, "--dns", names.address, "--json"];
  const found = await run(["doctor", at("one"), ...way]);
  const { ok, findings } = JSON.parse(found.stdout);
  expect(ok).toBe(false);
  const texts = findings.map(({ level, text }: Record<string, string>) => `${level} ${text}`);
  expect(texts).toContain(
    "wrong one.mcp.test leads to 127.0.0.1, which the internet does not reach",
  );
  expect(texts).toContain('ok a wrong token: 401 with error="invalid_token"');
  expect(found.exitCode).toBe(1);
  const lost = await run(["doctor", at("none"), ...way]);
  expect(lost.stdout).toContain("none.mcp.test does not resolve");
});

test.each([
  [["doctor"], /missing required argument 'url'/],
  [["doctor", "memory"], /"memory" is no http or https address/],
  [["doctor", "https://me@memory.example.org/"], /neither a user nor a #/],
  [["doctor", "http://localhost:1/", "--resolve", "localhost"], /--resolve wants HOST=ADDRESS/],
  [["doctor", "http://localhost:1/", "--dns", "cloudflare"], /--dns wants an address/],
  [["doctor", "http://localhost:1/", "--token-file", "missing"], /missing/],
  [["doctor", "http://localhost:1/", "--call", "a", "--arguments", "{"], /JSON/],
])("%j is wrong usage", async (args, pattern) => {
  const { exitCode, stderr } = await run(args);
  expect(stderr).toMatch(pattern);
  expect(exitCode).toBe(2);
});
