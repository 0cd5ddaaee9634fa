/**
 * The whole protocol against a gateway that runs under HTTPS, with a strict client of others
 * (oauth4webapi) and a scripted browser: discovery, registration, leave, tokens, renewal, revocation.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import * as oauth from "oauth4webapi";
import { join } from "node:path";
import { Browser } from "../../helpers/auth/browser.ts";
import { testFetch } from "../../helpers/auth/fetch.ts";
import {
  authorizeAt,
  type SecureGateway,
  startSecureGateway,
} from "../../helpers/auth/secure-gateway.ts";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { gatewayCommand } from "../../helpers/gateway.ts";
import { request } from "../../helpers/raw-http.ts";
import { withDeadline } from "../../helpers/wait.ts";
import { freePort } from "../../e2e/free-port.ts";

const REDIRECT_URI = "http://127.0.0.1:4399/callback";
const COMMAND_DEADLINE_MS = 20_000;

let running: SecureGateway;
/** Behind one public name and path; its own HTTPS stands for the proxy that takes nothing off. */
let prefixed: SecureGateway;
beforeAll(async () => {
  const servers = { memory: fixtureServer("echo"), notion: fixtureServer("echo") };
  running = await startSecureGateway({ servers });
  const port = freePort();
  const publicUrl = `https://tools.mcp.test:${port}/tools`;
  prefixed = await startSecureGateway({
    servers,
    args: ["--port", String(port)],
    env: { MCP_DOMAIN: "elsewhere.test", PUBLIC_URL: publicUrl },
  });
});
afterAll(async () => {
  await running.gateway.stop();
  await prefixed.gateway.stop();
});

const options = { [oauth.customFetch]: testFetch as typeof fetch } as const;

interface Client {
  readonly as: oauth.AuthorizationServer;
  readonly client: oauth.Client;
  readonly auth: oauth.ClientAuth;
  readonly resource: string;
}

/** From the URL that a person types to a client that is known there. */
async function connect(mcpUrl: string, secret = false): Promise<Client> {
  const refused = await testFetch(mcpUrl, { method: "POST" });
  expect(refused.status).toBe(401);
  const challenge = refused.headers.get("www-authenticate") ?? "";
  const address = /resource_metadata="([^"]+)"/.exec(challenge)?.[1];
  const document = await testFetch(address ?? "");
  const found = await oauth.processResourceDiscoveryResponse(new URL(mcpUrl), document);
  const issuer = new URL(found.authorization_servers?.[0] ?? "");
  const discovery = { ...options, algorithm: "oauth2" } as const;
  const as = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, discovery),
  );
  const made = await oauth.dynamicClientRegistrationRequest(
    as,
    {
      client_name: "Strict",
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: secret ? "client_secret_basic" : "none",
    },
    options,
  );
  const client = await oauth.processDynamicClientRegistrationResponse(made);
  const { client_secret } = client;
  const auth =
    typeof client_secret === "string" ? oauth.ClientSecretBasic(client_secret) : oauth.None();
  return { as, client, auth, resource: found.resource };
}

/** A person gives leave. @returns the tokens */
async function tokensOf({
  as,
  client,
  auth,
  resource,
}: Client): Promise<oauth.TokenEndpointResponse> {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const url = new URL(as.authorization_endpoint ?? "");
  url.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: REDIRECT_URI,
    response_type: "code",
    scope: "mcp offline_access",
    prompt: "consent",
    state,
    resource,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  }).toString();
  const page = await authorizeAt(new Browser({ followsLoopback: false }), url);
  if (page.leftFor === undefined) throw new Error(`${page.status} ${page.url} ${page.words}`);
  const callback = oauth.validateAuthResponse(as, client, page.leftFor, state);
  const answer = await oauth.authorizationCodeGrantRequest(
    as,
    client,
    auth,
    callback,
    REDIRECT_URI,
    verifier,
    { ...options, additionalParameters: { resource } },
  );
  return oauth.processAuthorizationCodeResponse(as, client, answer);
}

async function refresh(
  { as, client, auth, resource }: Client,
  token = "",
): Promise<oauth.TokenEndpointResponse> {
  const more = { ...options, additionalParameters: { resource } };
  const answer = await oauth.refreshTokenGrantRequest(as, client, auth, token, more);
  return oauth.processRefreshTokenResponse(as, client, answer);
}

/** What a call of MCP with this token is answered. */
async function callStatus(mcpUrl: string, token: string): Promise<number> {
  const response = await testFetch(mcpUrl, {
    method: "POST",
    headers: {
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
      authorization: `Bearer ${token}`,
    },
    body: JSON.stringify(request(1, "ping")),
  });
  await response.body?.cancel();
  return response.status;
}

