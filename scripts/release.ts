/**
 * Makes a release: `bun scripts/release.ts 1.2.3 [--targets host,linux-arm64] [--dry-run]`.
 *
 * Builds every executable into dist/release with SHA256SUMS, proves that the one of this machine is
 * the same when it is built again, moves the changelog's Unreleased section, commits and tags.
 * Pushes nothing. `--dry-run` builds and changes no file of the repository.
 */
import { readFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { releaseChangelog } from "./release/changelog.ts";

/** Names as people look for them, and what Bun calls the target. */
const TARGETS: Readonly<Record<string, string>> = {
  "linux-x64": "bun-linux-x64",
  "linux-arm64": "bun-linux-arm64",
  "linux-x64-musl": "bun-linux-x64-musl",
  "linux-arm64-musl": "bun-linux-arm64-musl",
  "darwin-x64": "bun-darwin-x64",
  "darwin-arm64": "bun-darwin-arm64",
};
const OUT = "dist/release";
const HOST = `${process.platform}-${process.arch}`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { targets: { type: "string" }, "dry-run": { type: "boolean" } },
});
const isDry = values["dry-run"] === true;
const [version = ""] = positionals;

try {
  release();
} catch (error) {
  console.error(`release: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

function release(): void {
  if (!/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/.test(version))
    throw new Error("usage: npm run release -- 1.2.3 [--targets host,…] [--dry-run]");
  const targets = chosenTargets();
  if (!isDry) {
    if (output(["git", "status", "--porcelain"]) !== "") throw new Error("commit everything first");
    if (output(["git", "tag", "--list", `v${version}`]) !== "")
      throw new Error(`the tag v${version} is there already`);
    setVersion();
  }
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  const sums = targets.map((name) => build(name));
  writeFileSync(join(OUT, "SHA256SUMS"), sums.map((line) => `${line}\n`).join(""));
  proveReproducible();
  if (!isDry) commit();
  const untried = targets.filter((name) => name !== HOST);
  console.log(`\n${OUT}:\n${sums.join("\n")}`);
  if (untried.length > 0)
    console.log(`not run here, so try them before you publish: ${untried.join(", ")}`);
  if (!isDry) console.log(`committed and tagged v${version}; nothing was pushed`);
}

function chosenTargets(): readonly string[] {
  const wanted = (values.targets ?? Object.keys(TARGETS).join(","))
    .split(",")
    .map((name) => (name === "host" ? HOST : name));
  const unknown = wanted.filter((name) => TARGETS[name] === undefined);
  if (unknown.length > 0)
    throw new Error(
      `no such target: ${unknown.join(", ")} (there are host, ${Object.keys(TARGETS).join(", ")})`,
    );
  return wanted;
}

/** Before the builds, as the executables carry it. */
function setVersion(): void {
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(
    "CHANGELOG.md",
    releaseChangelog(readFileSync("CHANGELOG.md", "utf8"), version, date),
  );
  for (const file of ["package.json", "package-lock.json"]) {
    const text = readFileSync(file, "utf8");
    const { name } = JSON.parse(text) as { readonly name: string };
    const own = new RegExp(`("name": "${name}",\\s*"version": ")[^"]+`, "g");
    writeFileSync(file, text.replace(own, `$1${version}`));
  }
}

/** @returns its line of SHA256SUMS */
function build(name: string): string {
  const file = `remote-mcp-proxy-${name}`;
  buildInto(join(OUT, file), name);
  return `${hashOf(join(OUT, file))}  ${file}`;
}

function buildInto(outfile: string, name: string): void {
  const target = name === HOST ? [] : ["--target", TARGETS[name] ?? ""];
  run([process.execPath, "scripts/build.ts", ...target, "--outfile", outfile]);
}

/** The name of the file is in the executable, so both have the same. */
function proveReproducible(): void {
  const name = "remote-mcp-proxy";
  const [first, second] = ["once", "again"].map((folder) => {
    const path = join(OUT, folder, name);
    mkdirSync(join(OUT, folder), { recursive: true });
    buildInto(path, HOST);
    const hash = hashOf(path);
    const said = output([path, "--version"]);
    if (!isDry && said !== version) throw new Error(`the executable says ${said}, not ${version}`);
    rmSync(join(OUT, folder), { recursive: true });
    return hash;
  });
  if (first !== second) throw new Error("two builds of the same source differ");
  console.log(`two builds of ${name} for ${HOST} are the same: ${first}`);
}

function commit(): void {
  run(["git", "add", "CHANGELOG.md", "package.json", "package-lock.json"]);
  run(["git", "commit", "--quiet", "--message", `chore(release): ${version}`]);
  run(["git", "tag", "--annotate", `v${version}`, "--message", `Remote MCP Proxy ${version}`]);
}

function hashOf(path: string): string {
  return new Bun.CryptoHasher("sha256").update(readFileSync(path)).digest("hex");
}

function run(command: readonly string[]): void {
  const { exitCode } = Bun.spawnSync([...command], { stdio: ["ignore", "inherit", "inherit"] });
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}`);
}

function output(command: readonly string[]): string {
  const { exitCode, stdout } = Bun.spawnSync([...command], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}`);
  return stdout.toString().trim();
}
