/**
 * Makes node_modules fit package-lock.json, with nothing on the machine but Node 20 and npm.
 *
 *   node scripts/setup.mjs prod    what `npm start` and `npm run build` need
 *   node scripts/setup.mjs full    what the tests need as well; satisfies `prod` too
 *
 * Says in one line what it does and does nothing when nothing is needed. Plain JavaScript, because
 * it runs before Bun is there.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const stampFile = join(modules, ".setup.json");
const bun = join(modules, ".bin", "bun");
const INSTALL_TIMEOUT_MS = 10 * 60_000;
const oldestNode = 20;

const kind = process.argv[2];
if (kind !== "prod" && kind !== "full") fail("usage: node scripts/setup.mjs prod|full");
if (Number(process.versions.node.split(".")[0]) < oldestNode)
  fail(`this is Node ${process.versions.node}, but Node ${oldestNode} or newer is needed`);

const lockText = read(join(root, "package-lock.json"));
if (lockText === undefined) fail("package-lock.json is missing: is this a whole clone?");
const lockHash = createHash("sha256").update(lockText).digest("hex");

if (!isStamped()) {
  if (!isInstalledByHand()) install();
  else stamp();
}
if (!bunRuns()) repairBun();

/** True when an earlier run of this program left node_modules as it is wanted now. */
function isStamped() {
  const found = parse(read(stampFile));
  return found?.lockHash === lockHash && (found.kind === "full" || found.kind === kind);
}

/**
 * True when somebody ran npm himself: npm's own record of what it installed names every package
 * that the lock file asks for. Spares a second install, and never pulls a tree away from programs
 * that are running from it.
 */
function isInstalledByHand() {
  const installed = parse(read(join(modules, ".package-lock.json")))?.packages;
  const wanted = parse(lockText)?.packages;
  if (installed === undefined || wanted === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    const isNeeded =
      path !== "" && !entry.optional && !entry.peer && (kind === "full" || !entry.dev);
    return !isNeeded || installed[path]?.version === entry.version;
  });
}

function install() {
  const what = kind === "full" ? "all dependencies" : "the dependencies of the program";
  say(`installing ${what} from package-lock.json`);
  const quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  const omit = kind === "full" ? ["--include=dev"] : ["--omit=dev"];
  const npm = npmCommand(["ci", ...omit, ...quiet]);
  const result = spawnSync(npm.command, npm.args, {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    timeout: INSTALL_TIMEOUT_MS,
    shell: npm.shell,
  });
  if (result.error !== undefined) fail(`npm could not be run: ${result.error.message}`);
  if (result.status !== 0)
    fail(
      `npm ci ended with ${result.status ?? result.signal}; its message is above. ` +
        "If it speaks of the network: the npm registry must be reachable from here.",
    );
  stamp();
}

/** The npm that runs us, else the one on the PATH (a .cmd file on Windows, which needs a shell). */
function npmCommand(args) {
  const own = process.env.npm_execpath;
  if (own !== undefined && /npm-cli\.c?js$/.test(own))
    return { command: process.execPath, args: [own, ...args], shell: false };
  return { command: "npm", args, shell: process.platform === "win32" };
}

function stamp() {
  writeFileSync(stampFile, `${JSON.stringify({ lockHash, kind })}\n`);
}

function bunRuns() {
  if (!existsSync(bun) && process.platform !== "win32") return false;
  const result = spawnSync(process.platform === "win32" ? `${bun}.cmd` : bun, ["--version"], {
    encoding: "utf8",
    timeout: 30_000,
    shell: process.platform === "win32",
  });
  return result.status === 0 && /^\d+\.\d+\.\d+/.test(result.stdout);
}

/** npm was told not to run install scripts, so the package `bun` holds only a placeholder. */
function repairBun() {
  say("finishing the installation of Bun, since its install script did not run");
  const folder = join(modules, "bun");
  if (!existsSync(join(folder, "install.js")))
    fail("the npm package bun is missing. Remove node_modules and try again.");
  const result = spawnSync(process.execPath, ["install.js"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
    timeout: INSTALL_TIMEOUT_MS,
  });
  if (result.status !== 0 || !bunRuns())
    fail(
      "Bun from npm does not run on this machine. Try `npm ci --include=optional`; " +
        `Bun needs Linux, macOS or Windows on x64 or arm64, and this is ${process.platform} ${process.arch}.`,
    );
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** The value of a JSON text, or undefined when it is absent or torn: then we install anew. */
function parse(text) {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function say(text) {
  console.error(`setup: ${text} …`);
}

function fail(text) {
  console.error(`setup: ${text}`);
  process.exit(1);
}
