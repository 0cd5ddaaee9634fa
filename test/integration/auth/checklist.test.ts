/**
 * The authorization server from outside, as an attacker would try it: a gateway under HTTPS with its
 * pages, a person in a scripted browser, and requests that are forged. What the same rules do in every
 * corner is tested beside the engine (test/unit/auth); this is that they hold in the whole program.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Browser } from "../../helpers/auth/browser.ts";
import { testFetch } from "../../helpers/auth/fetch.ts";
import {
  askTokens,
  asking,
  callbackOf,
  connect,
  CLAUDE_CALLBACK,
  discover,
  type Found,
  postMcp,
  register,
  type Tokens,
} from "../../helpers/auth/oauth-client.ts";
import {
  authorizeAt,
  type SecureGateway,
  startSecureGateway,
} from "../../helpers/auth/secure-gateway.ts";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { request } from "../../helpers/raw-http.ts";

let running: SecureGateway;
/** Without a grace for refresh tokens, so that nothing has to be waited for. */
let strict: SecureGateway;
let found: Found;
let elsewhere: Found;
let clientId: string;
/** Much of it writes to the disk before it answers. */
setDefaultTimeout(30_000);

/** A person who is signed in already. */
const browser = new Browser();

beforeAll(async () => {
  const servers = { memory: fixtureServer("echo"), notion: fixtureServer("echo") };
  [running, strict] = await Promise.all([
    startSecureGateway({ servers }),
    startSecureGateway({ servers, proxy: { auth: { refreshGrace: 0 } } }),
  ]);
  found = await discover(running.mcp("memory"));
  elsewhere = await discover(running.mcp("notion"));
  clientId = await register(found);
});
afterAll(() => Promise.all([running.gateway.stop(), strict.gateway.stop()]));

/** A person gives leave. @returns how to redeem what the client got */
async function leave(): Promise<Readonly<Record<string, string>>> {
  const { url, verifier, redirectUri } = asking(found, clientId);
  const code = callbackOf(await authorizeAt(browser, url)).get("code") ?? "";
  return {
    grant_type: "authorization_code",
    client_id: clientId,
    redirect_uri: redirectUri,
    code_verifier: verifier,
    code,
  };
}

async function tokensOf(): Promise<Tokens> {
  const tokens = await askTokens(found, await leave());
  if (tokens.status !== 200) throw new Error(JSON.stringify(tokens.body));
  return tokens;
}

function refresh(token: string, of = found): Promise<Tokens> {
  const form = { grant_type: "refresh_token", client_id: clientId, refresh_token: token };
  return askTokens(of, form);
}

function revoke(token: string, client_id = clientId): Promise<Response> {
  return testFetch(found.revocationEndpoint, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ token, client_id }).toString(),
  });
}

async function opens(token: string, server = "memory"): Promise<number> {
  const response = await postMcp(running.mcp(server), token, request(1, "ping"));
  await response.body?.cancel();
  return response.status;
}

/** What a browser is answered for a request that should not go on. */
async function refusedPage(more: Readonly<Record<string, string | null>>) {
  const { url } = asking(found, clientId, more);
  const page = await new Browser({ followsLoopback: false }).open(url);
  return { page, error: page.leftFor?.searchParams.get("error") };
}

const BAD_GRANT = { status: 400, body: { error: "invalid_grant" } };

test("T6 a code is good for one use, and its second use ends what the first one gave", async () => {
  const form = await leave();
  const tokens = await askTokens(found, form);
  expect(await opens(tokens.access)).toBe(200);
  expect(await askTokens(found, form)).toMatchObject(BAD_GRANT);
  expect(await opens(tokens.access)).toBe(401);
});

test("T7 of eight who redeem a code at the same moment one gets tokens at most", async () => {
  const form = await leave();
  const answers = await Promise.all(Array.from({ length: 8 }, () => askTokens(found, form)));
  expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
  for (const { access } of answers) if (access !== "") expect(await opens(access)).toBe(401);
});

test("T8 a code is bound to its verifier, its redirect URI, its client and its host", async () => {
  const form = await leave();
  const other = await register(found);
  for (const changed of [
    { code_verifier: "x".repeat(43) },
    { redirect_uri: "https://claude.com/api/mcp/auth_callback" },
    { client_id: other },
  ]) {
    expect(await askTokens(found, { ...form, ...changed })).toMatchObject(BAD_GRANT);
  }
  const there = await register(elsewhere);
  const { tokenEndpoint } = elsewhere;
  const stolen = await askTokens({ ...found, tokenEndpoint }, { ...form, client_id: there });
  expect(stolen.status).toBe(400);
  expect((await askTokens(found, form)).status).toBe(200);
});

test("T9 nobody is asked without a challenge by S256", async () => {
  for (const more of [
    { code_challenge: null, code_challenge_method: null },
    { code_challenge_method: "plain" },
    { code_challenge_method: null },
  ]) {
    expect((await refusedPage(more)).error).toBe("invalid_request");
  }
});

test("T10 answers and errors name their issuer", async () => {
  const { url } = asking(found, clientId);
  const good = callbackOf(await authorizeAt(browser, url));
  expect(good.get("iss")).toBe(found.issuer);
  const { page } = await refusedPage({ response_type: "token" });
  expect(page.leftFor?.searchParams.get("iss")).toBe(found.issuer);
});

