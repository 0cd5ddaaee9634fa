/** Completions know every command and option that `--help` shows. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { gatewayCommand } from "../../helpers/gateway.ts";
import { run } from "../../helpers/run-program.ts";
import { SOON_MS, withDeadline } from "../../helpers/wait.ts";

async function inBash(line: string): Promise<readonly string[]> {
  const words = line.split(" ");
  const command = gatewayCommand()
    .map((word) => JSON.stringify(word))
    .join(" ");
  const script = `source <(${command} completion bash)
    COMP_WORDS=(${words.map((word) => JSON.stringify(word)).join(" ")}); COMP_CWORD=${words.length - 1}
    _remote_mcp_proxy; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const child = Bun.spawn(["bash", "-euc", script], {
    cwd: join(import.meta.dir, "../../.."),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const output = await withDeadline(child.stdout.text(), SOON_MS, "bash");
  return output.split("\n").filter((word) => word !== "");
}

test.each([
  ["remote-mcp-proxy im", ["import"]],
  ["remote-mcp-proxy deploy ", ["compose", "systemd", "traefik"]],
  ["remote-mcp-proxy deploy traefik --ba", ["--backend"]],
  ["remote-mcp-proxy --dom", ["--domain"]],
  ["remote-mcp-proxy --config pack", ["package-lock.json", "package.json"]],
])("bash completes %j", async (line, expected) => {
  const found = await inBash(line);
  for (const word of expected) expect(found).toContain(word);
  if (!line.endsWith(" ")) expect([...found].sort()).toEqual([...expected]);
});

test.each(["bash", "zsh", "fish"])(
  "the script for %s names all commands of --help",
  async (shell) => {
    const help = (await run(["--help"])).stdout;
    const commands = [...help.matchAll(/^ {2}([a-z][a-z-]*)\b.* {2,}\S/gm)].map(
      (match) => match[1],
    );
    expect(commands).toContain("connect");
    const { stdout } = await run(["completion", shell]);
    const missing = commands.filter(
      (command) => command !== "help" && !stdout.includes(`${command}`),
    );
    expect(missing).toEqual([]);
  },
);

test("an unknown shell is refused with the known ones", async () => {
  const { exitCode, stderr } = await run(["completion", "tcsh"]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("bash, zsh, fish");
});
