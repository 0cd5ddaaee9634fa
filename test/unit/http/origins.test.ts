/** Which pages may call, and what the browser is told. */
import { describe, expect, test } from "bun:test";
import { addCorsHeaders, isAllowedOrigin, preflightResponse } from "../../../src/http/origins.ts";

const LOCAL = { allowedOrigins: [], loopbackOnly: true };
const OPEN = { allowedOrigins: ["https://app.example.org", "null-app://x"], loopbackOnly: false };

describe("isAllowedOrigin", () => {
  const rows: readonly [origin: string, host: string, local: boolean, open: boolean][] = [
    // origin, Host header, allowed when listening on loopback only, when listening everywhere
    ["https://claude.ai", "localhost:8080", true, true],
    ["https://claude.com", "localhost:8080", true, true],
    ["https://chatgpt.com", "localhost:8080", true, true],
    ["http://claude.ai", "localhost:8080", false, false],
    ["https://claude.ai.evil.example", "localhost:8080", false, false],
    ["https://evil-claude.ai", "localhost:8080", false, false],
    ["https://claude.ai:8443", "localhost:8080", false, false],
    ["https://app.example.org", "localhost:8080", false, true],
    ["https://app.example.org:8443", "localhost:8080", false, false],
    ["http://app.example.org", "localhost:8080", false, false],
    ["http://localhost:8080", "localhost:8080", true, true],
    ["https://gateway.lan", "gateway.lan", true, true],
    ["https://gateway.lan:8443", "gateway.lan", false, false],
    ["ftp://gateway.lan", "gateway.lan", false, false],
    ["http://localhost:3000", "gateway.lan", true, false],
    ["https://localhost", "gateway.lan", true, false],
    ["http://127.0.0.1:3000", "gateway.lan", true, false],
    ["http://[::1]:3000", "gateway.lan", true, false],
    ["http://localhost:6274", "gateway.lan", true, true],
    ["http://127.0.0.1:6277", "gateway.lan", true, true],
    ["http://evil.example:6274", "gateway.lan", false, false],
    ["http://localhost.evil.example", "localhost:8080", false, false],
    ["http://127.0.0.1.evil.example", "127.0.0.1:8080", false, false],
    ["http://localhost@evil.example", "localhost:8080", false, false],
    ["http://evil.localhost:3000", "localhost:8080", false, false],
    ["http://localhost:3000/", "localhost:8080", false, false],
    ["http://localhost:3000, https://evil.example", "localhost:8080", false, false],
    ["https://evil.example", "localhost:8080", false, false],
    ["null", "localhost:8080", false, false],
    ["file://", "localhost:8080", false, false],
    ["", "localhost:8080", false, false],
  ];
  for (const [origin, host, local, open] of rows) {
    test(`${JSON.stringify(origin)} calls ${host}`, () => {
      expect(isAllowedOrigin(origin, host, LOCAL)).toBe(local);
      expect(isAllowedOrigin(origin, host, OPEN)).toBe(open);
    });
  }
});

describe("headers", () => {
  test("of an answer: the one origin, and what its page may read", () => {
    const headers = new Headers({ vary: "Accept" });
    addCorsHeaders(headers, "https://claude.ai");
    expect(Object.fromEntries(headers.entries())).toEqual({
      "access-control-allow-origin": "https://claude.ai",
      "access-control-expose-headers": "Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate",
      vary: "Accept, Origin",
    });
  });

  test("of a preflight: asked headers are reflected, credentials are never allowed", () => {
    const response = preflightResponse("https://claude.ai", "mcp-param-x, content-type");
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers.entries())).toEqual({
      "access-control-allow-origin": "https://claude.ai",
      "access-control-allow-methods": "GET, POST, DELETE, OPTIONS",
      "access-control-allow-headers": "mcp-param-x, content-type",
      "access-control-expose-headers": "Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate",
      "access-control-max-age": "600",
      vary: "Origin, Access-Control-Request-Headers",
    });
  });

  test("of a preflight that asks for no headers", () => {
    const response = preflightResponse("https://claude.ai", null);
    expect(response.headers.has("access-control-allow-headers")).toBe(false);
  });
});
