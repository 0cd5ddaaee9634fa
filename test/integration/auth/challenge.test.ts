/**
 * Who is nobody gets nothing but the way to sign in: the challenge on every URL of a server, the
 * documents it leads to, and no word about which servers there are.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { request } from "../../helpers/raw-http.ts";

let gateway: RunningGateway;
/** Behind one public URL with a path. */
let tunnel: RunningGateway;
/** Asks although only this machine can call. */
let local: RunningGateway;

beforeAll(async () => {
  const servers = { echo: fixtureServer("echo", { instances: "session" }) };
  [gateway, tunnel, local] = await Promise.all([
    startGateway({ servers, env: { MCP_DOMAIN: "mcp.test" } }),
    startGateway({ servers, env: { PUBLIC_URL: "https://tunnel.test/tools" } }),
    startGateway({ servers, proxy: { auth: { required: true } } }),
  ]);
});
afterAll(() => Promise.all([gateway.stop(), tunnel.stop(), local.stop()]));

interface Asked {
  readonly of?: RunningGateway;
  readonly host?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(path: string, { of = gateway, host, method = "GET", headers }: Asked = {}) {
  const isPost = method === "POST";
  const response = await fetch(of.url + path, {
    method,
    headers: {
      accept: "application/json, text/event-stream",
      ...(isPost ? { "content-type": "application/json" } : {}),
      ...(host === undefined ? {} : { host }),
      ...headers,
    },
    ...(isPost ? { body: JSON.stringify(request(1, "ping")) } : {}),
    redirect: "manual",
  });
  const text = await response.text();
  return {
    status: response.status,
    challenge: response.headers.get("www-authenticate"),
    headers: response.headers,
    text,
    json: text === "" ? undefined : (JSON.parse(text) as Record<string, unknown>),
  };
}

const metadata = "/.well-known/oauth-protected-resource";
const bearer = (url: string) => `Bearer resource_metadata="${url}", scope="mcp"`;

describe("the challenge", () => {
  const subdomain = "https://echo.mcp.test";
  test.each([
    ["/mcp", "echo.mcp.test", `${subdomain}${metadata}/mcp`],
    ["/mcp/", "echo.mcp.test", `${subdomain}${metadata}/mcp`],
    ["/sse", "echo.mcp.test", `${subdomain}${metadata}/sse`],
    ["/messages?sessionId=x", "echo.mcp.test", `${subdomain}${metadata}/sse`],
    ["/", "echo.mcp.test", `${subdomain}${metadata}`],
    ["/echo/mcp", "mcp.test", `https://mcp.test${metadata}/echo/mcp`],
    ["/servers/echo/sse", "mcp.test", `https://mcp.test${metadata}/servers/echo/sse`],
    ["/mcp", "unknown.mcp.test", `https://unknown.mcp.test${metadata}/mcp`],
    ["/unknown/mcp", "mcp.test", `https://mcp.test${metadata}/unknown/mcp`],
  ])("%s at %s is the same for every method", async (path, host, url) => {
    for (const method of ["GET", "HEAD", "POST", "DELETE"]) {
      const { status, challenge } = await ask(path, { host, method });
      expect([method, status, challenge]).toEqual([method, 401, bearer(url)]);
    }
  });

  test("says what is wrong with a token", async () => {
    const why = `error="invalid_token", error_description="The token is not valid"`;
    for (const authorization of ["Bearer abc", "bearer abc", "BEARER  abc "]) {
      const answer = await ask("/mcp", { host: "echo.mcp.test", headers: { authorization } });
      expect(answer.status).toBe(401);
      expect(answer.challenge).toBe(
        `Bearer ${why}, ${bearer(`${subdomain}${metadata}/mcp`).slice(7)}`,
      );
    }
  });

  test("is not changed by what a client writes", async () => {
    const authorization = 'Bearer a", resource_metadata="https://evil.example';
    const headers = { authorization, "x-forwarded-host": "evil.example" };
    const { challenge } = await ask("/mcp", { host: "echo.mcp.test", headers });
    expect(challenge).toBe(bearer(`${subdomain}${metadata}/mcp`));
  });

  test("T18 a token in the URL counts as none", async () => {
    const { status, challenge } = await ask("/mcp?access_token=abc", { host: "echo.mcp.test" });
    expect([status, challenge]).toEqual([401, bearer(`${subdomain}${metadata}/mcp`)]);
  });

  test("leads behind the path of a public URL", async () => {
    const { challenge } = await ask("/tools/echo/mcp", { of: tunnel, host: "tunnel.test" });
    expect(challenge).toBe(bearer(`https://tunnel.test/tools${metadata}/echo/mcp`));
  });

  test("leads to this machine where nobody else is served", async () => {
    const { challenge } = await ask("/echo/mcp", { of: local });
    expect(challenge).toBe(bearer(`http://localhost:${local.port}${metadata}/echo/mcp`));
  });
});

test("nothing was started for any of them", () => {
  expect(gateway.processes().length).toBe(0);
});

describe("protected resource metadata", () => {
  test.each([
    ["", "echo.mcp.test", "https://echo.mcp.test", ""],
    ["/mcp", "echo.mcp.test", "https://echo.mcp.test", "/mcp"],
    ["/sse", "echo.mcp.test", "https://echo.mcp.test", "/sse"],
    ["/mcp", "unknown.mcp.test", "https://unknown.mcp.test", "/mcp"],
    ["/echo/mcp", "mcp.test", "https://mcp.test", "/echo/mcp"],
    ["/echo", "mcp.test", "https://mcp.test", "/echo"],
    ["/servers/echo/sse", "mcp.test", "https://mcp.test", "/servers/echo/sse"],
    ["/unknown/mcp", "mcp.test", "https://mcp.test", "/unknown/mcp"],
  ])("of %p at %s", async (path, host, issuer, resource) => {
    const { status, headers, json } = await ask(metadata + path, { host });
    expect(status).toBe(200);
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(json).toMatchObject({
      resource: issuer + resource,
      authorization_servers: [issuer],
      scopes_supported: ["mcp"],
      bearer_methods_supported: ["header"],
    });
  });

  test("stands in both places behind the path of a public URL", async () => {
    for (const path of [`/tools${metadata}/echo/mcp`, `${metadata}/tools/echo/mcp`]) {
      const { json } = await ask(path, { of: tunnel, host: "tunnel.test" });
      expect(json).toMatchObject({
        resource: "https://tunnel.test/tools/echo/mcp",
        authorization_servers: ["https://tunnel.test/tools"],
      });
    }
  });

  test.each([
    ["", "mcp.test"],
    ["/mcp", "mcp.test"],
    ["/a/b/mcp", "mcp.test"],
    ["/echo/messages", "mcp.test"],
    ["/..%2fecho/mcp", "mcp.test"],
    ["/echo/mcp", "echo.mcp.test"],
  ])("is not there for %p at %s", async (path, host) => {
    expect((await ask(metadata + path, { host })).status).toBe(404);
  });
});

describe("without a token", () => {
  test("health is open and names nobody", async () => {
    const answer = await ask("/health", { host: "mcp.test" });
    expect([answer.status, answer.text]).toEqual([200, '{"status":"healthy"}']);
  });

  test.each([
    ["GET", "/listmcp"],
    ["GET", "/listtools/echo"],
    ["GET", "/listtools/unknown"],
    ["POST", "/cleanup"],
    ["GET", "/servers/echo/health"],
    ["GET", "/servers/unknown/health"],
  ])("%s %s is 401", async (method, path) => {
    const answer = await ask(path, { host: "mcp.test", method });
    expect(answer.status).toBe(401);
    expect(answer.challenge).toStartWith("Bearer ");
    expect(answer.text).not.toContain("echo");
  });

  test("T48 what scanners look for is 404, at every host, and starts nothing", async () => {
    const folders = ["", "/api", "/app", "/backup", "/old", "/public", "/v1", "/www"];
    const names = `.env .env.local .git/config .git/HEAD .svn/entries .DS_Store .aws/credentials
      .ssh/id_rsa .htpasswd wp-login.php wp-admin/setup-config.php xmlrpc.php phpinfo.php info.php
      config.json config.yml docker-compose.yml id_rsa server.key backup.zip dump.sql db.sqlite
      auth.sqlite actuator/env server-status robots.txt`.split(/\s+/);
    const probes = folders.flatMap((folder) => names.map((name) => `${folder}/${name}`));
    const odd = ["/", "/echo", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/cgi-bin/x"];
    expect(probes.length).toBeGreaterThan(200);
    for (const host of ["mcp.test", "echo.mcp.test", "unknown.mcp.test"]) {
      const paths = host === "mcp.test" ? [...probes, ...odd] : probes;
      const answers = await Promise.all(paths.map((path) => ask(path, { host })));
      for (const [index, { status, text, headers }] of answers.entries()) {
        expect([paths[index], status]).toEqual([paths[index], 404]);
        expect(headers.get("content-type")).toBe("application/json");
        expect(text).not.toContain("echo");
      }
    }
    expect(gateway.processes().length).toBe(0);
  });
});

describe("pages of other origins", () => {
  const origin = "https://evil.example";
  test("read the documents, without credentials", async () => {
    const { status, headers } = await ask(`${metadata}/mcp`, {
      host: "echo.mcp.test",
      headers: { origin },
    });
    expect([status, headers.get("access-control-allow-origin")]).toEqual([200, "*"]);
    expect(headers.get("access-control-allow-credentials")).toBeNull();
  });

  test("ask before they post to the token endpoint", async () => {
    for (const path of ["/token", "/register", "/revoke"]) {
      const { status, headers } = await ask(path, {
        host: "echo.mcp.test",
        method: "OPTIONS",
        headers: {
          origin,
          "access-control-request-method": "POST",
          "access-control-request-headers": "content-type",
        },
      });
      expect([status, headers.get("access-control-allow-origin")]).toEqual([204, "*"]);
      expect(headers.get("access-control-allow-headers")).toBe("content-type");
    }
  });

  test("T23 get no further than the door, also with the pages for people", async () => {
    for (const path of ["/mcp", "/authorize", "/sign-in/x", "/set-up/x"]) {
      const answer = await ask(path, { host: "echo.mcp.test", headers: { origin } });
      expect([path, answer.status]).toEqual([path, 403]);
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  test("not even allowed ones read the pages for people", async () => {
    for (const path of ["/authorize", "/sign-in/x"]) {
      const headers = { origin: "https://claude.ai" };
      const answer = await ask(path, { host: "echo.mcp.test", headers });
      expect([path, answer.status]).toEqual([path, 403]);
    }
  });
});

test("where everybody may call there is no trace of authorization", async () => {
  await using open = await startGateway({ servers: { echo: fixtureServer("echo") } });
  for (const path of [
    metadata,
    `${metadata}/echo/mcp`,
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/authorize",
    "/token",
    "/register",
  ]) {
    const answer = await ask(path, { of: open });
    expect([path, answer.status, answer.challenge]).toEqual([path, 404, null]);
  }
});
