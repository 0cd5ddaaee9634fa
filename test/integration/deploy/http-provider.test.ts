/** The gateway tells Traefik's HTTP provider its routes, as they are now, and only an administrator. */
import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addKey } from "../../helpers/auth/keys.ts";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { startGateway } from "../../helpers/gateway.ts";
import { until } from "../../helpers/wait.ts";
import type { Rules } from "./rule-proxy.ts";

test("a server that is added is routed without generating anything", async () => {
  const config = {
    mcpServers: { left: fixtureServer("echo") },
    proxy: { domain: "example.org" },
  };
  await using gateway = await startGateway({ config });
  const { headers } = await addKey(gateway, "--admin");
  const ask = (query: string, given: Record<string, string> = headers) =>
    fetch(`${gateway.url}/admin/traefik${query}`, { headers: given });
  const backend = "?backend=http://10.0.0.5:8080";
  expect((await ask(backend, {})).status).toBe(401);
  expect((await ask(backend, (await addKey(gateway)).headers)).status).toBe(403);
  for (const wrong of ["", "?backend=10.0.0.5", `${backend}&resolver=a%20b`]) {
    const refused = await ask(wrong);
    expect([refused.status, await refused.text()]).toEqual([
      400,
      expect.stringContaining("?backend="),
    ]);
  }
  const rules = async (): Promise<Rules> =>
    (await (await ask(`${backend}&wildcard=true`)).json()) as Rules;
  const first = await rules();
  expect(Object.keys(first.http.routers)).toEqual(["remote-mcp-proxy", "remote-mcp-proxy-left"]);
  expect(JSON.stringify(first)).toContain("*.mcp.example.org");
  expect(first.http.services["remote-mcp-proxy"]?.loadBalancer.servers).toEqual([
    { url: "http://10.0.0.5:8080" },
  ]);
  const file = join(gateway.folder, "config.json");
  const text = JSON.parse(readFileSync(file, "utf8")) as typeof config;
  writeFileSync(
    file,
    JSON.stringify({ ...text, mcpServers: { ...text.mcpServers, right: fixtureServer("echo") } }),
  );
  gateway.signal("SIGHUP");
  await until(async () => "remote-mcp-proxy-right" in (await rules()).http.routers);
});
