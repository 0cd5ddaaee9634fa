/** A release in a clone of its own, and the npm package as `npx` and `bunx` run it. */
import { afterAll, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RunningGateway } from "../../helpers/gateway.ts";
import { makeFolder } from "../../helpers/run-program.ts";
import { SOON_MS, withDeadline } from "../../helpers/wait.ts";

const repository = join(import.meta.dir, "../../..");
const LONG_MS = 50_000;
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = makeFolder();
  folders.push(folder);
  return folder;
}

async function outcome(command: readonly string[], cwd: string, env: Record<string, string> = {}) {
  const { PATH = "", HOME = cwd } = process.env;
  const child = Bun.spawn([...command], {
    cwd,
    env: { PATH, HOME, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  const [exitCode, stdout, stderr] = await withDeadline(ended, LONG_MS, command.join(" "));
  return { exitCode, stdout, stderr };
}

test("a release is built twice alike, summed, noted in the changelog and tagged", async () => {
  const clone = join(newFolder(), "clone");
  await outcome(
    ["git", "clone", "--quiet", "--no-local", "--depth", "1", `file://${repository}`, clone],
    "/",
  );
  symlinkSync(join(repository, "node_modules"), join(clone, "node_modules"));
  // A link is no folder, as .gitignore has it.
  writeFileSync(join(clone, ".git/info/exclude"), "/node_modules\n");
  const git = { GIT_AUTHOR_NAME: "t", GIT_AUTHOR_EMAIL: "t@example.org" };
  const env = { ...git, GIT_COMMITTER_NAME: "t", GIT_COMMITTER_EMAIL: "t@example.org" };
  const release = [process.execPath, "scripts/release.ts", "9.8.7", "--targets", "host"];
  const made = await outcome(release, clone, env);
  expect(made).toMatchObject({ exitCode: 0 });
  expect(made.stdout).toContain("are the same: ");
  const sums = await outcome(["sha256sum", "--check", "SHA256SUMS"], join(clone, "dist/release"));
  expect(sums.stdout).toBe(`remote-mcp-proxy-${process.platform}-${process.arch}: OK\n`);
  expect(readFileSync(join(clone, "CHANGELOG.md"), "utf8")).toContain("## [9.8.7] - ");
  const { version } = JSON.parse(readFileSync(join(clone, "package.json"), "utf8")) as {
    version: string;
  };
  expect(version).toBe("9.8.7");
  const head = await outcome(["git", "describe", "--exact-match"], clone);
  expect(head.stdout.trim()).toBe("v9.8.7");
  const again = await outcome(release, clone, env);
  expect({ exitCode: again.exitCode, why: again.stderr }).toEqual({
    exitCode: 1,
    why: "release: the tag v9.8.7 is there already\n",
  });
});

test.each([
  [[], "usage: npm run release"],
  [["1.2.3", "--targets", "amiga"], "no such target: amiga"],
])("release %j says what is wrong", async (words, message) => {
  const command = [process.execPath, "scripts/release.ts", ...words, "--dry-run"];
  const { exitCode, stderr } = await outcome(command, repository);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(message);
});

/** The package unpacked where npm would put it, with the dependencies of the repository. */
async function unpacked(): Promise<string> {
  const folder = newFolder();
  const pack = ["npm", "pack", "--silent", "--pack-destination", folder];
  const packed = await outcome(pack, repository, { npm_config_cache: join(folder, "cache") });
  expect(packed.exitCode).toBe(0);
  const file = packed.stdout.trim().split("\n").at(-1) ?? "";
  await outcome(["tar", "xzf", file], folder);
  symlinkSync(join(repository, "node_modules"), join(folder, "package", "node_modules"));
  return join(folder, "package");
}

test("the npm package runs on Node and on Bun, and no bunfig.toml or .env of the folder counts", async () => {
  const launcher = join(await unpacked(), "scripts", "npx.mjs");
  const here = newFolder();
  writeFileSync(
    join(here, "evil.ts"),
    `await Bun.write(${JSON.stringify(join(here, "ran"))}, "x");`,
  );
  writeFileSync(join(here, "bunfig.toml"), 'preload = ["./evil.ts"]\n');
  writeFileSync(join(here, ".env"), "PORT=1\n");
  const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as {
    version: string;
  };
  // The launcher's own runtime is the user's choice, with what it reads; `node` reads neither file.
  const said = await outcome(["node", launcher, "--version"], here);
  expect(said).toMatchObject({ exitCode: 0, stdout: `${version}\n` });
  const { PATH = "" } = process.env;
  const env = { PATH, HOME: here, DATA_DIR: join(here, "data") };
  const words = ["node", launcher, "--port", "0"];
  const gateway = new RunningGateway(words, here, env);
  await gateway.listening(SOON_MS);
  await gateway.untilLogged(/\[demo\].*→ ready/);
  expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
  await gateway.stop();
  expect(existsSync(join(here, "ran"))).toBe(false);
  const elsewhere = newFolder();
  const bunx = await outcome([process.execPath, launcher, "--version"], elsewhere);
  expect(bunx).toMatchObject({ exitCode: 0, stdout: `${version}\n` });
});