test("T11 what is for one server does nothing at another", async () => {
  const { access, refresh: token } = await tokensOf();
  expect(await opens(access, "notion")).toBe(401);
  expect((await refusedPage({ resource: elsewhere.resource })).error).toBe("invalid_target");
  const there = { ...found, resource: elsewhere.resource };
  expect((await refresh(token, there)).body["error"]).toBe("invalid_target");
  const { tokenEndpoint } = elsewhere;
  const otherHost = await refresh(token, { ...found, tokenEndpoint });
  expect([otherHost.status, otherHost.body["error"]]).toEqual([401, "invalid_client"]);
  expect((await refresh(token)).status).toBe(200);
});

test("T12 who has just given leave is asked again", async () => {
  await leave();
  const page = await browser.open(asking(found, clientId).url);
  expect(page.leftFor).toBeUndefined();
  expect(page.forms.length).toBeGreaterThan(0);
});

test("T16 a refresh token that was used is dead after the grace, with its whole family", async () => {
  const {
    found: there,
    clientId: client,
    tokens,
  } = await connect(new Browser(), strict.mcp("memory"));
  const again = (refresh_token: string): Promise<Tokens> =>
    askTokens(there, { grant_type: "refresh_token", client_id: client, refresh_token });
  const statusOf = async (token: string): Promise<number> =>
    (await postMcp(strict.mcp("memory"), token, request(1, "ping"))).status;
  const next = await again(tokens.refresh);
  expect([next.status, await statusOf(next.access)]).toEqual([200, 200]);
  expect(await again(tokens.refresh)).toMatchObject(BAD_GRANT);
  expect(await statusOf(next.access)).toBe(401);
  expect(await again(next.refresh)).toMatchObject(BAD_GRANT);
});

test("T17 five who refresh at the same moment all get a pair that works", async () => {
  const { refresh: token } = await tokensOf();
  const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(token)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  for (const { access } of answers) expect(await opens(access)).toBe(200);
});

test("T18 a revoked token is refused at the next request; none is in the files", async () => {
  const { access, refresh: token } = await tokensOf();
  const folder = join(running.gateway.folder, "data");
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = files
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name));
  expect(paths.some((path) => path.endsWith("auth.sqlite"))).toBe(true);
  for (const path of paths) {
    const bytes = readFileSync(path);
    for (const secret of [access, token])
      expect([path, bytes.includes(secret)]).toEqual([path, false]);
  }
  expect(await opens(access)).toBe(200);
  expect((await revoke(token)).status).toBe(200);
  expect(await opens(access)).toBe(401);
});

test("T50 another client, and a token that nobody knows, revoke nothing", async () => {
  const { access } = await tokensOf();
  const other = await register(found);
  expect((await revoke(access, other)).status).toBe(200);
  expect((await revoke("x".repeat(43))).status).toBe(200);
  expect(await opens(access)).toBe(200);
});

describe("what must not be redirected is a page:", () => {
  test.each([
    ["T3", { redirect_uri: `${CLAUDE_CALLBACK}/` }],
    ["T3", { redirect_uri: "https://claude.ai@evil.example/api/mcp/auth_callback" }],
    ["T4", { redirect_uri: "javascript:alert(1)" }],
    ["T4", { redirect_uri: "http://evil.example/" }],
    ["T2", { client_id: "nobody" }],
    ["T25", { client_id: "https://evil.example/client.json" }],
    ["T25", { client_id: "https://127.0.0.1/client.json" }],
  ])("%s %p", async (_row, more) => {
    const { page, error } = await refusedPage(more);
    expect([page.status, error]).toEqual([400, undefined]);
    expect(page.headers.get("content-type")).toStartWith("text/html");
    expect(page.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(page.words).not.toBe("");
    expect([...page.elements]).not.toContain("script");
  });
});

test("T2 a client that names a foreign place is not registered", async () => {
  const body = { client_name: "Claude", redirect_uris: ["https://evil.example/callback"] };
  await expect(register(found, body)).rejects.toThrow("invalid_redirect_uri");
});

test("the endpoints answer pages of other origins as the rules say", async () => {
  const origin = "https://app.example.org";
  const token = await testFetch(found.tokenEndpoint, { method: "POST", headers: { origin } });
  expect(token.headers.get("access-control-allow-origin")).toBe("*");
  expect(token.headers.get("access-control-allow-credentials")).toBeNull();
  const page = await testFetch(asking(found, clientId).url, { headers: { origin } });
  expect(page.headers.get("access-control-allow-origin")).toBeNull();
});

/** Last, since it uses up what may be registered in a minute. */
test("T1 of two thousand registrations few are let in, and people still get through", async () => {
  const body = JSON.stringify({ redirect_uris: [CLAUDE_CALLBACK] });
  const headers = { "content-type": "application/json" };
  const statuses = new Set<number>();
  let made = 0;
  for (let round = 0; round < 40; round++) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const answer = await testFetch(found.registrationEndpoint, {
          method: "POST",
          headers,
          body,
        });
        await answer.body?.cancel();
        return answer.status;
      }),
    );
    for (const status of answers) {
      statuses.add(status);
      if (status === 201) made++;
    }
  }
  expect([...statuses].sort()).toEqual([201, 429]);
  expect(made).toBeLessThanOrEqual(500);
  const { access } = await tokensOf();
  expect(await opens(access)).toBe(200);
});
