/**
 * Pure. What to do when the program of a server is not there.
 */

import type { RuntimeMode } from "../config/model.ts";
import { standInFor } from "../runtime/package-spec.ts";

const HINTS: Readonly<Record<string, string>> = {
  npx: "Install Node.js, which brings npx (https://nodejs.org).",
  npm: "Install Node.js, which brings npm (https://nodejs.org).",
  node: "Install Node.js (https://nodejs.org).",
  nodejs: 'Write "node", or install Node.js (https://nodejs.org).',
  pnpm: "Install pnpm (https://pnpm.io).",
  yarn: "Install Yarn (https://yarnpkg.com).",
  uvx: "Install uv, which brings uvx (https://docs.astral.sh/uv).",
  uv: "Install uv (https://docs.astral.sh/uv).",
  python: 'Write "python3", or install Python (https://www.python.org).',
  python3: "Install Python (https://www.python.org).",
  pipx: "Install pipx (https://pipx.pypa.io).",
  bun: "Install Bun (https://bun.sh).",
  bunx: "Install Bun, which brings bunx (https://bun.sh).",
  deno: "Install Deno (https://deno.com).",
  docker: "Install Docker (https://docs.docker.com/get-docker).",
  podman: "Install Podman (https://podman.io).",
  go: "Install Go (https://go.dev).",
  java: "Install a Java runtime.",
  dotnet: "Install .NET (https://dotnet.microsoft.com).",
};

/** One sentence for a program that was not found. */
export function missingProgramHint(command: string, runtime: RuntimeMode): string {
  if (/\s/.test(command.trim())) {
    return 'Put only the program in "command", and its arguments in "args".';
  }
  if (command.includes("/")) {
    return 'Correct the path, or make the file executable (chmod +x). A relative path starts at "cwd".';
  }
  if (runtime === "system" && standInFor(command) !== undefined) {
    return 'Install it, or remove "runtime": "system": this executable runs such servers by itself.';
  }
  const advice = (Object.hasOwn(HINTS, command) ? HINTS[command] : undefined) ?? "Install it.";
  return `${advice} Or write its whole path in "command", or add its folder to PATH in "env".`;
}
