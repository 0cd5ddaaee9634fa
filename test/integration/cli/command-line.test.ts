/** The command line as a process: what each command prints where, and its exit code. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../helpers/run-program.ts";

const good = { mcpServers: { tool: { command: "sh" } } };
const twoFaults = `{
  // one fault for each line that has one
  "mcpServers": {
    "one": { "command": 7 },
    "two": { "command": "sh", "args": "-x" },
  },
}
`;

describe("usage", () => {
  test.each([
    [["--nope"], "unknown option '--nope'"],
    [["serve", "--nope"], "unknown option '--nope'"],
    [["check", "--nope"], "unknown option '--nope'"],
    [["--config"], "argument missing"],
    [["some-server"], 'unknown command "some-server". To serve one server, write -- before it'],
    [["check", "some-server"], 'unknown command "some-server"'],
    [["schema", "more"], "too many arguments"],
    // Without a command before it, `bun` itself takes the -- where this runs from the source.
    [["serve", "--"], "no command behind --"],
    [["check", "--"], "no command behind --"],
  ])("%j is refused with 2", async (args, words) => {
    const { exitCode, stdout, stderr } = await run(args);
    expect(stderr).toContain(words);
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });
});

describe("help", () => {
  test.each([
    [["--help"], ["serve", "check", "schema", "Exit codes", "docs/configuration.md"]],
    [["help"], ["serve", "check", "schema"]],
    [["-h"], ["Usage: remote-mcp-proxy"]],
    [
      ["serve", "--help"],
      ["--config <file>", "--host", "--port", "--domain", "--log-level", "--stdio", "--tls-cert"],
    ],
    [["help", "serve"], ["Usage: remote-mcp-proxy serve"]],
    [
      ["check", "--help"],
      ["Usage: remote-mcp-proxy check", "--verbose", "--json", "--config"],
    ],
    [
      ["schema", "--help"],
      ["Usage: remote-mcp-proxy schema", "JSON Schema"],
    ],
  ])("%j is on stdout", async (args, words) => {
    const { exitCode, stdout, stderr } = await run(args);
    for (const word of words) expect(stdout).toContain(word);
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
  });

  test("each variable that has a flag is named beside it", async () => {
    const { stdout } = await run(["serve", "--help"]);
    const plain = stdout.replace(/\s+/g, " ");
    for (const name of ["CONFIG_FILE", "CONFIG_PATH", "HOST", "PORT", "DOMAIN", "LOG_LEVEL_SYSTEM"])
      expect(plain).toContain(name);
  });
});

test("schema prints what the repository holds", async () => {
  const { exitCode, stdout } = await run(["schema"]);
  const kept = readFileSync(join(import.meta.dirname, "../../../config.schema.json"), "utf8");
  expect(JSON.parse(stdout)).toEqual(JSON.parse(kept));
  expect(exitCode).toBe(0);
});

describe("check", () => {
  test("a good configuration is 0, with where its programs are", async () => {
    const { exitCode, stdout, stderr } = await run(["check"], { files: { "config.json": good } });
    expect(stdout).toMatch(
      /^tool: \/\S*\/sh\nAuthentication is off: only this machine can call\.\nThe configuration is good\.\n$/,
    );
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
  });

  test("without any file it judges the demo", async () => {
    const { exitCode, stdout } = await run(["check"]);
    expect(stdout).toContain("demo: ");
    expect(exitCode).toBe(0);
  });

  test("every fault is told at once, each with file, line, column and a remedy", async () => {
    const { exitCode, stdout, folder } = await run(["check", "--config", "c.json"], {
      files: { "c.json": twoFaults },
    });
    const lines = stdout.split("\n");
    const place = `${folder}/c.json`;
    expect(lines[0]).toStartWith(`${place}:4:25: error: mcpServers.one.command must be a program`);
    expect(lines[1]).toStartWith(`${place}:5:39: error: mcpServers.two.args must be a list`);
    expect(lines[1]).toContain('Write it as a list: ["…", "…"]');
    expect(stdout).toContain("The configuration is wrong: 2 errors.");
    expect(exitCode).toBe(78);
  });

  test("a program that is missing is an error with its place", async () => {
    const config = '{\n  "mcpServers": {\n    "x": { "command": "no-such-program-here" } } }';
    const { exitCode, stdout } = await run(["check"], { files: { "config.json": config } });
    expect(stdout).toMatch(/config\.json:3:23: error: .*no-such-program-here.*not on the PATH/);
    expect(exitCode).toBe(78);
  });

  test("--json is one document that says the same", async () => {
    const { exitCode, stdout } = await run(["check", "--json", "--config", "c.json"], {
      files: { "c.json": twoFaults },
    });
    const report = JSON.parse(stdout);
    expect(report.ok).toBe(false);
    expect(
      report.problems.map(({ severity, path, line, column, server }: Record<string, unknown>) => ({
        severity,
        path,
        line,
        column,
        server,
      })),
    ).toEqual([
      { severity: "error", path: "mcpServers.one.command", line: 4, column: 25, server: "one" },
      { severity: "error", path: "mcpServers.two.args", line: 5, column: 39, server: "two" },
    ]);
    expect(exitCode).toBe(78);
  });

  test("--verbose shows each setting and its source, --json --verbose too", async () => {
    const options = {
      files: { "c.json": `{\n"mcpServers": {},\n"proxy": {\n"domain": "example.org" } }` },
      env: { CONFIG_PATH: "c.json", PORT: "9000", HOST: "" },
    };
    const { stdout } = await run(["check", "--verbose", "--log-level", "warn"], options);
    const rows = new Map(
      [...stdout.matchAll(/^(\S+) +(.*\S) +\((.*)\)$/gm)].map(([, name, ...rest]) => [name, rest]),
    );
    expect(rows.get("port")).toEqual(["9000", "PORT"]);
    expect(rows.get("host")).toEqual(["127.0.0.1", "default"]);
    expect(rows.get("logLevelMcp")).toEqual(["WARNING", "--log-level"]);
    expect(rows.get("domain")?.[0]).toBe("example.org");
    expect(rows.get("domain")?.[1]).toMatch(/c\.json:4$/);
    expect(rows.get("mcpDomain")).toEqual(["mcp.example.org", "default, from domain"]);
    expect(rows.get("config")?.[1]).toBe("CONFIG_PATH");

    const asJson = JSON.parse((await run(["check", "--verbose", "--json"], options)).stdout);
    expect(asJson.settings).toContainEqual({ setting: "port", value: "9000", from: "PORT" });
  });

  test("a one-server form is judged as it would run", async () => {
    const { exitCode, stdout } = await run(["check", "--", "sh", "-c", "check --nope"]);
    expect(stdout).toMatch(/: \/\S*\/sh\n/);
    expect(exitCode).toBe(0);
    expect((await run(["check", "--stdio", "no-such-program-here"])).exitCode).toBe(78);
  });
});

describe("a configuration that cannot be used ends serve and check with 78", () => {
  test.each([
    [["--config", "gone.json"], {}, /--config .*gone\.json does not exist/],
    [[], { CONFIG_FILE: "gone.json" }, /CONFIG_FILE .*gone\.json does not exist/],
    [[], { CONFIG_PATH: "gone.json" }, /CONFIG_PATH .*gone\.json does not exist/],
    [["--config", "."], {}, /is a folder/],
    [["--config", "broken.json"], {}, /broken\.json:2:1: error: /],
    [["--config", "empty.json"], {}, /empty\.json:1:1: error: .*mcpServers/],
    [["--port", "70000"], {}, /--port must be a port from 0 to 65535/],
    [[], { PORT: "http" }, /PORT must be a port/],
    [["--log-level", "loud"], {}, /--log-level must be ERROR/],
    [[], { PUBLIC_URL: "example.org" }, /PUBLIC_URL must be a URL/],
    [["--stdio", ""], {}, /--stdio names no program/],
    [["--stdio", 'sh "'], {}, /--stdio cannot be split/],
    [["--stdio", "sh", "--", "sh"], {}, /cannot stand beside a command behind --/],
    [["--config", "empty.json", "--", "sh"], {}, /--config cannot stand beside --/],
    [["--tls-cert", "c.pem"], {}, /--tls-cert needs --tls-key/],
    [["--tls-cert", "c.pem", "--tls-key", "k.pem"], {}, /c\.pem does not exist/],
  ] as const)("%j %j", async (args, env, pattern) => {
    const files = { "broken.json": "{\n,", "empty.json": "{}" };
    const served = await run([...args], { env, files });
    expect(served.stderr).toMatch(pattern);
    expect(served.stderr).not.toMatch(/\n\s+at /);
    expect(served.stdout).toBe("");
    expect(served.exitCode).toBe(78);

    const checked = await run(["check", ...args], { env, files });
    expect(checked.stdout).toMatch(pattern);
    expect(checked.exitCode).toBe(78);
  });
});
