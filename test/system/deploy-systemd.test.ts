/** The generated unit is read by systemd itself, and is as closed as docs/systemd.md says. */
import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gatewayCommand } from "../helpers/gateway.ts";
import { makeFolder } from "../helpers/run-program.ts";
import { SOON_MS, withDeadline } from "../helpers/wait.ts";

async function outcome(command: readonly string[]) {
  const child = Bun.spawn([...command], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return withDeadline(ended, SOON_MS, command.join(" "));
}

async function unitFile(words: readonly string[] = []): Promise<string> {
  const [binary = ""] = gatewayCommand(true);
  const [exitCode, unit] = await outcome([binary, "deploy", "systemd", ...words]);
  expect(exitCode).toBe(0);
  const file = join(makeFolder(), "remote-mcp-proxy.service");
  // The program is not installed at its place here, and the check looks for it.
  writeFileSync(
    file,
    unit.replace("ExecStart=/usr/local/bin/remote-mcp-proxy", "ExecStart=/bin/true"),
  );
  return file;
}

test.each([
  ["a user of systemd's", []],
  ["a user that exists", ["--user", "root"]],
  ["credentials", ["--credential", "token:/etc/hostname"]],
])("systemd-analyze finds nothing wrong with %s", async (_, words) => {
  const file = await unitFile(words);
  const [exitCode, stdout, stderr] = await outcome(["systemd-analyze", "verify", file]);
  expect({ exitCode, text: stdout + stderr }).toEqual({ exitCode: 0, text: "" });
  writeFileSync(file, readFileSync(file, "utf8").replace("[Service]", "[Service]\nBogus=1"));
  expect((await outcome(["systemd-analyze", "verify", file])).join("")).toContain("Bogus");
});

test("the exposure is the one that the documentation quotes", async () => {
  const file = await unitFile();
  const [, stdout] = await outcome(["systemd-analyze", "security", "--offline=true", file]);
  const level = /exposure level for \S+: (\d+\.\d+)/.exec(stdout)?.[1];
  const docs = readFileSync(join(import.meta.dir, "../../docs/systemd.md"), "utf8");
  expect(Number(level)).toBeLessThanOrEqual(2);
  expect(docs).toContain(`exposure level ${level}`);
});
