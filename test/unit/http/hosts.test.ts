/** Host headers against the configured hosts: what a rebound name must not get through with. */
import { describe, expect, test } from "bun:test";
import { createHostMatcher, hostName, type HostPolicy } from "../../../src/http/hosts.ts";

const LOCAL: HostPolicy = {
  bindHost: "127.0.0.1",
  mcpDomain: "mcp.localhost",
  publicHost: undefined,
  allowedHosts: [],
};
const PUBLIC: HostPolicy = {
  bindHost: "0.0.0.0",
  mcpDomain: "MCP.Example.org",
  publicHost: "tunnel.example.net",
  allowedHosts: ["gateway.lan", "Other.LAN", "[fd00::1]"],
};

/** `main`, `server:slug` or `refused`. */
function match(header: string | null, policy: HostPolicy): string {
  const found = createHostMatcher(policy)(header);
  if (found === undefined) return "refused";
  return found.kind === "main" ? "main" : `server:${found.slug}`;
}

describe("hostName", () => {
  const rows: readonly [header: string | null, name: string | undefined][] = [
    ["localhost", "localhost"],
    ["LocalHost:8080", "localhost"],
    ["127.0.0.1:1", "127.0.0.1"],
    ["[::1]:8080", "[::1]"],
    ["[FE80::A]", "[fe80::a]"],
    ["my_server.mcp.localhost", "my_server.mcp.localhost"],
    ["localhost, evil.example", undefined],
    ["localhost,evil.example", undefined],
    ["localhost evil.example", undefined],
    ["localhost:8080, localhost:8080", undefined],
    ["user@localhost", undefined],
    ["localhost/path", undefined],
    ["http://localhost", undefined],
    ["localhost:", undefined],
    ["localhost:port", undefined],
    ["localhost:123456", undefined],
    ["localhost:80:80", undefined],
    ["::1", undefined],
    ["[::1", undefined],
    ["[::1]evil.example", undefined],
    ["[::1%25eth0]", undefined],
    ["evil.example#localhost", undefined],
    ["localhost\n", undefined],
    ["żółw.example", undefined],
    ["", undefined],
    [null, undefined],
  ];
  for (const [header, name] of rows) {
    test(JSON.stringify(header), () => {
      expect(hostName(header)).toBe(name);
    });
  }
});

describe("listening on 127.0.0.1", () => {
  const rows: readonly [header: string | null, expected: string][] = [
    ["localhost:8080", "main"],
    ["LOCALHOST", "main"],
    ["127.0.0.1:8080", "main"],
    ["[::1]:8080", "main"],
    ["mcp.localhost:8080", "main"],
    ["memory.mcp.localhost:8080", "server:memory"],
    ["Memory.MCP.localhost", "server:memory"],
    ["evil.example", "refused"],
    ["localhost.evil.example", "refused"],
    ["127.0.0.1.evil.example", "refused"],
    ["evil-localhost", "refused"],
    ["evil.localhost", "refused"],
    ["a.b.mcp.localhost", "refused"],
    ["xmcp.localhost", "refused"],
    ["memory.mcp.localhost.evil.example", "refused"],
    ["192.168.1.5:8080", "refused"],
    ["0.0.0.0:8080", "refused"],
    ["[::]:8080", "refused"],
    ["localhost, evil.example", "refused"],
    ["evil.example, localhost", "refused"],
    ["localhost.", "refused"],
    ["", "refused"],
    [null, "refused"],
  ];
  for (const [header, expected] of rows) {
    test(`${JSON.stringify(header)}: ${expected}`, () => {
      expect(match(header, LOCAL)).toBe(expected);
    });
  }
});

describe("listening everywhere, with a domain and a tunnel", () => {
  const rows: readonly [header: string, expected: string][] = [
    ["mcp.example.org", "main"],
    ["MCP.EXAMPLE.ORG:443", "main"],
    ["memory.mcp.example.org", "server:memory"],
    ["tunnel.example.net", "main"],
    ["memory.tunnel.example.net", "refused"],
    ["Gateway.Lan:8080", "main"],
    ["other.lan", "main"],
    ["[fd00::1]:8080", "main"],
    ["localhost:8080", "main"],
    ["192.168.1.5:8080", "main"],
    ["[2001:db8::5]:8080", "main"],
    ["example.org", "refused"],
    ["evil.example", "refused"],
    ["1.2.3.4.evil.example", "refused"],
    ["1.2.3", "refused"],
    ["192.168.1.5, evil.example", "refused"],
  ];
  for (const [header, expected] of rows) {
    test(`${header}: ${expected}`, () => {
      expect(match(header, PUBLIC)).toBe(expected);
    });
  }
});

describe("the address that is listened on", () => {
  const rows: readonly [bindHost: string, header: string, expected: string][] = [
    ["192.168.1.5", "192.168.1.5:8080", "main"],
    ["192.168.1.5", "192.168.1.6:8080", "refused"],
    ["2001:db8::5", "[2001:DB8::5]:8080", "main"],
    ["[2001:db8::5]", "[2001:db8::5]", "main"],
    ["2001:db8::5", "[2001:db8::6]", "refused"],
    ["2001:db8::5", "192.168.1.5", "refused"],
    ["Gateway.lan", "gateway.LAN", "main"],
    ["::", "[2001:db8::5]", "main"],
    ["::", "10.0.0.1", "main"],
    ["::", "evil.example", "refused"],
    ["[::]", "10.0.0.1", "main"],
  ];
  for (const [bindHost, header, expected] of rows) {
    test(`${bindHost} asked as ${header}: ${expected}`, () => {
      expect(match(header, { ...LOCAL, bindHost })).toBe(expected);
    });
  }
});

test("answers are the same when they are remembered, and when the memory is full", () => {
  const matchHost = createHostMatcher(LOCAL);
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 1_500; i++) {
      expect(matchHost(`s${i}.mcp.localhost`)).toEqual({ kind: "server", slug: `s${i}` });
      expect(matchHost(`s${i}.evil.example`)).toBeUndefined();
    }
  }
  expect(matchHost(`${"x".repeat(10_000)}.mcp.localhost`)?.kind).toBe("server");
});
