/**
 * An OAuth client by hand, as MCP clients are: discovery from the 401, registration, code with PKCE,
 * token. Every step is the test's own to call or to forge; nothing of the program under test.
 */
import { createHash, randomBytes } from "node:crypto";
import type { Browser, Page } from "./browser.ts";
import { testFetch } from "./fetch.ts";
import { authorizeAt, type Decision } from "./secure-gateway.ts";

/** What discovery found. */
export interface Found {
  readonly resource: string;
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly registrationEndpoint: string;
  readonly revocationEndpoint: string;
}

/** An answer of the token endpoint. */
export interface Tokens {
  readonly status: number;
  readonly body: Record<string, any>;
  readonly access: string;
  readonly refresh: string;
}

export const CLAUDE_CALLBACK = "https://claude.ai/api/mcp/auth_callback";

/** Goes from a 401 to the endpoints. @throws Error when a document is missing */
export async function discover(mcpUrl: string): Promise<Found> {
  const refused = await testFetch(mcpUrl, { method: "POST" });
  const challenge = refused.headers.get("www-authenticate") ?? "";
  const address = /resource_metadata="([^"]+)"/.exec(challenge)?.[1];
  if (address === undefined) throw new Error(`${refused.status} ${challenge}`);
  const resource = (await (await testFetch(address)).json()) as Record<string, any>;
  const issuer = String(resource["authorization_servers"][0]);
  const { origin, pathname } = new URL(issuer);
  const path = pathname === "/" ? "" : pathname;
  const answer = await testFetch(`${origin}/.well-known/oauth-authorization-server${path}`);
  const metadata = (await answer.json()) as Record<string, string>;
  const endpoint = (name: string): string => metadata[name] ?? "";
  return {
    resource: resource["resource"],
    issuer,
    authorizationEndpoint: endpoint("authorization_endpoint"),
    tokenEndpoint: endpoint("token_endpoint"),
    registrationEndpoint: endpoint("registration_endpoint"),
    revocationEndpoint: endpoint("revocation_endpoint"),
  };
}

/** Registers a public client. @returns its id */
export async function register(
  { registrationEndpoint }: Found,
  more: object = {},
): Promise<string> {
  const response = await testFetch(registrationEndpoint, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      client_name: "Test",
      redirect_uris: [CLAUDE_CALLBACK],
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      ...more,
    }),
  });
  const body = (await response.json()) as Record<string, string>;
  if (body["client_id"] === undefined)
    throw new Error(`${response.status} ${JSON.stringify(body)}`);
  return body["client_id"];
}

/** A request for leave, with what proves later that it was ours. */
export interface Asking {
  readonly url: URL;
  readonly verifier: string;
  readonly state: string;
  readonly redirectUri: string;
}

/** Makes one; `more` has parameters over the usual ones, null takes one out. */
export function asking(
  found: Found,
  clientId: string,
  more: Readonly<Record<string, string | null>> = {},
): Asking {
  const verifier = randomBytes(32).toString("base64url");
  const state = randomBytes(16).toString("base64url");
  const parameters: Record<string, string | null> = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: CLAUDE_CALLBACK,
    state,
    scope: "mcp",
    resource: found.resource,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...more,
  };
  const url = new URL(found.authorizationEndpoint);
  for (const [name, value] of Object.entries(parameters))
    if (value !== null) url.searchParams.set(name, value);
  return { url, verifier, state, redirectUri: parameters["redirect_uri"] ?? "" };
}

/** The parameters that the last page left with for the callback. @throws Error when it did not leave */
export function callbackOf(page: Page): URLSearchParams {
  if (page.leftFor === undefined)
    throw new Error(`it did not leave: ${page.status} ${page.url} ${page.words}`);
  return page.leftFor.searchParams;
}

/** Asks the token endpoint. */
export async function askTokens(
  { tokenEndpoint, resource }: Found,
  form: Readonly<Record<string, string>>,
): Promise<Tokens> {
  const response = await testFetch(tokenEndpoint, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ resource, ...form }).toString(),
  });
  const text = await response.text();
  const body = (text.startsWith("{") ? JSON.parse(text) : { text }) as Record<string, any>;
  const { status } = response;
  return { status, body, access: body["access_token"] ?? "", refresh: body["refresh_token"] ?? "" };
}

/** A client that got all the way. */
export interface Connected {
  readonly found: Found;
  readonly clientId: string;
  readonly tokens: Tokens;
}

/** The whole way for one server: registration, sign-in, leave, token. */
export async function connect(
  browser: Browser,
  mcpUrl: string,
  decision: Decision = {},
): Promise<Connected> {
  const found = await discover(mcpUrl);
  const clientId = await register(found);
  const { url, verifier, redirectUri } = asking(found, clientId);
  const code = callbackOf(await authorizeAt(browser, url, decision)).get("code");
  const tokens = await askTokens(found, {
    grant_type: "authorization_code",
    client_id: clientId,
    redirect_uri: redirectUri,
    code_verifier: verifier,
    code: code ?? "",
  });
  if (tokens.status !== 200) throw new Error(JSON.stringify(tokens.body));
  return { found, clientId, tokens };
}

/** A POST of MCP with a token; undefined for none. */
export function postMcp(url: string, token: string | undefined, body: object, more = {}) {
  return testFetch(url, {
    method: "POST",
    headers: {
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...more,
    },
    body: JSON.stringify(body),
  });
}
