/**
 * What stands between: where nobody is asked who they are, no proxy and no foreign name; where
 * headers of proxies may come, only those of trusted ones are believed.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { addKey } from "../../helpers/auth/keys.ts";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { OPEN, type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { get, openGet, post, request } from "../../helpers/raw-http.ts";

const servers = { echo: fixtureServer("echo") };
const PREFIX = { "x-forwarded-prefix": "/elsewhere" };
const ping = request(1, "ping");

let plain: RunningGateway;
let trusting: RunningGateway;
let asking: RunningGateway;
let open: RunningGateway;

beforeAll(async () => {
  [plain, trusting, asking, open] = await Promise.all([
    startGateway({ servers }),
    startGateway({ servers, proxy: { trustedProxies: ["127.0.0.0/8"] } }),
    startGateway({ servers, proxy: { auth: { required: true } } }),
    startGateway({ servers, proxy: OPEN, args: ["--host", "0.0.0.0"] }),
  ]);
});
afterAll(() => Promise.all([plain, trusting, asking, open].map((one) => one.stop())));

async function messagesPath(of: RunningGateway, headers: Readonly<Record<string, string>>) {
  const { stream } = await openGet(of.sse("echo"), { headers });
  const data = (await stream.next())?.data ?? "";
  await stream.close();
  return data.split("?")[0];
}

describe("on this machine, without authentication", () => {
  test.each([
    ["X-Forwarded-For", "203.0.113.7"],
    ["X-Forwarded-For", "127.0.0.1"],
    ["X-Forwarded-Host", "localhost"],
    ["X-Forwarded-Proto", "https"],
    ["X-Forwarded-Prefix", "/x"],
    ["Forwarded", "for=203.0.113.7;proto=https"],
    ["X-Real-IP", "203.0.113.7"],
    ["CF-Connecting-IP", "203.0.113.7"],
    ["True-Client-IP", "203.0.113.7"],
    ["Tailscale-User-Login", "ada@example.org"],
  ])("T22 a request with %s: %s came through a proxy, and is refused", async (name, value) => {
    const headers = { [name]: value };
    const answer = await post(plain.mcp("echo"), ping, { headers });
    expect(answer.status).toBe(403);
    expect(answer.text).toContain(name.toLowerCase());
    expect(answer.text).toContain("trustedProxies");
    for (const path of ["/health", "/listmcp", "/nothing"])
      expect((await get(plain.url + path, { headers })).status).toBe(403);
    expect((await post(trusting.mcp("echo"), ping, { headers })).status).toBe(200);
  });

  test.each(["evil.example", "localhost.evil.example", "127.0.0.1.evil.example"])(
    "T22 a request for %s is refused, also through a trusted proxy",
    async (host) => {
      for (const one of [plain, trusting]) {
        const answer = await post(one.mcp("echo"), ping, { headers: { host } });
        expect(answer.status).toBe(403);
      }
    },
  );

  test("a request as it comes is served", async () => {
    expect((await post(plain.mcp("echo"), ping)).status).toBe(200);
  });
});

describe("X-Forwarded-Prefix", () => {
  test("is believed from a trusted proxy", async () => {
    expect(await messagesPath(trusting, PREFIX)).toBe("/elsewhere/echo/messages");
  });

  test("is nothing from anybody else", async () => {
    expect(await messagesPath(open, PREFIX)).toBe("/echo/messages");
    const { headers } = await addKey(asking);
    expect(await messagesPath(asking, { ...headers, ...PREFIX })).toBe("/echo/messages");
  });
});

test("T24 headers of a proxy change no document and no challenge", async () => {
  const path = "/.well-known/oauth-protected-resource/echo/mcp";
  const forged = {
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "https",
    "x-forwarded-prefix": "/evil",
    forwarded: "host=evil.example;proto=https",
    "x-original-url": "/evil",
    "x-rewrite-url": "/evil",
  };
  const [honest, lied] = await Promise.all([
    get(asking.url + path),
    get(asking.url + path, { headers: forged }),
  ]);
  expect(honest.status).toBe(200);
  expect(lied.text).toBe(honest.text);
  const challenges = await Promise.all(
    [{}, forged].map(async (headers) => {
      const answer = await post(asking.mcp("echo"), ping, { headers });
      return [answer.status, answer.headers.get("www-authenticate")];
    }),
  );
  expect(challenges[1]).toEqual(challenges[0] ?? []);
  expect(JSON.stringify(challenges)).not.toContain("evil");
});
