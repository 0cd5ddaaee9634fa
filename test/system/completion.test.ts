/** Completions for zsh and fish are read by these shells themselves. */
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gatewayCommand } from "../helpers/gateway.ts";
import { makeFolder } from "../helpers/run-program.ts";
import { SOON_MS, withDeadline } from "../helpers/wait.ts";

async function scriptFor(shell: string): Promise<string> {
  const [binary = ""] = gatewayCommand(true);
  const child = Bun.spawn([binary, "completion", shell], { stdio: ["ignore", "pipe", "inherit"] });
  const file = join(makeFolder(), `completion.${shell}`);
  writeFileSync(file, await withDeadline(child.stdout.text(), SOON_MS, shell));
  return file;
}

async function outputOf(command: readonly string[]) {
  const child = Bun.spawn([...command], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return withDeadline(ended, SOON_MS, command.join(" "));
}

test("fish completes commands, subcommands and options", async () => {
  const file = await scriptFor("fish");
  const complete = (line: string) =>
    outputOf(["fish", "--no-config", "-c", `source ${file}; complete -C '${line}'`]);
  const [, commands, errors] = await complete("remote-mcp-proxy de");
  expect(errors).toBe("");
  expect(commands).toContain("deploy\t");
  expect((await complete("remote-mcp-proxy deploy tr"))[1]).toContain("traefik\t");
  expect((await complete("remote-mcp-proxy deploy traefik --ba"))[1]).toContain("--backend");
});

test("zsh reads the script and defines the function", async () => {
  const file = await scriptFor("zsh");
  const check = `autoload -Uz compinit && compinit -u -D; source ${file}; whence -w _remote_mcp_proxy; print $_comps[remote-mcp-proxy]`;
  const [exitCode, stdout, stderr] = await outputOf(["zsh", "-f", "-c", check]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toBe("_remote_mcp_proxy: function\n_remote_mcp_proxy\n");
});
