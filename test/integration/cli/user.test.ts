/** The command `user`, beside a gateway that runs on the same data folder. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AskingClient, statusWith } from "../../helpers/auth/asking-client.ts";
import { Browser } from "../../helpers/auth/browser.ts";
import {
  authorizeAt,
  PERSON,
  signIn,
  startSecureGateway,
  type SecureGateway,
} from "../../helpers/auth/secure-gateway.ts";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { gatewayCommand, gatewayEnv } from "../../helpers/gateway.ts";
import { SOON_MS, withDeadline } from "../../helpers/wait.ts";

const servers = { echo: fixtureServer("echo", { instances: "session" }) };
const proxy = { auth: { users: { alex: { admin: true }, kim: {} } } };
const folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-user-"));
const dataDir = join(folder, "data");
let secure: SecureGateway;

beforeAll(async () => {
  writeFileSync(join(folder, "config.json"), JSON.stringify({ mcpServers: servers, proxy }));
  secure = await startSecureGateway({ servers, proxy, isSetUp: false, env: { DATA_DIR: dataDir } });
});
afterAll(async () => {
  await secure[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function user(args: readonly string[], stdin?: string, data = dataDir) {
  const child = Bun.spawn([...gatewayCommand(), "user", ...args], {
    cwd: folder,
    env: { ...gatewayEnv(folder), MCP_DOMAIN: "mcp.test", DATA_DIR: data },
    stdio: [stdin === undefined ? "ignore" : new Blob([stdin]), "pipe", "pipe"],
  });
  const all = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  const [exitCode, stdout, stderr] = await withDeadline(all, SOON_MS, `user ${args.join(" ")}`);
  return { exitCode, stdout, stderr };
}

const alex = { user: "alex", password: PERSON.password } as const;

describe("user", () => {
  test("sets a password from stdin, which works at once in the gateway that runs", async () => {
    const set = await user(["set-password", "alex"], `${alex.password}\n`);
    expect(set).toMatchObject({ exitCode: 0, stdout: "" });
    const client = await AskingClient.register(secure);
    const { leftFor } = await authorizeAt(new Browser(), client.url(), alex);
    expect(client.codeOf(leftFor)).not.toBe("");
    const listed = JSON.parse((await user(["list", "--json"])).stdout) as object[];
    expect(listed).toMatchObject([
      { user: "alex", admin: true, password: true },
      { user: "kim", admin: false, password: false, signedInAt: null },
    ]);
    expect(listed[0]).toHaveProperty("signedInAt", expect.stringMatching(/^20\d\d-.*Z$/));
    expect((await user(["list"])).stdout).toMatch(/^kim +none +never$/m);
  });

  test("refuses a password that is too weak, none at all, and people who do not exist", async () => {
    const weak = await user(["set-password", "kim"], "short\n");
    expect(weak).toMatchObject({ exitCode: 2 });
    expect(weak.stderr).toMatch(/at least 12 characters.* \[PASSWORD_REFUSED\]$/m);
    expect((await user(["set-password", "kim"])).stderr).toContain(
      "no password on stdin [PASSWORD_REFUSED]\n",
    );
    const nobody = await user(["set-up-link", "sam"]);
    expect(nobody).toMatchObject({ exitCode: 2, stdout: "" });
    expect(nobody.stderr).toContain("it knows: alex, kim");
    expect(nobody.stderr).toEndWith(" [NO_SUCH_PERSON]\n");
    expect((await user(["list"])).stdout).toMatch(/^kim +none/m);
  });

  test("signs out of browsers, and takes a password away; programs keep what they were allowed", async () => {
    await user(["set-password", "alex"], `${alex.password}\n`);
    const client = await AskingClient.register(secure);
    const browser = new Browser();
    const { leftFor } = await authorizeAt(browser, client.url(), alex);
    const { accessToken } = await client.token(client.codeOf(leftFor));
    expect((await browser.open(client.url())).words).toContain("Allow");
    const out = await user(["sign-out", "alex"]);
    expect(out.stderr).toContain("Programs that were allowed in keep their access");
    const asked = await browser.open(client.url());
    expect(asked.words).toContain("Sign in to decide");
    expect((await signIn(browser, asked, alex)).words).toContain("Allow");
    await user(["remove-password", "alex"]);
    const again = await browser.open(client.url());
    expect((await signIn(browser, again, alex)).status).toBe(403);
    expect(await statusWith(secure.mcp("echo"), accessToken)).toBe(200);
  });

  test("says so when it is pointed at a folder that no gateway has used", async () => {
    expect((await user(["list"])).stderr).toBe("");
    const other = await user(["list"], undefined, join(folder, "other"));
    expect(other.exitCode).toBe(0);
    expect(other.stderr).toContain(`No gateway has used ${join(folder, "other")} yet`);
  });

  test("keeps the database to its user", () => {
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    for (const name of ["auth.sqlite", "auth.sqlite-wal", "auth.sqlite-shm"])
      expect(statSync(join(dataDir, name)).mode & 0o777).toBe(0o600);
  });
});
