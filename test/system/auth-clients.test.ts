/**
 * MCP Inspector and mcp-remote as real programs against the executable over HTTPS: they sign in by a
 * person at a scripted browser, keep their tokens, refresh them, and take a key in a header.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Browser } from "../helpers/auth/browser.ts";
import {
  authorizeAt,
  type SecureGateway,
  startSecureGateway,
} from "../helpers/auth/secure-gateway.ts";
import { ClientProgram, installClientPrograms } from "../helpers/client-programs.ts";
import { fixtureServer } from "../helpers/fixtures.ts";
import { notification, request, toolCall } from "../helpers/raw-http.ts";
import { initializeRequest } from "../helpers/raw-session.ts";
import { run } from "../helpers/run-program.ts";

const INSTALL_MS = 5 * 60_000;
let secure: SecureGateway;
let home: string;
let key: string;

beforeAll(async () => {
  await installClientPrograms();
  home = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-clients-"));
  secure = await startSecureGateway({ servers: { echo: fixtureServer("echo") }, binary: true });
  const env = { DATA_DIR: join(secure.gateway.folder, "data") };
  key = JSON.parse((await run(["key", "add", "--json"], { env, binary: true })).stdout).key;
}, INSTALL_MS);
afterAll(async () => {
  await secure[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

const echo = ["--method", "tools/call", "--tool-name", "echo", "--tool-arg", "text=hello"];

function inspector(args: readonly string[]): ClientProgram {
  const storage = { MCP_AUTO_OPEN_ENABLED: "true", MCP_STORAGE_DIR: join(home, "inspector") };
  return new ClientProgram("inspector", args, home, storage);
}

test.each([
  ["by registration", []],
  ["in the modern era", ["--protocol-era", "modern"]],
])("MCP Inspector %s: a person's leave, then a call", async (_, args) => {
  await using program = inspector([secure.mcp("echo"), "--transport", "http", ...echo, ...args]);
  const page = await authorizeAt(new Browser(), await program.authorizationUrl());
  expect(page.status).toBe(200);
  expect(page.url.pathname).toBe("/oauth/callback");
  expect(await program.ended()).toBe(0);
  expect(JSON.parse(program.stdout).content[0].text).toBe("hello");
});

test("MCP Inspector with a key in a header asks nobody", async () => {
  const header = ["--header", `Authorization: Bearer ${key}`];
  await using program = inspector([secure.mcp("echo"), "--transport", "http", ...echo, ...header]);
  expect(await program.ended()).toBe(0);
  expect(JSON.parse(program.stdout).content[0].text).toBe("hello");
  expect(program.stderr).not.toContain("/authorize");
});

async function talk(program: ClientProgram, id: number): Promise<unknown> {
  await program.write({ ...initializeRequest(), id });
  await program.answer(id);
  await program.write(notification("notifications/initialized"));
  await program.write(toolCall(id + 1, "echo", { text: `hello ${id}` }));
  return (await program.answer(id + 1))["result"].content[0].text;
}

test.each([
  ["mcp", []],
  ["sse", ["--transport", "sse-only"]],
] as const)(
  "mcp-remote at /%s: a person's leave, the tokens kept, refreshed, and ended",
  async (path, args) => {
    const config = join(home, `remote-${path}`);
    const url = `${secure.origin("echo")}/${path}`;
    const start = () =>
      new ClientProgram("mcp-remote", [url, "--auth-timeout", "120", ...args], home, {
        MCP_REMOTE_CONFIG_DIR: config,
      });
    {
      await using program = start();
      const page = await authorizeAt(new Browser(), await program.authorizationUrl());
      expect(page.status).toBe(200);
      expect(await talk(program, 1)).toBe("hello 1");
    }
    const tokens = tokenFile(config);
    const first = JSON.parse(readFileSync(tokens, "utf8"));
    {
      await using program = start();
      expect(await talk(program, 3)).toBe("hello 3");
      expect(program.stderr).not.toContain("/authorize?");
    }
    writeFileSync(tokens, JSON.stringify({ ...first, access_token: "spoilt" }));
    {
      await using program = start();
      expect(await talk(program, 5)).toBe("hello 5");
      expect(program.stderr).not.toContain("/authorize?");
    }
    const renewed = JSON.parse(readFileSync(tokens, "utf8"));
    expect([first.access_token, "spoilt"]).not.toContain(renewed.access_token);
    expect(renewed.refresh_token).not.toBe(first.refresh_token);
  },
);

test("mcp-remote with a key in a header asks nobody", async () => {
  const header = ["--header", `Authorization:Bearer ${key}`];
  await using program = new ClientProgram("mcp-remote", [secure.mcp("echo"), ...header], home, {
    MCP_REMOTE_CONFIG_DIR: join(home, "remote-key"),
  });
  expect(await talk(program, 1)).toBe("hello 1");
  await program.write(request(9, "tools/list"));
  expect((await program.answer(9))["result"].tools.length).toBeGreaterThan(1);
  expect(program.stderr).not.toContain("/authorize?");
});

function tokenFile(config: string): string {
  const path = readdirSync(config, { recursive: true, encoding: "utf8" }).find((name) =>
    /tokens\.json$/.test(name),
  );
  if (path === undefined) throw new Error("mcp-remote kept no tokens");
  return join(config, path);
}
