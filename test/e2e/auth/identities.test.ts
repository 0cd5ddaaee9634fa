/**
 * The clients that everybody uses, by their client documents, against the executable over HTTPS: what
 * the page says of them, where they are sent back to, and a call with the token. Where the documents
 * themselves cannot be had, as on a machine without the internet, the copies that the gateway brings
 * are what it goes by.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { Browser } from "../../helpers/auth/browser.ts";
import {
  askTokens,
  asking,
  callbackOf,
  CLAUDE_CALLBACK,
  discover,
  postMcp,
} from "../../helpers/auth/oauth-client.ts";
import {
  type SecureGateway,
  signIn,
  startSecureGateway,
} from "../../helpers/auth/secure-gateway.ts";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { request } from "../../helpers/raw-http.ts";

let secure: SecureGateway;
beforeAll(async () => {
  secure = await startSecureGateway({ servers: { echo: fixtureServer("echo") }, binary: true });
});
afterAll(() => secure[Symbol.asyncDispose]());

const CLAUDE_CODE = "https://claude.ai/oauth/claude-code-client-metadata";
const VSCODE = "https://vscode.dev/oauth/client-metadata.json";

test.each([
  ["Claude.ai", "https://claude.ai/oauth/mcp-oauth-client-metadata", CLAUDE_CALLBACK, "claude.ai"],
  ["Claude Code", CLAUDE_CODE, "http://localhost:53219/callback", "claude.ai"],
  ["VS Code", VSCODE, "https://vscode.dev/redirect", "vscode.dev"],
  ["VS Code on its own machine", VSCODE, "http://127.0.0.1:33418/", "vscode.dev"],
])(
  "%s gets in by its document",
  async (_, clientId, redirectUri, verifiedBy) => {
    const url = secure.mcp("echo");
    const found = await discover(url);
    // Nothing listens at the callbacks of this machine.
    const browser = new Browser({ followsLoopback: false });
    const {
      url: address,
      verifier,
      state,
    } = asking(found, clientId, { redirect_uri: redirectUri });
    const page = await signIn(browser, await browser.open(address));
    expect(page.words).toContain(`verified: ${verifiedBy}`);
    expect(page.words).not.toContain("unverified");
    const shown = new URL(redirectUri).host;
    expect(page.bold.some((text) => text.includes(shown.split(":")[0] ?? ""))).toBe(true);
    const callback = callbackOf(await browser.submit(page, { button: /^allow$/i }));
    expect(callback.get("state")).toBe(state);
    expect(callback.get("iss")).toBe(found.issuer);
    const { status, access, refresh } = await askTokens(found, {
      grant_type: "authorization_code",
      client_id: clientId,
      redirect_uri: redirectUri,
      code_verifier: verifier,
      code: callback.get("code") ?? "",
    });
    expect(status).toBe(200);
    expect((await postMcp(url, access, request(1, "tools/list"))).status).toBe(200);
    const again = { grant_type: "refresh_token", client_id: clientId, refresh_token: refresh };
    expect((await askTokens(found, again)).status).toBe(200);
  },
  30_000,
);

test("a document's client is sent nowhere but where the document says", async () => {
  const found = await discover(secure.mcp("echo"));
  const id = "https://claude.ai/oauth/mcp-oauth-client-metadata";
  for (const redirectUri of [
    "https://claude.ai/other",
    "https://chatgpt.com/x",
    "http://localhost/x",
  ]) {
    const page = await new Browser().open(asking(found, id, { redirect_uri: redirectUri }).url);
    expect([page.status, page.leftFor]).toEqual([400, undefined]);
  }
}, 30_000);
