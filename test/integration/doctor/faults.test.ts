/** The doctor on servers that are right but for one thing: it says that thing, and only that. */
import { expect, test } from "bun:test";
import { testAuthority } from "../../helpers/auth/authority.ts";
import {
  changed,
  type Fault,
  GOOD_TOKEN,
  startModelServer,
} from "../../helpers/auth/model-server.ts";
import { signCertificate } from "../../helpers/auth/x509.ts";
import { walkTo } from "./way.ts";

const token = GOOD_TOKEN;
const RESOURCE = "/.well-known/oauth-protected-resource/mcp";
const ISSUER = "/.well-known/oauth-authorization-server";

/** Stands in for every answer at a path, for requests without a token. */
function at(
  path: string,
  make: (good: Response, origin: string) => Response | Promise<Response>,
  method?: string,
): Fault {
  return async (place, good) =>
    place.path === path &&
    (method ?? place.method) === place.method &&
    !place.request.headers.has("authorization")
      ? make(await good(), place.origin)
      : undefined;
}

/** Changes members of the document at a path. */
function members(path: string, change: object | ((origin: string) => object)): Fault {
  return at(path, (good, origin) =>
    changed(good, typeof change === "function" ? change(origin) : change),
  );
}

function status(code: number, headers: Record<string, string> = {}, body: string | null = null) {
  return (): Response => new Response(body, { status: code, headers });
}

test("a server as it should be: nothing to complain of, and the test client is taken away", async () => {
  await using server = startModelServer();
  const { exitCode, findings, complaints } = await walkTo(server.port, { token, call: "look" });
  expect(complaints).toEqual([]);
  expect(exitCode).toBe(0);
  expect([...new Set(findings.map(({ step }) => step))]).toEqual([
    "address",
    "connection",
    "challenge",
    "resource",
    "issuer",
    "registration",
    "authorize",
    "token",
    "handshake",
    "tools",
    "call",
  ]);
  expect(server.seen).toContain("DELETE /register/1");
  expect(server.seen.at(-1)).toBe("DELETE /mcp");
});

test("without a token it stops at the door, and says how to go on", async () => {
  await using server = startModelServer();
  const { exitCode, complaints } = await walkTo(server.port);
  expect(complaints).toEqual([
    "skipped handshake: no token was given. To look behind the door give --token-file FILE (`key add` makes a key)",
  ]);
  expect(exitCode).toBe(0);
});

