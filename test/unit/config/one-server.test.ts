/** Configurations without a file: --stdio, -- and the demo; and the URLs of servers. */
import { describe, expect, test } from "bun:test";
import { slugOfCommand } from "../../../src/config/one-server.ts";
import { RESERVED_SLUGS } from "../../../src/config/slug.ts";
import { bindUrl, rootUrls, serverUrls, type UrlConfig } from "../../../src/config/urls.ts";
import { problemsOf, read } from "./read.ts";

describe("the name of a command", () => {
  test.each([
    ["npx -y @modelcontextprotocol/server-memory", "memory"],
    ["npx -y @modelcontextprotocol/server-memory@latest /data", "memory"],
    ["npx @playwright/mcp@1.2.3", "playwright"],
    ["npx -y mcp-remote", "remote"],
    ["uvx mcp-server-git --repository x", "git"],
    ["uv run server.py", "uv"],
    ["uv tool run mcp-server-time", "time"],
    ["npm exec some_tool", "some-tool"],
    ["bun x @acme/weather-mcp", "weather"],
    ["bun test/fixtures/servers/echo.ts", "echo"],
    ["node ./github-mcp/dist/index.js", "github"],
    ["python3 -m mcp_server_fetch", "fetch"],
    ["docker run -i --rm -e TOKEN ghcr.io/github/github-mcp-server", "github"],
    ["docker run -i -v /a:/b mcp/memory:1.0", "memory"],
    ["env KEY=1 npx -y server-jira", "jira"],
    ["/usr/local/bin/my-server", "my"],
    ["./weather", "weather"],
    ["node_modules/.bin/mcp-server-everything", "everything"],
    ["mcp-server", "server"],
    ["node", "node"],
    ["admin", "admin-server"],
    ["日本", "server"],
  ])("%s is %s", (command, slug) => {
    expect(slugOfCommand(command.split(" "))).toBe(slug);
    expect(RESERVED_SLUGS).not.toContain(slug);
  });
});

describe("one server on the command line", () => {
  test.each([
    [{ stdio: 'npx -y "a b"' }, ["npx", "-y", "a b"]],
    [{ command: ["npx", "-y", "${A} b"] }, ["npx", "-y", "${A} b"]],
  ])("%j", (flags, [command, ...args]) => {
    const { config, problems } = read({ flags });
    expect(problems).toEqual([]);
    expect(config?.source).toEqual({ kind: "command-line" });
    expect(config?.servers).toHaveLength(1);
    expect(config?.servers[0]).toMatchObject({ command, args, slug: config?.rootServer });
    expect(config?.rootServer).toBeTruthy();
  });

  test("inherits by name, and nothing else of the gateway's environment", () => {
    const env = { HOME: "/h", TOKEN: "t", OTHER: "o", BUN_X: "1" };
    const childEnv = (inheritEnv?: string) =>
      read({ env, flags: { stdio: "x", ...(inheritEnv === undefined ? {} : { inheritEnv }) } })
        .config?.servers[0]?.env;
    expect(childEnv()).toEqual({ HOME: "/h" });
    expect(childEnv("TOKEN, NO*")).toEqual({ HOME: "/h", TOKEN: "t" });
    expect(childEnv("*")).toEqual({ HOME: "/h", TOKEN: "t", OTHER: "o" });
  });

  test.each([
    [{ stdio: "" }, "--stdio: names no program"],
    [{ stdio: "cmd 'open" }, "--stdio: cannot be split"],
    [{ stdio: "x", command: ["y"] }, "--stdio: cannot stand beside"],
    [{ stdio: "x", config: "c.json" }, "--config: cannot stand beside --stdio"],
    [{ command: ["x"], config: "c.json" }, "--config: cannot stand beside --"],
  ])("%j is refused", (flags, words) => {
    const loaded = read({ flags });
    expect(problemsOf(loaded)[0]).toContain(words);
    expect(loaded.config).toBeUndefined();
  });
});

test("without a file the demo runs on our own executable", () => {
  const { config } = read({ selfCommand: ["/bun", "/src/main.ts"] });
  expect(config?.source).toEqual({ kind: "demo" });
  expect(config?.rootServer).toBeUndefined();
  expect(config?.servers).toMatchObject([
    { slug: "demo", command: "/bun", args: ["/src/main.ts", "__demo"] },
  ]);
});

describe("URLs", () => {
  const local: UrlConfig = {
    host: "127.0.0.1",
    domain: "localhost",
    mcpDomain: "mcp.localhost",
    publicUrl: undefined,
    tls: undefined,
    rootServer: undefined,
  };
  const tls = { certFile: "/c", keyFile: "/k" };
  const real = { domain: "example.org", mcpDomain: "mcp.example.org" };
  test.each([
    [{}, "http://127.0.0.1:81/x/mcp"],
    [{ tls }, "https://127.0.0.1:81/x/mcp"],
    [{ host: "0.0.0.0" }, "http://127.0.0.1:81/x/mcp"],
    [{ host: "::" }, "http://[::1]:81/x/mcp"],
    [{ host: "192.168.1.5" }, "http://192.168.1.5:81/x/mcp"],
    [{ host: "gate.lan" }, "http://gate.lan:81/x/mcp"],
    [{ domain: "192.168.1.5", mcpDomain: "mcp.192.168.1.5" }, "http://127.0.0.1:81/x/mcp"],
    [real, "https://x.mcp.example.org/mcp"],
    [{ ...real, publicUrl: "https://t.example/p" }, "https://t.example/p/x/mcp"],
    [{ mcpDomain: "mcp.example.org" }, "https://x.mcp.example.org/mcp"],
  ])("%j: %s", (change, mcp) => {
    const urls = serverUrls({ ...local, ...change }, "x", 81);
    expect(urls).toEqual({ mcp, sse: mcp.replace(/mcp$/, "sse") });
  });

  test("of a one-server form are at the root too", () => {
    expect(rootUrls(local, 81)).toBeUndefined();
    const one = { ...local, rootServer: "x" };
    expect(rootUrls(one, 81)?.mcp).toBe("http://127.0.0.1:81/mcp");
    expect(rootUrls({ ...one, publicUrl: "https://t/p" }, 81)?.sse).toBe("https://t/p/sse");
    expect(bindUrl({ ...local, host: "fe80::1" }, 81)).toBe("http://[fe80::1]:81");
  });
});
