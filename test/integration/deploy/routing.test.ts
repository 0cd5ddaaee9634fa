/** The generated rules lead requests to the right server, by subdomain and below a path prefix. */
import { expect, test } from "bun:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { join } from "node:path";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { gatewayCommand, startGateway, type RunningGateway } from "../../helpers/gateway.ts";
import { textOfResult } from "../../helpers/sdk.ts";
import { matches, startRuleProxy, type Rules } from "./rule-proxy.ts";

const proxy = {
  domain: "example.org",
  publicUrl: "https://tunnel.example/tools",
  auth: { allowInsecure: true },
};
const servers = {
  left: fixtureServer("echo", { env: { NAME: "left" } }),
  right: fixtureServer("echo", { env: { NAME: "right" } }),
};

async function rulesFor(gateway: RunningGateway): Promise<Rules> {
  const config = join(gateway.folder, "config.json");
  const words = ["deploy", "traefik", "--config", config, "--backend", gateway.url];
  const child = Bun.spawn([...gatewayCommand(), ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  expect(await child.exited).toBe(0);
  return Bun.YAML.parse(await child.stdout.text()) as Rules;
}

/** A fetch that believes the proxy to be every host. */
function through(port: number) {
  return (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : input);
    const headers = new Headers(init?.headers);
    headers.set("host", url.host);
    return fetch(`http://127.0.0.1:${port}${url.pathname}${url.search}`, { ...init, headers });
  };
}

test.each([
  ["https://left.mcp.example.org/mcp", "remote-mcp-proxy-left"],
  ["https://right.mcp.example.org/sse", "remote-mcp-proxy-right"],
  ["https://mcp.example.org/left/mcp", "remote-mcp-proxy"],
  ["https://tunnel.example/tools/right/mcp", "remote-mcp-proxy-public"],
  ["https://tunnel.example/tools/left/sse", "remote-mcp-proxy-public"],
])("%s is routed by %s", async (url, router) => {
  await using gateway = await startGateway({ servers, proxy });
  await using front = startRuleProxy(await rulesFor(gateway));
  const client = new Client({ name: "routed", version: "1" });
  const options = { fetch: through(front.port) };
  const transport = url.endsWith("/sse")
    ? new SSEClientTransport(new URL(url), options)
    : new StreamableHTTPClientTransport(new URL(url), options);
  await client.connect(transport as Transport);
  const answer = await client.callTool({ name: "echo", arguments: { text: "hello" } });
  expect(textOfResult(answer)).toContain("hello");
  await client.close();
  expect(new Set(front.taken)).toEqual(new Set([router]));
});

test("the health check of the rules is answered, and other names lead nowhere", async () => {
  await using gateway = await startGateway({ servers, proxy });
  const rules = await rulesFor(gateway);
  await using front = startRuleProxy(rules);
  const { path, hostname } = rules.http.services["remote-mcp-proxy"]?.loadBalancer.healthCheck ?? {
    path: "",
    hostname: "",
  };
  const checked = await fetch(`${gateway.url}${path}`, { headers: { host: hostname } });
  expect(checked.status).toBe(200);
  const ask = through(front.port);
  expect((await ask("https://other.mcp.example.org/mcp")).status).toBe(404);
  expect((await ask("https://tunnel.example/elsewhere")).status).toBe(404);
  expect(front.taken).toEqual([]);
});

test("the proxy of these tests reads rules as Traefik does", () => {
  const rule = "Host(`a`) && (Path(`/t`) || PathPrefix(`/t/`))";
  expect(matches(rule, "a", "/t")).toBe(true);
  expect(matches(rule, "a", "/t/x")).toBe(true);
  expect(matches(rule, "a", "/tx")).toBe(false);
  expect(matches(rule, "b", "/t")).toBe(false);
  expect(() => matches("HostRegexp(`a`)", "a", "/")).toThrow("unknown matcher");
});
