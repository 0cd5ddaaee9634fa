/** How people get in for the first time: the link of the first start, and those of the command. */
import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TEST_DOMAIN, testAuthority } from "../../helpers/auth/authority.ts";
import { AskingClient } from "../../helpers/auth/asking-client.ts";
import { Browser } from "../../helpers/auth/browser.ts";
import {
  authorizeAt,
  PERSON,
  setUp,
  setUpLink,
  startSecureGateway,
  type SecureOptions,
} from "../../helpers/auth/secure-gateway.ts";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { startGateway } from "../../helpers/gateway.ts";
import { run } from "../../helpers/run-program.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A data folder that several gateways use, one after the other. */
function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-data-"));
  folders.push(folder);
  return join(folder, "data");
}

const servers = { echo: fixtureServer("echo", { instances: "session" }) };
const users = { kim: { servers: ["echo"] }, alex: { admin: true } };

function start(dataDir: string, options: SecureOptions = {}) {
  return startSecureGateway({
    servers,
    isSetUp: false,
    ...options,
    env: { DATA_DIR: dataDir, ...options.env },
  });
}

describe("the link of the first start", () => {
  test("is printed until it is used, new each time, and never logged", async () => {
    const dataDir = dataFolder();
    let first: string;
    {
      await using secure = await start(dataDir);
      first = await setUpLink(secure.gateway);
      expect(first).toStartWith(`${secure.origin("echo")}/set-up/`);
      expect(secure.gateway.stderr).not.toContain("/set-up/");
    }
    {
      await using secure = await start(dataDir);
      const second = await setUpLink(secure.gateway);
      const old = new URL(first);
      old.port = String(secure.gateway.port);
      expect((await new Browser().open(old)).status).toBe(404);
      const browser = new Browser();
      expect((await browser.open(second)).status).toBe(200);
      await setUp(secure.gateway, PERSON.password);
      expect((await browser.open(second)).status).toBe(404);
      await secure.gateway.untilLogged(/auth user\.set-up user="owner"/);
    }
    await using secure = await start(dataDir);
    expect(secure.gateway.stdout).not.toContain("/set-up/");
    const { leftFor } = await authorizeAt(
      new Browser(),
      (await AskingClient.register(secure)).url(),
    );
    expect(leftFor?.searchParams.get("code")).not.toBeNull();
  });

  test("leads to a page that says what is wrong and is used up by a good password only", async () => {
    await using secure = await start(dataFolder());
    const browser = new Browser();
    const page = await browser.open(await setUpLink(secure.gateway));
    expect(page.forms[0]?.fields.get("username")).toBe("owner");
    const send = (password: string, repeated = password) =>
      browser.submit(page, { fields: { password, repeated } });
    expect((await send("short")).words).toContain("at least 12 characters");
    expect((await send("Password1234")).words).toContain("among the first that are guessed");
    const different = await send(PERSON.password, `${PERSON.password}!`);
    expect(different.status).toBe(400);
    expect(different.words).toContain("not the same");
    expect(different.html).not.toContain(PERSON.password);
    const done = await send(PERSON.password);
    expect(done.status).toBe(200);
    expect(done.words).toContain(secure.mcp("echo"));
    expect((await send("another one, longer")).status).toBe(404);
  });

  test("is for the first admin of the configuration; the command makes one for others", async () => {
    const dataDir = dataFolder();
    const proxy = { auth: { users } };
    await using secure = await start(dataDir, { proxy });
    const page = await new Browser().open(await setUpLink(secure.gateway));
    expect(page.forms[0]?.fields.get("username")).toBe("alex");
    const { certFile, keyFile } = testAuthority();
    const flags = [
      "--port",
      String(secure.gateway.port),
      "--tls-cert",
      certFile,
      "--tls-key",
      keyFile,
    ];
    const made = await run(["user", "set-up-link", "kim", "--config", "config.json", ...flags], {
      env: { DATA_DIR: dataDir, MCP_DOMAIN: TEST_DOMAIN },
      files: { "config.json": { mcpServers: servers, proxy } },
    });
    expect(made.exitCode).toBe(0);
    expect(made.stderr).toContain("Good for 24 hours and one use");
    const link = made.stdout.trim();
    expect(link).toStartWith(`${secure.origin("echo")}/set-up/`);
    const browser = new Browser();
    const form = await browser.open(link);
    expect(form.forms[0]?.fields.get("username")).toBe("kim");
    const { password } = PERSON;
    await browser.submit(form, { fields: { password, repeated: password } });
    const client = await AskingClient.register(secure);
    const { leftFor } = await authorizeAt(browser, client.url(), { user: "kim" });
    expect(client.codeOf(leftFor)).not.toBe("");
  });

  test("is at the address of this machine where there is no domain, and the way works over http", async () => {
    const dataDir = dataFolder();
    await using gateway = await startGateway({
      servers,
      proxy: { auth: { required: true } },
      env: { DATA_DIR: dataDir },
    });
    const link = await setUpLink(gateway);
    expect(link).toStartWith(`http://localhost:${gateway.port}/set-up/`);
    await setUp(gateway, PERSON.password);
    const origin = `http://localhost:${gateway.port}`;
    const secure = {
      gateway,
      origin: () => origin,
      mcp: () => `${origin}/echo/mcp`,
      pathMcp: () => `${origin}/echo/mcp`,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const client = await AskingClient.register(secure);
    const browser = new Browser();
    const url = client.url({ resource: `${origin}/echo/mcp` });
    const { leftFor } = await authorizeAt(browser, url);
    expect(client.codeOf(leftFor)).not.toBe("");
    const [session] = browser.cookies.all().filter(({ name }) => name.includes("session"));
    expect(session?.name).toBe(`mcp-proxy-session-${gateway.port}`);
  });

  test("is not there where authentication is off", async () => {
    await using gateway = await startGateway({ servers });
    expect(gateway.stdout).not.toContain("set-up");
    expect((await fetch(`${gateway.url}/set-up/${"A".repeat(43)}`)).status).toBe(404);
    expect((await fetch(`${gateway.url}/sign-in/${"A".repeat(21)}`)).status).toBe(404);
  });
});
