/** `check`: every problem at once, the programs of the servers, the exit code. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCheck } from "../../../src/cli/check.ts";

const folder = mkdtempSync(join(tmpdir(), "cli-check-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, "bin"));
mkdirSync(join(folder, "sub"));
writeFileSync(join(folder, "bin/good"), "#!/bin/sh\n", { mode: 0o755 });
writeFileSync(join(folder, "sub/local"), "#!/bin/sh\n", { mode: 0o755 });
writeFileSync(join(folder, "sub/plain"), "text", { mode: 0o644 });

function check(config: unknown, given: { verbose?: boolean; json?: boolean } = {}) {
  const text = typeof config === "string" ? config : JSON.stringify(config, null, 2);
  writeFileSync(join(folder, "c.json"), text);
  let output = "";
  const exitCode = runCheck({
    flags: { config: "c.json" },
    env: { PATH: join(folder, "bin"), HOME: folder, PORT: "9000" },
    workingFolder: folder,
    selfCommand: ["/gateway"],
    verbose: false,
    json: false,
    print: (part) => {
      output += part;
    },
    ...given,
  });
  return { exitCode, output };
}

describe("programs", () => {
  test.each([
    ["on the PATH", { command: "good" }, "bin/good"],
    [
      "on the PATH of its env",
      { command: "local", env: { PATH: join(folder, "sub") } },
      "sub/local",
    ],
    ["by a relative path", { command: "sub/local" }, "sub/local"],
    ["by a path from its cwd", { command: "./local", cwd: "sub" }, "sub/local"],
    ["by an absolute path", { command: join(folder, "bin/good") }, "bin/good"],
    ["in a folder that is made at start", { command: "good", cwd: "${SERVER_DATA}" }, "bin/good"],
  ])("found %s", (_, entry, program) => {
    const { exitCode, output } = check({ mcpServers: { a: entry } });
    expect(output).toContain(`a: ${join(folder, program)}\n`);
    expect(exitCode).toBe(0);
  });

  test.each([
    [{ command: "npx", runtime: "system" }, "command", "not on the PATH", 'remove "runtime"'],
    [{ command: "uvx" }, "command", "not on the PATH", "Install uv"],
    [{ command: "python" }, "command", "not on the PATH", "python3"],
    [{ command: "docker" }, "command", "not on the PATH", "Install Docker"],
    [{ command: "constructor" }, "command", "not on the PATH", "Install it"],
    [{ command: "npx -y x" }, "command", "not on the PATH", '"args"'],
    [{ command: "./no" }, "command", "no executable file", "Correct the path"],
    [{ command: "sub/plain" }, "command", "no executable file", "chmod +x"],
    [{ command: "./sub" }, "command", "no executable file", "Correct the path"],
    [{ command: "good", cwd: "no" }, "cwd", "does not exist", "Make the folder"],
    [{ command: "good", cwd: "bin/good" }, "cwd", "is no folder", "Make the folder"],
  ])("%j is wrong", (entry, key, message, hint) => {
    const { exitCode, output } = check({ mcpServers: { a: entry, b: { command: "good" } } });
    const line = output.split("\n").find((one) => one.includes("error:")) ?? "";
    expect(line).toStartWith(`${join(folder, "c.json")}:`);
    expect(line).toContain(`error: mcpServers.a.${key} `);
    expect(line).toContain(message);
    expect(line).toContain(hint);
    expect(line).toEndWith(` [CONFIG_${key === "cwd" ? "FOLDER" : "PROGRAM"}_MISSING]`);
    // The place is that of the value.
    const [, row = "", column = ""] = /c\.json:(\d+):(\d+):/.exec(line) ?? [];
    const lines = JSON.stringify({ mcpServers: { a: entry } }, null, 2).split("\n");
    const value = (entry as Readonly<Record<string, string>>)[key] ?? "";
    expect(lines[Number(row) - 1]?.slice(Number(column) - 1)).toStartWith(JSON.stringify(value));
    expect(output).toContain(`b: ${join(folder, "bin/good")}\n`);
    expect(exitCode).toBe(78);
  });
});

describe("servers of the built-in runtime", () => {
  test.each([
    ["npx", ["-y", "@x/y@1"], "built-in runtime, in place of npx: @x/y@1, installed at its first"],
    ["node", ["dist/a.js"], "built-in runtime, in place of node: /"],
    ["bun", ["run", "start"], "built-in runtime, in place of bun"],
  ])("%s %j needs nothing of the machine", (command, args, program) => {
    const { exitCode, output } = check({ mcpServers: { a: { command, args } } });
    expect(output).toContain(`a: ${program}`);
    expect(exitCode).toBe(0);
  });

  test("a command line that only npx itself understands is wrong, with the reason", () => {
    const entry = { command: "npx", args: ["-c", "server | tee log"] };
    const { exitCode, output } = check({ mcpServers: { a: entry } });
    expect(output).toMatch(
      /mcpServers\.a\.args .*no npx on this machine.* -c, .*shell.*Node\.js.* \[CONFIG_NOT_RUNNABLE\]$/m,
    );
    expect(exitCode).toBe(78);
  });

  test("the machine's own npx is preferred, unless the entry says otherwise", () => {
    const bin = join(folder, "node-bin");
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, "npx"), "#!/bin/sh\n", { mode: 0o755 });
    const entry = { command: "npx", args: ["-y", "x"], env: { PATH: bin } };
    const found = (more: object) => check({ mcpServers: { a: { ...entry, ...more } } }).output;
    // An npx without a node is a script without its interpreter.
    expect(found({})).toContain("a: built-in runtime");
    writeFileSync(join(bin, "node"), "#!/bin/sh\n", { mode: 0o755 });
    expect(found({})).toContain(`a: ${join(bin, "npx")}`);
    expect(found({ runtime: "self" })).toContain("a: built-in runtime");
    rmSync(join(bin, "npx"));
    expect(found({ command: join(bin, "npx") })).toContain("a: built-in runtime");
    expect(found({ runtime: "system" })).toContain("names the program npx");
  });
});

describe("the report", () => {
  test("tells problems of file, settings and programs at once", () => {
    const { exitCode, output } = check({
      mcpServers: { a: { command: "no-such" }, b: { args: 5 } },
      proxy: { port: "x" },
    });
    expect(output).toMatch(
      /mcpServers\.a\.command names the program no-such, .* \[CONFIG_PROGRAM_MISSING\]$/m,
    );
    expect(output).toContain("mcpServers.b.command is missing");
    expect(output).toContain("mcpServers.b.args must be a list");
    expect(output).toContain("proxy.port must be a port");
    expect(output).toContain("The configuration is wrong: 4 errors.");
    expect(exitCode).toBe(78);
  });

  test("is good with warnings alone", () => {
    const { exitCode, output } = check({ mcpServers: { Good: { command: "good" } } });
    expect(output).toContain("warning: mcpServers.Good is served at /good/mcp");
    expect(output).toContain("The configuration is good, 1 warning.");
    expect(exitCode).toBe(0);
  });

  test("shows every setting and its origin when asked", () => {
    const config = { mcpServers: { a: { command: "good" } }, proxy: { limits: { drain: "1s" } } };
    const { output } = check(config, { verbose: true });
    expect(output).toMatch(/^port +9000 +\(PORT\)$/m);
    expect(output).toMatch(/^host +127\.0\.0\.1 +\(default\)$/m);
    expect(output).toMatch(/^limits\.drain +1s +\(.*c\.json:9\)$/m);
    expect(output).toMatch(/^config +.*c\.json +\(--config\)$/m);
    expect(check(config).output).not.toContain("(PORT)");
  });

  test("is one JSON document for machines", () => {
    const { exitCode, output } = check(
      { mcpServers: { a: {}, b: { command: "good" } } },
      { json: true, verbose: true },
    );
    expect(JSON.parse(output)).toMatchObject({
      ok: false,
      problems: [
        {
          severity: "error",
          code: "CONFIG_MISSING_KEY",
          path: "mcpServers.a.command",
          line: 3,
          server: "a",
        },
      ],
      servers: [{ server: "b", program: join(folder, "bin/good") }],
      skipped: [{ name: "a" }],
      settings: expect.any(Array),
    });
    expect(exitCode).toBe(78);
  });

  test("lets nothing of the file move the cursor", () => {
    const { output } = check({ mcpServers: { a: { command: "\u001b[2J\nx\u009b" } } });
    expect(output).toContain("error:");
    expect(output).not.toMatch(/[\u001b\u009b]/);
    expect(output.trimEnd().split("\n")).toHaveLength(3);
  });
});
