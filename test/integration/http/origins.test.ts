/**
 * Who may call: browser pages by Origin (CORS), and everybody by the Host that they ask for, against
 * DNS rebinding. What is refused reaches no child.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { OPEN, type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import {
  del,
  get,
  type HttpOptions,
  jsonOf,
  openGet,
  post,
  type RawResponse,
  request,
  toolCall,
} from "../../helpers/raw-http.ts";
import { RawSession } from "../../helpers/raw-session.ts";
import { exchange } from "./raw-socket.ts";

const ALLOWED = ["https://claude.ai", "https://app.example.org", "http://localhost:6274"];
const FOREIGN = [
  "https://evil.example",
  "http://claude.ai",
  "https://claude.ai.evil.example",
  "https://xclaude.ai",
  "https://claude.ai:444",
  "https://app.example.org.",
  "http://localhost.evil.example",
  "null",
  "file://",
  "",
  "https://claude.ai, https://evil.example",
];

let gateway: RunningGateway;
let url: string;

beforeAll(async () => {
  gateway = await startGateway({
    servers: { echo: fixtureServer("echo") },
    proxy: {
      allowedOrigins: ["https://app.example.org"],
      allowedHosts: ["gateway.lan"],
      publicUrl: "https://tools.example.net/p",
      ...OPEN,
    },
  });
  url = gateway.mcp("echo");
});
afterAll(() => gateway.stop());

const forbidden = toolCall("f", "echo", { text: "FORBIDDEN" });

// After every test, whatever it did.
afterEach(async () => {
  const lines = jsonOf((await post(url, toolCall(1, "seen"))).messages[0]);
  expect(JSON.stringify(lines)).not.toContain("FORBIDDEN");
});

function expectForbidden(answer: RawResponse): void {
  expect(answer.status).toBe(403);
  expect(answer.messages[0]?.error?.code).toBe(-32000);
  expect(answer.messages[0]).not.toHaveProperty("id");
  expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  expect(answer.session).toBeUndefined();
}

const preflight = (path: string, origin: string, more: object = {}): Promise<Response> =>
  fetch(gateway.url + path, {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "POST", ...more },
  });

describe("allowed origins", () => {
  const paths = ["/mcp", "/sse", "/messages", "/message"].flatMap((end) => [
    `/echo${end}`,
    `/echo${end}/`,
    `/servers/echo${end}`,
  ]);
  test.each(paths)("preflight of %s", async (path) => {
    for (const origin of ALLOWED) {
      const asked = "content-type, mcp-session-id, Mcp-Param-Region, authorization";
      const answer = await preflight(path, origin, { "access-control-request-headers": asked });
      expect([answer.status, await answer.text()]).toEqual([204, ""]);
      const { headers } = answer;
      expect(headers.get("access-control-allow-origin")).toBe(origin);
      expect(headers.get("access-control-allow-methods")).toBe("GET, POST, DELETE, OPTIONS");
      expect(headers.get("access-control-allow-headers")).toBe(asked);
      expect(Number(headers.get("access-control-max-age"))).toBeGreaterThan(0);
      expect(headers.get("vary")).toContain("Origin");
      expect(headers.get("vary")).toContain("Access-Control-Request-Headers");
      expect(headers.get("access-control-allow-credentials")).toBeNull();
    }
  });

  test("preflight at a subdomain", async () => {
    const host = { host: `echo.mcp.localhost:${gateway.port}` };
    for (const [path, more] of [
      ["/mcp", host],
      ["/sse", host],
    ] as const) {
      const answer = await preflight(path, "https://claude.ai", more);
      expect(answer.status).toBe(204);
      expect(answer.headers.get("access-control-allow-origin")).toBe("https://claude.ai");
    }
  });

  test("pages of other origins may neither read nor do what an admin may", async () => {
    for (const path of ["/listmcp", "/listtools/echo", "/cleanup", "/admin/status", "/nothing"]) {
      const asked = await preflight(path, "https://claude.ai");
      const method = path === "/cleanup" ? "POST" : "GET";
      const headers = { origin: "https://claude.ai" };
      const sent = await fetch(gateway.url + path, { method, headers });
      for (const answer of [asked, sent]) {
        expect([path, answer.status]).toEqual([path, 403]);
        expect(answer.headers.get("access-control-allow-origin")).toBeNull();
      }
    }
  });

  test("every answer can be read by the page, refusals too", async () => {
    for (const origin of ALLOWED) {
      const options: HttpOptions = { headers: { origin } };
      const session = await RawSession.open(url, { headers: { origin } });
      const stream = await openGet(url, session.options());
      const sse = await openGet(gateway.sse("echo"), options);
      const answers: readonly { headers: Headers }[] = [
        await post(url, request(1, "ping"), options),
        await session.post(toolCall(1, "progress", { steps: 1 }, { progressToken: 1 })),
        await session.post({ jsonrpc: "2.0", method: "notifications/initialized" }),
        stream,
        sse,
        await post(url, "{", options),
        await post(url, request(1, "ping"), { ...options, session: "unknown" }),
        await post(`${gateway.url}/nobody/mcp`, request(1, "ping"), options),
        await get(`${gateway.url}/health`, options),
        await session.end(),
      ];
      for (const { headers } of answers) {
        expect(headers.get("access-control-allow-origin")).toBe(origin);
        const exposed = headers.get("access-control-expose-headers");
        for (const name of ["Mcp-Session-Id", "MCP-Protocol-Version", "WWW-Authenticate"])
          expect(exposed).toContain(name);
        expect(headers.get("vary")).toContain("Origin");
        expect(headers.get("access-control-allow-credentials")).toBeNull();
      }
      await stream.stream.close();
      await sse.stream.close();
    }
  });

  test("the page's own origin, and none at all, where nothing is allowed to others", async () => {
    const host = "gateway.lan:8080";
    for (const scheme of ["http", "https"]) {
      const own = await post(url, request(1, "ping"), {
        headers: { host, origin: `${scheme}://${host}` },
      });
      expect(own.status).toBe(200);
    }
    const other = await post(url, forbidden, { headers: { host, origin: "http://gateway.lan" } });
    expectForbidden(other);
    const none = await post(url, request(1, "ping"));
    expect(none.headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("foreign origins are 403", () => {
  test.each(FOREIGN)("%p", async (origin) => {
    const options: HttpOptions = { headers: { origin } };
    const session = await RawSession.open(url);
    expectForbidden(await post(url, forbidden, options));
    expectForbidden(await session.post(forbidden, options));
    expectForbidden(await get(url, options));
    expectForbidden(await get(gateway.sse("echo"), options));
    expectForbidden(await del(url, session.options(options)));
    for (const path of ["/health", "/listmcp", "/listtools/echo", "/nobody/mcp"])
      expectForbidden(await get(gateway.url + path, options));
    expectForbidden(await post(`${gateway.url}/cleanup`, {}, options));
    const refused = await preflight("/echo/mcp", origin);
    expect(refused.status).toBe(403);
    expect(refused.headers.get("access-control-allow-origin")).toBeNull();
    expect((await session.call("add", { a: 1, b: 1 })).result).toBeDefined();
  });
});

describe("hosts", () => {
  const own = [
    "localhost",
    "127.0.0.1",
    "127.0.0.1:1",
    "[::1]:8080",
    "mcp.localhost",
    "gateway.lan",
    "GATEWAY.LAN:443",
    "tools.example.net",
  ];
  test.each(own)("%s is served", async (host) => {
    expect((await post(url, request(1, "ping"), { headers: { host } })).status).toBe(200);
  });

  test.each([
    "evil.example",
    "evil.example:8080",
    "localhost.evil.example",
    "xlocalhost",
    "127.0.0.1.evil.example",
    "127.0.0.2",
    "10.0.0.1",
    "mcp.evil.example",
    "echo.localhost",
    "a.echo.mcp.localhost",
    "echo.gateway.lan",
    "localhost:",
    "localhost:x",
    "user@localhost",
    "localhost/",
  ])("%s is 403", async (host) => {
    for (const path of ["/echo/mcp", "/echo/sse", "/mcp", "/health", "/listmcp", "/cleanup"]) {
      const answer = await exchange(gateway.port, {
        line: `POST ${path} HTTP/1.1`,
        headers: [`Host: ${host}`, "Content-Type: application/json"],
        body: JSON.stringify(forbidden),
      });
      // Bun answers what is no host at all by 400 before anybody is asked.
      expect([400, 403]).toContain(answer.status);
      if (answer.status === 403) expect(answer.body).toContain('"code":-32000');
    }
  });

  test("an allowed origin does not open a foreign host", async () => {
    const headers = { host: "evil.example", origin: "https://claude.ai" };
    expectForbidden(await post(url, forbidden, { headers }));
    const rebound = { host: "evil.example", origin: "http://evil.example" };
    expectForbidden(await post(url, forbidden, { headers: rebound }));
    const asked = await preflight("/echo/mcp", "https://claude.ai", { host: "evil.example" });
    expect(asked.status).toBe(403);
  });
});

test("pages of this machine may call on any port only where nobody else is served", async () => {
  await using own = await startGateway({ servers: { echo: fixtureServer("echo") } });
  await using open = await startGateway({
    servers: { echo: fixtureServer("echo") },
    proxy: OPEN,
    args: ["--host", "0.0.0.0"],
  });
  const at = ({ port }: RunningGateway): string => `http://127.0.0.1:${port}/echo/mcp`;
  const statusFor = async (of: RunningGateway, origin: string): Promise<number> =>
    (await post(at(of), request(1, "ping"), { headers: { origin } })).status;
  // The one in the middle listens on loopback, but has a public URL.
  const statuses = async (origin: string): Promise<readonly number[]> =>
    Promise.all([own, gateway, open].map((of) => statusFor(of, origin)));
  expect(await statuses("http://localhost:5173")).toEqual([200, 403, 403]);
  expect(await statuses("http://[::1]:5173")).toEqual([200, 403, 403]);
  expect(await statuses("http://localhost:6274")).toEqual([200, 200, 200]);
  expect(await statuses("https://evil.example")).toEqual([403, 403, 403]);
  // An address cannot be rebound, a name can.
  for (const [host, status] of [
    ["192.0.2.7:8080", 200],
    ["evil.example", 403],
  ] as const)
    expect((await post(at(open), request(1, "ping"), { headers: { host } })).status).toBe(status);
});
