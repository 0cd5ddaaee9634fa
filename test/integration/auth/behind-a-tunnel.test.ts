/**
 * The pages behind one public URL with a path, whose TLS ends in front of the gateway: as through a tunnel,
 * whether or not it takes the path off.
 */
import { describe, expect, test } from "bun:test";
import { AskingClient } from "../../helpers/auth/asking-client.ts";
import { Browser } from "../../helpers/auth/browser.ts";
import type { FetchLike } from "../../helpers/auth/fetch.ts";
import { authorizeAt, PERSON, setUpLink } from "../../helpers/auth/secure-gateway.ts";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";

const HOST = "tunnel.mcp.test";
const PUBLIC_URL = `https://${HOST}/tools`;
const servers = { echo: fixtureServer("echo", { instances: "session" }) };

/** The tunnel: takes https at the public name, and calls the gateway by http. */
function tunnelTo(gateway: RunningGateway, isPrefixTakenOff: boolean): FetchLike {
  return (input, init) => {
    const request = new Request(String(input), init);
    const url = new URL(request.url);
    const path = isPrefixTakenOff ? url.pathname.replace(/^\/tools/, "") : url.pathname;
    const headers = new Headers(request.headers);
    headers.set("host", HOST);
    headers.set("x-forwarded-for", "198.51.100.7");
    headers.set("x-forwarded-proto", "https");
    return fetch(`${gateway.url}${path}${url.search}`, {
      method: request.method,
      headers,
      body: init?.body ?? null,
      redirect: "manual",
    });
  };
}

for (const isPrefixTakenOff of [true, false]) {
  describe(`a tunnel that ${isPrefixTakenOff ? "takes the path off" : "passes the path on"}`, () => {
    test("leads through set-up, sign-in and consent back to the client", async () => {
      await using gateway = await startGateway({ servers, env: { PUBLIC_URL } });
      const tunnel = tunnelTo(gateway, isPrefixTakenOff);
      const browser = new Browser({ fetch: tunnel });
      const link = await setUpLink(gateway);
      expect(link).toStartWith(`${PUBLIC_URL}/set-up/`);
      const { password } = PERSON;
      const form = await browser.open(link);
      const done = await browser.submit(form, { fields: { password, repeated: password } });
      expect(done.words).toContain(`${PUBLIC_URL}/echo/mcp`);
      const client = await AskingClient.register({ origin: () => PUBLIC_URL }, { fetch: tunnel });
      const resource = `${PUBLIC_URL}/echo/mcp`;
      const { leftFor } = await authorizeAt(browser, client.url({ resource }));
      const { status } = await client.token(client.codeOf(leftFor));
      expect(status).toBe(200);
      expect(browser.cookies.refused).toEqual([]);
      expect(browser.cookies.all().map(({ name }) => name.slice(0, 7))).toContain("__Host-");
    });
  });
}
