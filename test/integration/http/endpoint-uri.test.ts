/**
 * The URI that HTTP+SSE clients are told to post to: right behind a path, a subdomain, a public
 * prefix and a proxy that strips one, always of the same origin, and never what a header smuggles in.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fixturePath, fixtureServer } from "../../helpers/fixtures.ts";
import { OPEN, type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { openGet, post, request } from "../../helpers/raw-http.ts";

const PREFIXED = "https://tools.example.org/mcp-servers";
const servers = { echo: fixtureServer("echo"), "a-b": fixtureServer("echo") };

/** The tests stand where the proxy would. */
const trusting = { trustedProxies: ["127.0.0.1"] };

let plain: RunningGateway;
let prefixed: RunningGateway;

beforeAll(async () => {
  [plain, prefixed] = await Promise.all([
    startGateway({ servers, proxy: trusting }),
    startGateway({ servers, proxy: { ...OPEN, ...trusting }, env: { PUBLIC_URL: `${PREFIXED}/` } }),
  ]);
});
afterAll(() => Promise.all([plain.stop(), prefixed.stop()]));

interface Way {
  readonly of: () => RunningGateway;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What stands before `?sessionId=`. */
  readonly uri: string;
  /** The path that a proxy would make of the URI; the URI itself where nothing is stripped. */
  readonly arrivesAt?: string;
}

const onPlain = () => plain;
const onPrefixed = () => prefixed;
const forwarded = (prefix: string) => ({ "x-forwarded-prefix": prefix });

const ways: readonly (readonly [name: string, way: Way])[] = [
  ["a path", { of: onPlain, path: "/echo/sse", uri: "/echo/messages" }],
  ["a slug with a dash", { of: onPlain, path: "/a-b/mcp", uri: "/a-b/messages" }],
  ["the alias", { of: onPlain, path: "/servers/echo/sse/", uri: "/echo/messages" }],
  [
    "a subdomain",
    {
      of: onPlain,
      path: "/sse",
      headers: { host: "echo.mcp.localhost" },
      uri: "/messages",
    },
  ],
  [
    "a subdomain, whatever a proxy says",
    {
      of: onPlain,
      path: "/",
      headers: { host: "echo.mcp.localhost", ...forwarded("/x") },
      uri: "/messages",
    },
  ],
  [
    "a proxy that strips a prefix",
    {
      of: onPlain,
      path: "/echo/sse",
      headers: forwarded("/srv/tools"),
      uri: "/srv/tools/echo/messages",
      arrivesAt: "/echo/messages",
    },
  ],
  [
    "the same with a slash at the end",
    {
      of: onPlain,
      path: "/echo/sse",
      headers: forwarded("/srv/"),
      uri: "/srv/echo/messages",
      arrivesAt: "/echo/messages",
    },
  ],
  [
    "PUBLIC_URL with a prefix that arrives",
    {
      of: onPrefixed,
      path: "/mcp-servers/echo/sse",
      headers: { host: "tools.example.org" },
      uri: "/mcp-servers/echo/messages",
    },
  ],
  [
    "PUBLIC_URL with a prefix that is stripped",
    {
      of: onPrefixed,
      path: "/echo/sse",
      headers: { host: "tools.example.org" },
      uri: "/mcp-servers/echo/messages",
      arrivesAt: "/echo/messages",
    },
  ],
  [
    "PUBLIC_URL and a subdomain",
    {
      of: onPrefixed,
      path: "/sse",
      headers: { host: "echo.mcp.localhost" },
      uri: "/messages",
    },
  ],
];

describe("the URI and a POST to it", () => {
  test.each(ways)("%s", async (_name, { of, path, headers = {}, uri, arrivesAt }) => {
    const gateway = of();
    const { stream } = await openGet(gateway.url + path, { headers });
    const first = await stream.next();
    expect(first?.event).toBe("endpoint");
    const [target, query] = (first?.data ?? "").split("?");
    expect(target).toBe(uri);
    expect(query).toMatch(/^sessionId=[\w-]{43}$/);
    const posted = await post(`${gateway.url}${arrivesAt ?? uri}?${query}`, request("p", "ping"), {
      headers,
    });
    expect(posted.status).toBe(202);
    expect((await stream.next())?.data).toBe('{"jsonrpc":"2.0","id":"p","result":{}}');
    await stream.close();
  });
});

describe("X-Forwarded-Prefix that is no path is not repeated", () => {
  test.each([
    "//evil.example",
    "https://evil.example",
    "/a//evil",
    "/\\evil.example",
    "evil",
    "/a b",
    "/a?x=1",
    "/a#x",
    "/%2f",
    "/",
    "",
  ])("%p", async (prefix) => {
    for (const [gateway, uri] of [
      [plain, "/echo/messages"],
      [prefixed, "/mcp-servers/echo/messages"],
    ] as const) {
      const { stream } = await openGet(gateway.sse("echo"), { headers: forwarded(prefix) });
      const data = (await stream.next())?.data;
      expect(data?.split("?")[0]).toBe(uri);
      await stream.close();
    }
  });
});

test("X-Forwarded-Host and -Proto change nothing", async () => {
  const headers = { "x-forwarded-host": "evil.example", "x-forwarded-proto": "https" };
  const { stream } = await openGet(plain.sse("echo"), { headers });
  expect((await stream.next())?.data).toStartWith("/echo/messages?sessionId=");
  await stream.close();
});

test("below the public prefix is all that is on the main host", async () => {
  const headers = { host: "tools.example.org" };
  for (const path of ["/mcp-servers/echo/mcp", "/mcp-servers/servers/echo/mcp/", "/echo/mcp"])
    expect((await post(prefixed.url + path, request(1, "ping"), { headers })).status).toBe(200);
  const health = await fetch(`${prefixed.url}/mcp-servers/health`, { headers });
  expect(await health.json()).toEqual({ status: "healthy" });
  // A prefix is a whole path segment.
  const other = await post(`${prefixed.url}/mcp-serversecho/mcp`, request(1, "ping"), { headers });
  expect(other.status).toBe(404);
});

test("one-server forms announce a URI that works at the root", async () => {
  await using alone = await startGateway({ args: ["--", process.execPath, fixturePath("echo")] });
  const { stream } = await openGet(`${alone.url}/sse`);
  const uri = (await stream.next())?.data ?? "";
  expect(uri).toStartWith("/");
  const posted = await post(new URL(uri, `${alone.url}/sse`).href, request("p", "ping"));
  expect(posted.status).toBe(202);
  expect((await stream.next())?.data).toContain('"id":"p"');
  await stream.close();
});