const faults: readonly (readonly [what: string, fault: Fault, ...complaints: RegExp[]])[] = [
  [
    "a login page in front",
    at("/mcp", status(302, { location: "https://login.example.org/?rd=x" })),
    /^wrong challenge: POST without a token: 302 instead of 401, to "https:\/\/login.example.org.*\. A login page is in front: take \/mcp/,
  ],
  [
    "a redirect to the path with a slash",
    at("/mcp", (_, origin) => Response.redirect(`${origin}/mcp/`, 307)),
    /^wrong challenge: POST .* 307 .*a redirect loses the token$/,
  ],
  [
    "a bot rule",
    at("/mcp", status(403, { "cf-mitigated": "challenge" })),
    /^wrong challenge: .*403.*bot rules/,
  ],
  [
    "a host that the gateway does not know",
    at(
      "/mcp",
      status(403, {}, 'Forbidden: Host "one.mcp.test" is not served here (see allowedHosts)'),
    ),
    /^wrong challenge: .*403.*set DOMAIN, PUBLIC_URL or allowedHosts/,
  ],
  [
    "nothing behind the proxy",
    at("/mcp", status(502)),
    /^wrong challenge: .*502.*does not reach the gateway/,
  ],
  ["a wrong path", at("/mcp", status(404)), /^wrong challenge: .*404.*ends in \/mcp/],
  [
    "GET is 405 before the token is asked for",
    at("/mcp", status(405), "GET"),
    /^wrong challenge: GET without a token: 405 instead of 401\. Ask for the token before/,
  ],
  ["HEAD is 404", at("/mcp", status(404), "HEAD"), /^wrong challenge: HEAD without a token: 404/],
  ["no challenge", at("/mcp", status(401)), /^wrong challenge: 401 without WWW-Authenticate\. /],
  [
    "a challenge for passwords",
    at("/mcp", status(401, { "www-authenticate": 'Basic realm="x"' })),
    /^wrong challenge: WWW-Authenticate is .*Basic.* without Bearer/,
  ],
  [
    "no resource_metadata",
    at("/mcp", status(401, { "www-authenticate": 'Bearer scope="mcp"' })),
    /^warning challenge: the challenge has no resource_metadata/,
  ],
  [
    "localhost in the challenge",
    at(
      "/mcp",
      status(401, {
        "www-authenticate":
          'Bearer resource_metadata="http://localhost:8080/.well-known/oauth-protected-resource/mcp"',
      }),
    ),
    /^wrong challenge: resource_metadata is "http:\/\/localhost:8080.*DOMAIN or PUBLIC_URL/,
    /^wrong resource: the document of the resource: /,
  ],
  [
    "a wrong token is forbidden",
    (place) =>
      place.path === "/mcp" &&
      place.request.headers.get("authorization")?.includes("doctor") === true
        ? new Response(null, { status: 403 })
        : undefined,
    /^wrong challenge: a wrong token: 403 instead of 401/,
  ],
  [
    "no document of the resource",
    at(RESOURCE, status(404)),
    /^wrong resource: .* answers 404.*route \/\.well-known/,
  ],
  [
    "a page instead of the document",
    at(RESOURCE, status(200, { "content-type": "text/html" }, "<html>")),
    /^wrong resource: .*is no JSON object \(text\/html\)\. A page for people is in the way/,
  ],
  [
    "another resource",
    members(RESOURCE, (origin) => ({ resource: origin })),
    /^wrong resource: resource is "https:\/\/one.mcp.test:\d+", and not letter by letter "https:\/\/one.mcp.test:\d+\/mcp"/,
  ],
  [
    "no issuer",
    members(RESOURCE, { authorization_servers: [] }),
    /^wrong resource: authorization_servers is \[\]/,
  ],
  [
    "two issuers",
    members(RESOURCE, (origin) => ({
      authorization_servers: [origin, "https://auth.example.org"],
    })),
    /^warning resource: there are 2 authorization servers\. Claude.ai takes the first/,
  ],
  [
    "tokens not in the header",
    members(RESOURCE, { bearer_methods_supported: ["body"] }),
    /^wrong resource: bearer_methods_supported/,
  ],
  [
    "offline_access for the resource",
    members(RESOURCE, { scopes_supported: ["mcp", "offline_access"] }),
    /^warning resource: scopes_supported names offline_access/,
  ],
  ["no document of the issuer", at(ISSUER, status(404)), /^wrong issuer: .* answers 404/],
  [
    "another issuer",
    members(ISSUER, (origin) => ({ issuer: `${origin}/` })),
    /^wrong issuer: issuer is "https:\/\/one.mcp.test:\d+\/", and not letter by letter .*Clients must refuse it/,
  ],
  [
    "no PKCE",
    members(ISSUER, { code_challenge_methods_supported: undefined }),
    /^wrong issuer: .*no S256\. MCP clients must refuse/,
  ],
  [
    "plain PKCE too",
    members(ISSUER, { code_challenge_methods_supported: ["S256", "plain"] }),
    /^warning issuer: .*has plain/,
  ],
  [
    "no public clients",
    members(ISSUER, { token_endpoint_auth_methods_supported: ["client_secret_post"] }),
    /^warning issuer: .* has no none/,
  ],
  [
    "no client documents",
    members(ISSUER, { client_id_metadata_document_supported: undefined }),
    /^warning issuer: client_id_metadata_document_supported is not true/,
  ],
  [
    "no way to get a client id",
    members(ISSUER, {
      client_id_metadata_document_supported: false,
      registration_endpoint: undefined,
    }),
    /^wrong issuer: it takes neither client documents nor registrations/,
    /^skipped registration: /,
  ],
  [
    "no iss",
    members(ISSUER, { authorization_response_iss_parameter_supported: undefined }),
    /^warning issuer: .*Send iss/,
  ],
  [
    "no refresh",
    members(ISSUER, { grant_types_supported: ["authorization_code"] }),
    /^warning issuer: .*no refresh_token/,
  ],
  [
    "no offline_access",
    members(ISSUER, { scopes_supported: ["mcp"] }),
    /^warning issuer: scopes_supported has no offline_access/,
  ],
  [
    "no code",
    members(ISSUER, { response_types_supported: ["token"] }),
    /^wrong issuer: response_types_supported/,
  ],
  [
    "a token endpoint on this machine",
    members(ISSUER, { token_endpoint: "http://localhost:1/token" }),
    /^wrong issuer: token_endpoint is "http:\/\/localhost:1\/token", which is this machine/,
    /^wrong token: a code that nobody got: /,
    /^wrong token: a refresh token that nobody got: /,
    /^wrong token: a client that is not registered: /,
  ],
  [
    "pages may not read it",
    at(ISSUER, (good) => {
      good.headers.delete("access-control-allow-origin");
      return good;
    }),
    /^skipped issuer: pages in a browser may not read https/,
  ],
  [
    "a callback that is not allowed",
    at("/register", status(400, {}, '{"error":"invalid_redirect_uri"}')),
    /^wrong registration: registration with https:\/\/claude.ai\/api\/mcp\/auth_callback: 400 "invalid_redirect_uri"/,
  ],
  [
    "registration is full",
    at("/register", status(429)),
    /^warning registration: registration: 429/,
  ],
  [
    "a registration without an id",
    at("/register", status(201, {}, "{}")),
    /^wrong registration: .*no client_id/,
  ],
  [
    "consent without a question",
    at("/authorize", () =>
      Response.redirect("https://claude.ai/api/mcp/auth_callback?code=1&state=x", 302),
    ),
    /^wrong authorize: a new client is let in without anybody being asked/,
    /^wrong authorize: Claude.ai by its document is let in without/,
  ],
  [
    "an error instead of the page",
    at("/authorize", () =>
      Response.redirect("https://claude.ai/api/mcp/auth_callback?error=invalid_target", 302),
    ),
    /^wrong authorize: a new client is sent back with "invalid_target"/,
    /^wrong authorize: Claude.ai by its document is sent back/,
  ],
  [
    "Claude.ai's document cannot be had",
    async (place, good) => {
      const isDocument =
        new URL(place.request.url).searchParams.get("client_id")?.startsWith("https:") === true;
      if (!isDocument) return undefined;
      await good();
      return new Response("<head><title>x</title></head><p>Its document cannot be read", {
        status: 400,
        headers: { "content-type": "text/html" },
      });
    },
    /^wrong authorize: the page for Claude.ai by its document: 400 text\/html "Its document cannot be read"/,
  ],
  [
    "a page that may be framed",
    at("/authorize", status(200, { "content-type": "text/html" }, "<p>")),
    /^warning authorize: the page may be shown inside another site's/,
    /^warning authorize: the page may be shown inside another site's/,
  ],
  [
    "a page that can send nothing",
    at(
      "/authorize",
      status(
        200,
        {
          "content-type": "text/html",
          "content-security-policy": "form-action 'none'; frame-ancestors 'none'",
        },
        "<p>",
      ),
    ),
    /^wrong authorize: the page's policy has "form-action 'none'"/,
    /^wrong authorize: the page's policy has/,
  ],
  [
    "500 for a wrong code",
    at("/token", status(500)),
    /^wrong token: a code that nobody got: 500/,
    /^wrong token: a refresh token that nobody got: 500/,
    /^wrong token: a client that is not registered: 500/,
  ],
  [
    "another error for an unknown client",
    at("/token", async (good) =>
      (await good.clone().text()).includes("invalid_client")
        ? changed(good, { error: "invalid_request" })
        : good,
    ),
    /^warning token: a client that is not registered: 401 "invalid_request", expected invalid_client/,
  ],
];

