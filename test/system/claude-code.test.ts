/**
 * Claude Code as a real program against the executable over HTTPS, with the commands that README and
 * docs/clients.md give: added, signed in by its own client document (the copy that the gateway brings,
 * as claude.ai is not asked here), connected; and with a key in a header.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Browser } from "../helpers/auth/browser.ts";
import { type ConnectProxy, startConnectProxy } from "../helpers/auth/connect-proxy.ts";
import {
  authorizeAt,
  type SecureGateway,
  startSecureGateway,
} from "../helpers/auth/secure-gateway.ts";
import { ClientProgram, installClientPrograms } from "../helpers/client-programs.ts";
import { fixtureServer } from "../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../helpers/gateway.ts";
import { run } from "../helpers/run-program.ts";

const INSTALL_MS = 5 * 60_000;
const LIST_MS = 45_000;
let secure: SecureGateway;
let local: RunningGateway;
let proxy: ConnectProxy;
let home: string;

beforeAll(async () => {
  await installClientPrograms();
  home = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-claude-"));
  proxy = await startConnectProxy();
  const servers = { echo: fixtureServer("echo") };
  secure = await startSecureGateway({ servers, binary: true });
  local = await startGateway({ servers, binary: true });
}, INSTALL_MS);
afterAll(async () => {
  await Promise.all([secure[Symbol.asyncDispose](), local.stop(), proxy[Symbol.asyncDispose]()]);
  rmSync(home, { recursive: true, force: true });
});

function claude(args: readonly string[], isAtTerminal = false): ClientProgram {
  return new ClientProgram(isAtTerminal ? "claude at a terminal" : "claude", args, home, {
    HTTPS_PROXY: proxy.url,
    NO_PROXY: "127.0.0.1,localhost",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  });
}

async function done(...args: string[]): Promise<string> {
  await using program = claude(args);
  expect(await program.ended(LIST_MS)).toBe(0);
  return program.stdout;
}

test("claude mcp add, login and list: without authentication, signed in, and with a key", async () => {
  const env = { DATA_DIR: join(secure.gateway.folder, "data") };
  const { key } = JSON.parse((await run(["key", "add", "--json"], { env, binary: true })).stdout);
  const add = ["mcp", "add", "--transport", "http"];
  await done(...add, "local", local.mcp("echo"));
  await done(...add, "echo", secure.mcp("echo"));
  await done(...add, "keyed", secure.mcp("echo"), "--header", `Authorization: Bearer ${key}`);
  const before = await done("mcp", "list");
  expect(before).toMatch(/^local: .*✔ Connected$/m);
  expect(before).toMatch(/^echo: .*Needs authentication$/m);
  expect(before).toMatch(/^keyed: .*✔ Connected$/m);

  await using login = claude(["mcp", "login", "echo"], true);
  const asked = await login.authorizationUrl();
  const { searchParams } = new URL(asked);
  expect(searchParams.get("client_id")).toBe("https://claude.ai/oauth/claude-code-client-metadata");
  const browser = new Browser();
  const page = await authorizeAt(browser, asked);
  expect(page.status).toBe(200);
  expect(page.url.hostname).toBe("localhost");
  expect(await login.ended(LIST_MS)).toBe(0);
  expect(await done("mcp", "list")).toMatch(/^echo: .*✔ Connected$/m);
  await secure.gateway.untilLogged(/auth first\.use .*claude-code-client-metadata/);
}, 180_000);
