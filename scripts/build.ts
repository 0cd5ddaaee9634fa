/**
 * Builds dist/remote-mcp-proxy, the one self-contained executable.
 *
 *   bun scripts/build.ts [--target bun-linux-arm64] [--outfile dist/name]
 *
 * The flags of the compiler live here and nowhere else. The executable reads neither `.env` nor
 * `bunfig.toml` of the folder it is started in: a preload named there would run as ours.
 */
import { statSync } from "node:fs";
import { parseArgs } from "node:util";

import packageJson from "../package.json" with { type: "json" };

const { values: options } = parseArgs({
  options: { target: { type: "string" }, outfile: { type: "string" } },
});
const isCross = options.target !== undefined;
const name = isCross
  ? `remote-mcp-proxy-${options.target?.replace(/^bun-/, "")}`
  : "remote-mcp-proxy";
const outfile = options.outfile ?? `dist/${name}`;
const startedMs = performance.now();

const result = await Bun.build({
  entrypoints: ["src/main.ts"],
  target: "bun",
  minify: true,
  // What is imported when it is needed lies in files of its own. In one file with the rest, bytecode of
  // the authorization engine cost every start 4 ms and 3 MB.
  splitting: true,
  // Embedded, so that stack traces name src/file.ts:line although the code is minified.
  sourcemap: "linked",
  // Halves the start. Left out for other targets, whose executables nothing here can try out.
  bytecode: !isCross,
  // Bytecode alone implies CommonJS, which refuses top-level await.
  format: "esm",
  define: { REMOTE_MCP_PROXY_VERSION: JSON.stringify(packageJson.version) },
  compile: {
    outfile,
    ...(isCross ? { target: options.target as Bun.Build.CompileTarget } : {}),
    // Bun trusts only its bundled roots otherwise, and a private CA of the host would not count.
    execArgv: ["--use-system-ca"],
    autoloadDotenv: false,
    autoloadBunfig: false,
  },
});

for (const log of result.logs) console.error(String(log));
if (!result.success) process.exit(1);

const megabytes = (statSync(outfile).size / 1e6).toFixed(0);
const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
console.error(`built ${outfile} ${packageJson.version} (${megabytes} MB, ${seconds} s)`);
