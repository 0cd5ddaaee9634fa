/** `import` from the files of clients and from a supergateway command line. */
import { describe, expect, test } from "bun:test";
import { parse } from "jsonc-parser";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, run, type RunOptions } from "../../helpers/run-program.ts";

interface Config {
  readonly mcpServers: Readonly<Record<string, unknown>>;
  readonly proxy?: object;
}

async function imported(args: readonly string[], options: RunOptions = {}) {
  const { exitCode, stdout, stderr } = await run(["import", ...args], options);
  expect({ exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({ exitCode: 0, stderr: "" });
  return { config: JSON.parse(stdout) as Config, stderr };
}

const npx = (name: string) => ({ command: "npx", args: ["-y", name] });

describe("the file of", () => {
  test("Claude Desktop: texts that look like variables stay texts", async () => {
    const entry = { ...npx("a"), env: { TOKEN: "${x}" }, disabled: true };
    const { config } = await imported(["desktop.json"], {
      files: { "desktop.json": { mcpServers: { a: entry }, globalShortcut: "x" } },
    });
    expect(config.mcpServers).toEqual({ a: { ...entry, env: { TOKEN: "$${x}" } } });
  });

  test("Claude Code: of the project and of every project, remote servers left out", async () => {
    const { config, stderr } = await imported([".mcp.json", ".claude.json"], {
      files: {
        ".mcp.json": {
          mcpServers: { a: { ...npx("a"), type: "stdio", env: { K: "${KEY:-none}" } } },
        },
        ".claude.json": {
          mcpServers: { far: { type: "http", url: "https://example.org/mcp" } },
          projects: { "/home/me/work": { mcpServers: { b: npx("b") } }, "/tmp": {} },
        },
      },
    });
    expect(config.mcpServers).toEqual({
      a: { ...npx("a"), env: { K: "${KEY:-none}" } },
      b: { ...npx("b"), cwd: "/home/me/work" },
    });
    expect(stderr).toContain("far (Claude Code) is a remote server");
  });

  test("VS Code: comments, inputs, variables of the editor", async () => {
    const text = `{
      // the servers
      "inputs": [{ "id": "github-token", "type": "promptString" }],
      "servers": { "gh": {
        "type": "stdio", "command": "npx", "args": ["-y", "gh", "\${workspaceFolder}"],
        "env": { "T": "\${input:github-token}", "H": "\${env:HOST_NAME}" }, "envFile": ".env",
      } },
    }`;
    const { config, stderr } = await imported([".vscode/mcp.json"], {
      files: { ".vscode/mcp.json": text },
    });
    expect(config.mcpServers).toEqual({
      gh: {
        command: "npx",
        args: ["-y", "gh", "$${workspaceFolder}"],
        env: { T: "${GITHUB_TOKEN}", H: "${HOST_NAME}" },
      },
    });
    expect(stderr).toContain("set the variable GITHUB_TOKEN");
    expect(stderr).toContain("${workspaceFolder} means nothing outside the editor");
    expect(stderr).toContain('"envFile" has no counterpart');
  });

  test("Cursor, with the variables that it shares with VS Code", async () => {
    const { config } = await imported([".cursor/mcp.json"], {
      files: {
        ".cursor/mcp.json": { mcpServers: { a: { ...npx("a"), env: { P: "${userHome}" } } } },
      },
    });
    expect(config.mcpServers).toEqual({ a: { ...npx("a"), env: { P: "${HOME}" } } });
  });

  test("Windsurf, whose remote servers have another key", async () => {
    const path = ".codeium/windsurf/mcp_config.json";
    const { config, stderr } = await imported([path], {
      files: {
        [path]: { mcpServers: { a: npx("a"), far: { serverUrl: "https://x.example/mcp" } } },
      },
    });
    expect(config.mcpServers).toEqual({ a: npx("a") });
    expect(stderr).toContain("far (Windsurf) is a remote server");
  });
});

test("without a name the usual places of this user are looked at", async () => {
  const { config, stderr } = await imported([], {
    files: {
      ".config/Claude/claude_desktop_config.json": { mcpServers: { a: npx("a"), b: npx("b") } },
      ".cursor/mcp.json": { mcpServers: { a: npx("a"), b: npx("other") } },
    },
  });
  expect(config.mcpServers).toEqual({ a: npx("a"), b: npx("b"), "b-cursor": npx("other") });
  expect(stderr).toContain("a of Cursor is there already");
});

describe("a supergateway command line", () => {
  const words = [
    "npx",
    "-y",
    "supergateway@3",
    "--stdio",
    "npx -y 'the server' /tmp",
    "--port",
    "9000",
  ];
  const expected = { command: "npx", args: ["-y", "the server", "/tmp"] };

  test("behind --, with the settings that its flags stand for", async () => {
    const more = ["--cors", "https://a.example", "--sessionTimeout=60000", "--stateful"];
    const { config, stderr } = await imported(["--", ...words, ...more]);
    expect(Object.values(config.mcpServers)).toEqual([expected]);
    expect(config.proxy).toEqual({
      port: 9000,
      allowedOrigins: ["https://a.example"],
      limits: { sessionIdle: 60_000 },
    });
    expect(stderr).toContain("--stateful is not needed");
  });

  test("in one text", async () => {
    const { config } = await imported([
      `npx -y supergateway --stdio "npx -y 'the server' /tmp" --port 9000`,
    ]);
    expect(Object.values(config.mcpServers)).toEqual([expected]);
  });

  test("as a client of a remote server is refused with the reason", async () => {
    const { exitCode, stderr } = await run(["import", "--", "supergateway", "--sse", "https://x"]);
    expect(exitCode).toBe(78);
    expect(stderr).toContain("only --stdio can be taken over");
  });
});

describe("--into", () => {
  const script = (file: string): RunOptions => ({
    files: {
      "config.json": file,
      "other.json": { mcpServers: { a: npx("a"), b: npx("b") } },
    },
  });

  test("a file keeps its comments and what it has, and is whole", async () => {
    const text = '{\n  // mine\n  "mcpServers": {\n    "a": { "command": "mine" }\n  }\n}\n';
    const folder = makeFolder(script(text).files);
    using _ = { [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
    const file = join(folder, "config.json");
    const { exitCode, stderr } = await run(["import", join(folder, "other.json"), "--into", file]);
    expect(exitCode).toBe(0);
    expect(stderr).toContain("config.json: added a-claude-desktop, b");
    const written = readFileSync(file, "utf8");
    expect(written).toContain("// mine");
    expect(parse(written)).toEqual({
      mcpServers: { a: { command: "mine" }, "a-claude-desktop": npx("a"), b: npx("b") },
    });
    expect(readdirSync(folder).sort()).toEqual(["config.json", "other.json"]);
  });

  test("a broken file is left as it is", async () => {
    const { exitCode, stderr } = await run(["import", "other.json", "--into", "config.json"], {
      ...script('{ "mcpServers": '),
    });
    expect({ exitCode, isNamed: stderr.includes("config.json is no JSON") }).toEqual({
      exitCode: 78,
      isNamed: true,
    });
  });
});

test.each([
  [["missing.json"], "there is no such file [NO_SUCH_FILE]\n"],
  [["empty.json"], "no servers are named in it [NOTHING_TO_IMPORT]\n"],
  [[], "no local server was found: name the files to import [NOTHING_TO_IMPORT]\n"],
  [["supergateway --stdio"], " [IMPORT_FAILED]\n"],
])("import %j says what is wrong", async (args, message) => {
  const { exitCode, stdout, stderr } = await run(["import", ...args], {
    files: { "empty.json": { theme: "dark" } },
  });
  expect({ exitCode, stdout }).toEqual({ exitCode: 78, stdout: "" });
  expect(stderr).toContain(message);
});

test("what is imported is a good configuration", async () => {
  const { config } = await imported(["d.json"], {
    files: { "d.json": { mcpServers: { a: npx("a") } } },
  });
  const { exitCode } = await run(["check", "--config", "config.json"], {
    files: { "config.json": config },
  });
  expect(exitCode).toBe(0);
});
