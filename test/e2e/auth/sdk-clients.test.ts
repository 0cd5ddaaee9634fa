/**
 * The official SDKs, both generations, against the executable over HTTPS: 401, discovery, registration
 * or client document, a person's leave, token, a call; then a spoilt token, which they refresh without
 * asking anybody, and a revoked leave, after which they ask again.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as HttpTransportV2,
} from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { Browser } from "../../helpers/auth/browser.ts";
import { testFetch } from "../../helpers/auth/fetch.ts";
import { callbackOf, CLAUDE_CALLBACK, discover } from "../../helpers/auth/oauth-client.ts";
import { MemoryProvider } from "../../helpers/auth/sdk-provider.ts";
import {
  authorizeAt,
  type SecureGateway,
  startSecureGateway,
} from "../../helpers/auth/secure-gateway.ts";
import { fixtureServer } from "../../helpers/fixtures.ts";

let secure: SecureGateway;
beforeAll(async () => {
  secure = await startSecureGateway({ servers: { echo: fixtureServer("echo") }, binary: true });
});
afterAll(() => secure[Symbol.asyncDispose]());

/** What both generations can do, as far as it is needed here. */
interface Way {
  /** @throws when a person has to be asked */
  connect(): Promise<void>;
  finish(callback: URLSearchParams): Promise<void>;
  echo(text: string): Promise<string>;
  close(): Promise<void>;
}

const INFO = { name: "sdk", version: "1" };

function wayV1(url: string, provider: MemoryProvider): Way {
  const make = () =>
    new StreamableHTTPClientTransport(new URL(url), { authProvider: provider, fetch: testFetch });
  let transport = make();
  let client = new ClientV1(INFO);
  return {
    connect: async () => {
      transport = make();
      client = new ClientV1(INFO);
      await client.connect(transport as Transport);
    },
    finish: (callback) => transport.finishAuth(callback.get("code") ?? ""),
    echo: async (text) => textIn(await client.callTool({ name: "echo", arguments: { text } })),
    close: () => client.close(),
  };
}

function wayV2(mode: "legacy" | "auto") {
  return (url: string, provider: MemoryProvider): Way => {
    const make = () =>
      new HttpTransportV2(new URL(url), { authProvider: provider, fetch: testFetch });
    const create = () => new ClientV2(INFO, { versionNegotiation: { mode } });
    let transport = make();
    let client = create();
    return {
      connect: async () => {
        transport = make();
        client = create();
        await client.connect(transport);
      },
      finish: (callback) => transport.finishAuth(callback),
      echo: async (text) => textIn(await client.callTool({ name: "echo", arguments: { text } })),
      close: () => client.close(),
    };
  };
}

function textIn(result: object): string {
  const { content } = result as { content: { text: string }[] };
  return content[0]?.text ?? "";
}

const isUnauthorized = (error: unknown): boolean =>
  error instanceof Error && /unauthorized/i.test(`${error.name} ${error.message}`);

async function refused(way: Way): Promise<boolean> {
  try {
    await way.connect();
    return false;
  } catch (error) {
    if (!isUnauthorized(error)) throw error;
    return true;
  }
}

test.each([
  ["v1", wayV1, (secured: SecureGateway) => secured.mcp("echo")],
  ["v1, by path", wayV1, (secured: SecureGateway) => secured.pathMcp("echo")],
  ["v2, legacy era", wayV2("legacy"), (secured: SecureGateway) => secured.mcp("echo")],
  ["v2, 2026-07-28", wayV2("auto"), (secured: SecureGateway) => secured.mcp("echo")],
  ["v2, by path", wayV2("auto"), (secured: SecureGateway) => secured.pathMcp("echo")],
] as const)("SDK %s: from 401 to a call, a refresh, and a new leave", async (_, wayOf, urlOf) => {
  const url = urlOf(secure);
  const provider = new MemoryProvider(CLAUDE_CALLBACK);
  const way = wayOf(url, provider);
  expect(await refused(way)).toBe(true);
  expect(provider.registered).toBe(1);
  const browser = new Browser();
  const asked = provider.sentTo ?? "";
  await way.finish(callbackOf(await authorizeAt(browser, asked)));
  await way.connect();
  expect(await way.echo("hello")).toBe("hello");
  const first = provider.saved;
  expect(first?.refresh_token).toBeString();

  // A token that has ended is renewed in the middle of a call, with nobody asked.
  provider.spoil();
  expect(await way.echo("again")).toBe("again");
  expect(provider.saved?.access_token).not.toBe(first?.access_token ?? "");
  expect(provider.saved?.access_token).not.toBe("spoilt");
  expect(provider.asked).toBe(1);

  // A leave that was taken back: both tokens are dead, and the person is asked again.
  const { revocationEndpoint } = await discover(url);
  const information = provider.clientInformation();
  const revoked = await testFetch(revocationEndpoint, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({
      token: provider.saved?.refresh_token ?? "",
      client_id: information?.client_id ?? "",
    }).toString(),
  });
  expect(revoked.status).toBe(200);
  await way.close();
  expect(await refused(way)).toBe(true);
  expect(provider.asked).toBe(2);
  // The browser is signed in still, and is asked nevertheless.
  await way.finish(callbackOf(await authorizeAt(browser, provider.sentTo ?? "")));
  await way.connect();
  expect(await way.echo("once more")).toBe("once more");
  expect(provider.registered).toBe(1);
  await way.close();
});