test.each(faults)("%s", async (_, fault, ...expected) => {
  await using server = startModelServer({ fault });
  const { exitCode, complaints } = await walkTo(server.port, { token });
  expect(complaints).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
  expect(exitCode).toBe(complaints.some((one) => one.startsWith("wrong")) ? 1 : 0);
});

const { signer } = testAuthority();
const names = ["one.mcp.test"];
const DAY_MS = 86_400_000;
const middle = {
  commonName: "Middle",
  ...signCertificate({ commonName: "Middle", issuer: signer, isAuthority: true }),
};
const leaf = signCertificate({ commonName: "one", names, issuer: middle });

test.each([
  [
    "that has ended",
    signCertificate({ commonName: "one", names, issuer: signer, untilMs: Date.now() - 1000 }),
    /^wrong connection: .*CERT_HAS_EXPIRED.*Renew/,
  ],
  [
    "of nobody",
    signCertificate({ commonName: "one", names }),
    /^wrong connection: .*SELF_SIGNED.*public authority/,
  ],
  ["without the one between", leaf, /^wrong connection: .*not trusted.*whole chain/],
  [
    "for a name one level up",
    signCertificate({ commonName: "test", names: ["*.test", "test"], issuer: signer }),
    /^wrong connection: .*for \*\.test, test\. Get a certificate for/,
  ],
] as const)("a certificate %s", async (_, certificate, pattern) => {
  await using server = startModelServer({ certificate });
  const { exitCode, complaints } = await walkTo(server.port);
  expect(complaints[0]).toMatch(pattern);
  expect(exitCode).toBe(1);
});

test("a whole chain is trusted; one that ends tomorrow is a warning", async () => {
  await using server = startModelServer({
    certificate: { cert: leaf.cert + middle.cert, key: leaf.key },
  });
  const { findings } = await walkTo(server.port);
  expect(findings.find(({ step }) => step === "connection")?.level).toBe("ok");
  const untilMs = Date.now() + DAY_MS;
  const short = signCertificate({ commonName: "one", names, issuer: signer, untilMs });
  await using other = startModelServer({ certificate: short });
  const { complaints } = await walkTo(other.port);
  expect(complaints[0]).toMatch(/^warning connection: .*ends in 0 days/);
});

test("nothing listens, and TLS where plain HTTP is spoken", async () => {
  const closed = startModelServer();
  const { port } = closed;
  await closed[Symbol.asyncDispose]();
  const { complaints, findings } = await walkTo(port);
  expect(complaints).toEqual([expect.stringMatching(/^wrong connection: .*Nothing listens there/)]);
  expect(findings.some(({ step }) => step === "challenge")).toBe(false);
  await using plain = startModelServer({ certificate: null });
  expect((await walkTo(plain.port)).complaints[0]).toMatch(/^wrong connection: /);
});
