#!/usr/bin/env node
/**
 * The command of the npm package: `npx remote-mcp-proxy` and `bunx remote-mcp-proxy`. Runs the
 * program's source on the Bun that the package depends on, or on the one that runs this file.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
// A bunfig.toml or .env of the folder would run or set what nobody asked for.
const flags = [
  "--no-env-file",
  "--config=/dev/null",
  "--use-system-ca",
  "--define",
  `REMOTE_MCP_PROXY_VERSION=${JSON.stringify(version)}`,
  join(root, "src", "main.ts"),
];

const child = spawn(
  process.versions.bun ? process.execPath : findBun(),
  [...flags, ...process.argv.slice(2)],
  {
    stdio: "inherit",
  },
);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => fail(error.message));
child.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === null ? 1 : 143);
});

/** npm may have been told not to run install scripts; then the executable is put in place here. */
function findBun() {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve("bun/package.json"));
  const executable = join(folder, "bin", "bun.exe");
  const works = () =>
    existsSync(executable) &&
    spawnSync(executable, ["--version"], { stdio: "ignore" }).status === 0;
  if (works()) return executable;
  spawnSync(process.execPath, ["install.js"], { cwd: folder, stdio: "ignore" });
  if (works()) return executable;
  return fail("Bun, which this package depends on, could not be installed for this machine");
}

function fail(message) {
  console.error(`remote-mcp-proxy: ${message}`);
  process.exit(1);
}