/** Runs `grant …` beside a gateway. */
async function grant(...args: readonly string[]): Promise<string> {
  const { folder } = running.gateway;
  const { PATH = "" } = process.env;
  const child = Bun.spawn(
    [...gatewayCommand(), "grant", ...args, "--config", join(folder, "config.json")],
    {
      cwd: folder,
      env: { PATH, HOME: folder, DATA_DIR: join(folder, "data"), MCP_DOMAIN: "mcp.test" },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const output = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  const [exitCode, stdout, stderr] = await withDeadline(output, COMMAND_DEADLINE_MS, "grant");
  return exitCode === 0 ? stdout : `${exitCode} ${stdout}${stderr}`;
}

describe.each([
  ["a subdomain", () => running.mcp("memory")],
  ["a path", () => running.pathMcp("memory")],
  [
    "a path below a public URL with a path",
    () => `https://tools.mcp.test:${prefixed.gateway.port}/tools/memory/mcp`,
  ],
] as const)("on %s", (_name, mcpUrl) => {
  test.each([false, true])("a client gets in, renews and leaves (secret: %p)", async (secret) => {
    const client = await connect(mcpUrl(), secret);
    const tokens = await tokensOf(client);
    expect(tokens).toMatchObject({ token_type: "bearer", expires_in: 86_400, scope: "mcp" });
    expect(await callStatus(mcpUrl(), tokens.access_token)).toBe(200);
    const renewed = await refresh(client, tokens.refresh_token);
    expect(await callStatus(mcpUrl(), renewed.access_token)).toBe(200);
    const { as, auth } = client;
    const gone = await oauth.revocationRequest(
      as,
      client.client,
      auth,
      renewed.refresh_token ?? "",
      options,
    );
    await oauth.processRevocationResponse(gone);
    for (const token of [tokens, renewed]) {
      expect(await callStatus(mcpUrl(), token.access_token)).toBe(401);
    }
    await expect(refresh(client, renewed.refresh_token)).rejects.toMatchObject({
      error: "invalid_grant",
    });
  });
});

test("T11 a token for one server is refused at another, and by path as by subdomain", async () => {
  const client = await connect(running.mcp("memory"));
  const { access_token: token } = await tokensOf(client);
  expect(await callStatus(running.mcp("memory"), token)).toBe(200);
  expect(await callStatus(running.pathMcp("memory"), token)).toBe(200);
  expect(await callStatus(running.mcp("notion"), token)).toBe(401);
  expect(await callStatus(running.pathMcp("notion"), token)).toBe(401);
});

test("T18 a token in the URL opens nothing", async () => {
  const client = await connect(running.mcp("memory"));
  const { access_token: token } = await tokensOf(client);
  const response = await testFetch(`${running.mcp("memory")}?access_token=${token}`, {
    method: "POST",
    headers: { accept: "application/json, text/event-stream", "content-type": "application/json" },
    body: JSON.stringify(request(1, "ping")),
  });
  expect(response.status).toBe(401);
});

test("`grant` shows what was given, and ends it at the next request", async () => {
  const client = await connect(running.mcp("memory"));
  const tokens = await tokensOf(client);
  expect(await callStatus(running.mcp("memory"), tokens.access_token)).toBe(200);
  const listed = JSON.parse(await grant("list", "--json")) as {
    id: string;
    clientId: string;
    lastUsedAt: string | null;
  }[];
  const mine = listed.find(({ clientId }) => clientId === client.client.client_id);
  expect(mine).toMatchObject({ user: "owner", server: "memory", clientName: "Strict" });
  expect(mine?.lastUsedAt).not.toBeNull();
  const text = await grant("list");
  expect(text).toContain(`${mine?.id}  owner  memory  Strict`);
  for (const secret of [tokens.access_token, tokens.refresh_token ?? ""]) {
    expect(text).not.toContain(secret);
  }
  expect(await grant("revoke", mine?.id ?? "")).toBe(`revoked ${mine?.id}\n`);
  expect(await callStatus(running.mcp("memory"), tokens.access_token)).toBe(401);
  await expect(refresh(client, tokens.refresh_token)).rejects.toMatchObject({
    error: "invalid_grant",
  });
  const unknown = await grant("revoke", "no-such-id");
  expect(unknown).toMatch(/^1 [^]*\[NO_SUCH_GRANT\]/);
  expect(await grant("revoke")).toMatch(/^2 [^]*\[BAD_USAGE\]/);
  expect(await grant("revoke", "--user", "nobody")).toBe("");
});

test("the document of a server's host says what the endpoints do", async () => {
  const origin = running.origin("memory");
  const answer = await testFetch(`${origin}/.well-known/oauth-authorization-server`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  expect(await answer.json()).toEqual({
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    registration_endpoint: `${origin}/register`,
    revocation_endpoint: `${origin}/revoke`,
    scopes_supported: ["mcp", "offline_access"],
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    grant_types_supported: ["authorization_code", "refresh_token"],
    token_endpoint_auth_methods_supported: [
      "none",
      "client_secret_post",
      "client_secret_basic",
      "private_key_jwt",
    ],
    token_endpoint_auth_signing_alg_values_supported: ["RS256", "PS256", "ES256", "EdDSA"],
    revocation_endpoint_auth_methods_supported: [
      "none",
      "client_secret_post",
      "client_secret_basic",
      "private_key_jwt",
    ],
    revocation_endpoint_auth_signing_alg_values_supported: ["RS256", "PS256", "ES256", "EdDSA"],
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
  });
});

test("nothing of the engine is written to the console", () => {
  const { stdout, stderr } = running.gateway;
  expect(stdout + stderr).not.toMatch(/oidc-provider|Unsupported runtime/);
});
