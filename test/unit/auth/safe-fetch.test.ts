/**
 * Documents that strangers name are fetched from public hosts only: row 25 of the threat model. The
 * server is a real one with a certificate of the test authority; where a name leads is the test's.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import {
  documentUrlProblem,
  SafeFetch,
  type SafeFetchOptions,
} from "../../../src/auth/safe-fetch.ts";
import { createSystemClock } from "../../../src/runtime/system-clock.ts";
import { testAuthority } from "../../helpers/auth/authority.ts";
import { gate } from "../../helpers/wait.ts";

const URL_OF_IT = "https://client.mcp.test/client.json";
let server: Server;
let port: number;
/** Requests that have arrived. */
let hits = 0;
/** What the next ones are answered with. */
let answer: (path: string) => { status?: number; headers?: Record<string, string>; body?: string };
/** Held until a test lets go, when set. */
let held: Promise<void> | undefined;

beforeAll(async () => {
  const { cert, key } = testAuthority().certificate;
  server = createServer({ cert, key }, (request, response) => {
    hits++;
    const { status = 200, headers = {}, body = "{}" } = answer(request.url ?? "");
    const send = (): void => {
      response.writeHead(status, headers);
      response.end(body);
    };
    if (held === undefined) send();
    else held.then(send, send);
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

interface Setting {
  readonly addresses?: readonly string[];
  readonly resolve?: NonNullable<SafeFetchOptions["resolve"]>;
  /** Takes 127.0.0.1 for public, so that there is something to reach. */
  readonly isReachable?: boolean;
  readonly timeoutMs?: number;
}

function fetcher(setting: Setting = {}): SafeFetch {
  hits = 0;
  held = undefined;
  answer = () => ({});
  const { addresses = ["127.0.0.1"], isReachable = false, timeoutMs = 5000 } = setting;
  return new SafeFetch({
    clock: createSystemClock(),
    resolve: setting.resolve ?? (() => Promise.resolve(addresses)),
    ...(isReachable ? { isPublic: (address) => address === "127.0.0.1" } : {}),
    authority: { port, ca: testAuthority().ca },
    timeoutMs,
  });
}

test("a document is fetched, under its name and over its certificate", async () => {
  const safe = fetcher({ isReachable: true });
  answer = (path) => ({ headers: { "cache-control": "public, max-age=600" }, body: `"${path}"` });
  const found = await safe.get(`${URL_OF_IT}?a=1`, 100);
  expect(found).toEqual({ body: '"/client.json?a=1"', maxAgeSeconds: 600 });
});

describe("T25 nothing is sent", () => {
  test.each([
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::ffff:127.0.0.1",
    "fc00::1",
    "fe80::1",
    "64:ff9b::7f00:1",
  ])("to %s", async (address) => {
    const safe = fetcher({ addresses: [address] });
    await expect(safe.get(URL_OF_IT, 100)).rejects.toThrow("not public");
    expect(hits).toBe(0);
  });

  test("to a host with one public and one private address", async () => {
    for (const addresses of [
      ["1.1.1.1", "127.0.0.1"],
      ["127.0.0.1", "1.1.1.1"],
      ["2606:4700::1111", "::1"],
    ]) {
      await expect(fetcher({ addresses }).get(URL_OF_IT, 100)).rejects.toThrow("not public");
      expect(hits).toBe(0);
    }
  });

  test("to a host without an address", async () => {
    await expect(fetcher({ addresses: [] }).get(URL_OF_IT, 100)).rejects.toThrow("no address");
  });

  test.each([
    "http://client.mcp.test/client.json",
    "https://127.0.0.1/client.json",
    "https://2130706433/client.json",
    "https://0x7f000001/client.json",
    "https://0x7f.0.0.1/client.json",
    "https://0177.0.0.1/client.json",
    "https://127.1/client.json",
    "https://[::1]/client.json",
    "https://localhost/client.json",
    "https://client.mcp.test:8443/client.json",
    "https://client.mcp.test:443/client.json",
    "https://user@client.mcp.test/client.json",
    "https://user:word@client.mcp.test/client.json",
    "https://client.mcp.test",
    "https://client.mcp.test/",
    "https://client.mcp.test/a/../client.json",
    "https://client.mcp.test/a/./client.json",
    "https://client.mcp.test/a/%2e%2E/client.json",
    "https://client.mcp.test/client.json#x",
    "https://client.mcp.test\\@evil.example/client.json",
    "https://CLIENT.mcp.test/client.json",
    "https://client.mcp.test./client.json",
    "https://clïent.mcp.test/client.json",
    "https://client.mcp.test/a b",
    "https:client.mcp.test/client.json",
    `https://client.mcp.test/${"x".repeat(600)}`,
    "file:///etc/passwd",
    "",
  ])("for %s", async (url) => {
    expect(documentUrlProblem(url)).toBeDefined();
    await expect(fetcher({ isReachable: true }).get(url, 100)).rejects.toThrow("https URL");
    expect(hits).toBe(0);
  });
});

test("T25 what was judged is what is connected to, whatever the name leads to later", async () => {
  let asked = 0;
  const resolve = (): Promise<readonly string[]> => {
    asked++;
    // First the one that may be reached, then one that may not.
    return Promise.resolve(asked === 1 ? ["127.0.0.1"] : ["127.0.0.2"]);
  };
  const safe = fetcher({ resolve, isReachable: true });
  expect((await safe.get(URL_OF_IT, 100)).body).toBe("{}");
  expect([asked, hits]).toEqual([1, 1]);
  await expect(safe.get(URL_OF_IT, 100)).rejects.toThrow("not public");
  expect(hits).toBe(1);
});

test("T25 a redirect is not followed", async () => {
  const safe = fetcher({ isReachable: true });
  for (const status of [301, 302, 303, 307, 308]) {
    answer = () => ({ status, headers: { location: `https://127.0.0.1:${port}/secret` } });
    await expect(safe.get(URL_OF_IT, 100)).rejects.toThrow(`status ${status}`);
  }
  expect(hits).toBe(5);
});

test("T25 the certificate must be of that name", async () => {
  const safe = fetcher({ isReachable: true });
  const get = safe.get("https://client.other.test/client.json", 100);
  await expect(get).rejects.toThrow("cannot be reached");
  expect(hits).toBe(0);
});

describe("T27 a document", () => {
  test("that is too long is cut off", async () => {
    const safe = fetcher({ isReachable: true });
    answer = () => ({ body: "x".repeat(6000) });
    await expect(safe.get(URL_OF_IT, 5 * 1024)).rejects.toThrow("more than 5120 bytes");
  });

  test("that does not come is not waited for", async () => {
    const safe = fetcher({ isReachable: true, timeoutMs: 50 });
    const opened = gate();
    held = opened.passed;
    try {
      await expect(safe.get(URL_OF_IT, 100)).rejects.toThrow("in time");
    } finally {
      opened.open();
    }
  });

  test("whose host's name is not found in time is not waited for either", async () => {
    const safe = fetcher({ resolve: () => new Promise(() => undefined), timeoutMs: 50 });
    await expect(safe.get(URL_OF_IT, 100)).rejects.toThrow("in time");
  });

  test("with another status is none", async () => {
    const safe = fetcher({ isReachable: true });
    answer = () => ({ status: 403, body: "<html>a challenge</html>" });
    await expect(safe.get(URL_OF_IT, 100)).rejects.toThrow("status 403");
  });
});
