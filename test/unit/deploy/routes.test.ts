/** The rules of Traefik that a configuration gives, and the same as labels. */
import { expect, test } from "bun:test";
import { mainHost, routesOf, type RoutingConfig } from "../../../src/deploy/routes.ts";
import { traefikLabels, traefikRules } from "../../../src/deploy/traefik.ts";
import { read } from "../config/read.ts";

function routing(proxy: object): RoutingConfig {
  const command = { command: "npx", args: ["-y", "x"] };
  const { config } = read({ config: { mcpServers: { memory: command, time: command }, proxy } });
  if (config === undefined) throw new Error("the configuration is wrong");
  return config;
}

const options = { backendUrl: "http://gateway:8080", certResolver: "le", wildcard: false };

test("a domain gives one router for each server and one for the main host", () => {
  expect(routesOf(routing({ domain: "example.org" })).map(({ rule }) => rule)).toEqual([
    "Host(`mcp.example.org`)",
    "Host(`memory.mcp.example.org`)",
    "Host(`time.mcp.example.org`)",
  ]);
});

test("a public URL gives one router, with the documents that the standards put elsewhere", () => {
  const config = routing({ publicUrl: "https://host.example/tools" });
  expect(routesOf(config).map(({ rule }) => rule)).toEqual([
    "Host(`host.example`) && (Path(`/tools`) || PathPrefix(`/tools/`) || " +
      "PathPrefix(`/.well-known/oauth-protected-resource/tools`) || " +
      "PathPrefix(`/.well-known/oauth-authorization-server/tools`))",
  ]);
  expect(mainHost(config)).toBe("host.example");
});

test("without a public name there is nothing to route", () => {
  expect(routesOf(routing({}))).toEqual([]);
});

test("a wildcard certificate is asked for as one, for every router", () => {
  const config = routing({ domain: "example.org" });
  const rules = traefikRules(config, { ...options, wildcard: true }) as {
    http: { routers: Record<string, { tls: unknown }> };
  };
  for (const router of Object.values(rules.http.routers)) {
    expect(router.tls).toEqual({
      certResolver: "le",
      domains: [{ main: "mcp.example.org", sans: ["*.mcp.example.org"] }],
    });
  }
});

test("labels say what the file says", () => {
  const config = routing({ domain: "example.org" });
  const labels = traefikLabels(config, { ...options, wildcard: true, network: "proxy" });
  const router = "traefik.http.routers.remote-mcp-proxy-memory";
  expect(labels).toMatchObject({
    "traefik.enable": "true",
    [`${router}.rule`]: "Host(`memory.mcp.example.org`)",
    [`${router}.tls.certresolver`]: "le",
    [`${router}.tls.domains[0].main`]: "mcp.example.org",
    [`${router}.tls.domains[0].sans`]: "*.mcp.example.org",
    "traefik.http.services.remote-mcp-proxy.loadbalancer.server.port": "8080",
    "traefik.http.middlewares.remote-mcp-proxy-headers.headers.customresponseheaders.X-Powered-By":
      "",
  });
  for (const key of Object.keys(labels).filter((one) => !one.includes("customresponseheaders")))
    expect(key).toBe(key.toLowerCase());
});
