/**
 * Requests that no client library writes: other forms of the target, no Host or two, HTTP/1.0, odd
 * paths and lengths. Nothing of it may reach a child by a way that was not meant, nor harm others.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { jsonOf, post, request, toolCall } from "../../helpers/raw-http.ts";
import { exchange, type SocketResponse } from "./raw-socket.ts";

const JSON_TYPE = "Content-Type: application/json";
const LOCAL = "Host: localhost";

let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({
    servers: { echo: fixtureServer("echo") },
    proxy: { limits: { maxBodyBytes: "1KiB" } },
  });
});
afterAll(() => gateway.stop());

// It serves on, whatever it was sent.
afterEach(async () => {
  const { messages } = await post(gateway.mcp("echo"), toolCall(1, "seen"));
  expect(JSON.stringify(jsonOf(messages[0]))).not.toContain("SMUGGLED");
});

const ping = JSON.stringify(request("p", "ping"));
const smuggled = JSON.stringify(toolCall("s", "echo", { text: "SMUGGLED" }));

/** Posts to a target by a request line and Host lines of the test's own. */
function send(line: string, hosts: readonly string[], body = ping): Promise<SocketResponse> {
  return exchange(gateway.port, { line, headers: [...hosts, JSON_TYPE], body });
}

describe("served, by its path", () => {
  test.each([
    ["POST /echo/mcp HTTP/1.1", LOCAL],
    ["POST http://localhost/echo/mcp HTTP/1.1", LOCAL],
    ["POST http://127.0.0.1:1/echo/mcp/?x=1 HTTP/1.1", LOCAL],
    ["POST http://mcp.localhost/mcp HTTP/1.1", "Host: echo.mcp.localhost"],
    ["POST /echo/mcp HTTP/1.0", LOCAL],
    ["POST /other/../echo/mcp HTTP/1.1", LOCAL],
    ["POST /%65cho/mcp HTTP/1.1", LOCAL],
    ["POST /echo/mcp HTTP/1.1", "hOST:localhost"],
  ])("%s with %s", async (line, host) => {
    const answer = await send(line, [host]);
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('{"jsonrpc":"2.0","id":"p","result":{}}');
  });
});

describe("T24 the Host header decides, not the target", () => {
  test.each([
    ["POST http://localhost/echo/mcp HTTP/1.1", "Host: evil.example"],
    ["POST http://mcp.localhost/echo/mcp HTTP/1.1", "Host: evil.example:80"],
    ["GET http://localhost/listmcp HTTP/1.1", "Host: evil.example"],
  ])("%s with %s is 403", async (line, host) => {
    const answer = await send(line, [host], smuggled);
    expect(answer.status).toBe(403);
    expect(answer.body).not.toContain("echo");
  });
});

describe("T24 no Host, or not one", () => {
  test.each([
    ["HTTP/1.1 without", "POST /echo/mcp HTTP/1.1", [], 400],
    ["HTTP/1.0 without", "POST /echo/mcp HTTP/1.0", [], 400],
    ["HTTP/1.0 without, utility", "GET /listmcp HTTP/1.0", [], 400],
    ["an absolute target without", "POST http://localhost/echo/mcp HTTP/1.0", [], 400],
    ["an empty one", "POST /echo/mcp HTTP/1.1", ["Host:"], 400],
    ["one with a blank", "POST /echo/mcp HTTP/1.1", ["Host: local host"], 400],
    ["two, ours first", "POST /echo/mcp HTTP/1.1", [LOCAL, "Host: evil.example"], 403],
    ["two, ours last", "POST /echo/mcp HTTP/1.1", ["Host: evil.example", LOCAL], 403],
    ["the same twice", "POST /echo/mcp HTTP/1.1", [LOCAL, LOCAL], 403],
    ["two in one", "POST /echo/mcp HTTP/1.1", ["Host: localhost, evil.example"], 400],
  ] as const)("%s", async (_name, line, hosts, status) => {
    const answer = await send(line, hosts, smuggled);
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain("echo");
  });

  test("two Origins are no origin that is allowed", async () => {
    const origins = ["Origin: http://localhost", "Origin: https://evil.example"];
    expect((await send("POST /echo/mcp HTTP/1.1", [LOCAL, ...origins], smuggled)).status).toBe(403);
  });
});

describe("T36 targets that lead nowhere", () => {
  test.each([
    ["//echo/mcp", "POST //echo/mcp HTTP/1.1"],
    ["/echo//mcp", "POST /echo//mcp HTTP/1.1"],
    ["/echo%2fmcp", "POST /echo%2fmcp HTTP/1.1"],
    ["/%ff%/mcp", "POST /%ff%/mcp HTTP/1.1"],
    ["/servers//mcp", "POST /servers//mcp HTTP/1.1"],
    ["/servers/servers/echo/mcp", "POST /servers/servers/echo/mcp HTTP/1.1"],
    ["/__proto__/mcp", "POST /__proto__/mcp HTTP/1.1"],
    ["/constructor/sse", "POST /constructor/sse HTTP/1.1"],
    ["/..", "POST /.. HTTP/1.1"],
    ["a name of 4,000 letters", `POST /${"a".repeat(4000)}/mcp HTTP/1.1`],
  ])("%s", async (_name, line) => {
    const answer = await send(line, [LOCAL], smuggled);
    expect(answer.status).toBe(404);
    expect(answer.headers.get("content-type")).toStartWith("application/json");
    expect(JSON.parse(answer.body)).toHaveProperty("error");
    expect(answer.body).not.toContain("echo");
  });

  test.each(["OPTIONS * HTTP/1.1", "CONNECT localhost:80 HTTP/1.1", "POST echo/mcp HTTP/1.1"])(
    "%s is refused",
    async (line) => {
      const answer = await send(line, [LOCAL], smuggled);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
    },
  );

  test("verbs that are not served are 405, HEAD without a body", async () => {
    const trace = await send("TRACE /echo/mcp HTTP/1.1", [LOCAL]);
    expect([trace.status, trace.headers.get("allow")]).toEqual([405, "GET, POST, DELETE, OPTIONS"]);
    const head = await exchange(gateway.port, {
      line: "HEAD /echo/mcp HTTP/1.1",
      headers: [LOCAL],
    });
    expect([head.status, head.body]).toEqual([405, ""]);
  });
});

describe("T37 lengths", () => {
  test("a length over the limit is refused before the body comes", async () => {
    const answer = await exchange(gateway.port, {
      line: "POST /echo/mcp HTTP/1.1",
      headers: [LOCAL, JSON_TYPE, "Content-Length: 999999999"],
    });
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body)).toMatchObject({ jsonrpc: "2.0", error: { code: -32600 } });
  });

  test("chunks are put together, and counted", async () => {
    const chunked = (...chunks: readonly string[]): Promise<SocketResponse> =>
      exchange(gateway.port, {
        line: "POST /echo/mcp HTTP/1.1",
        headers: [LOCAL, JSON_TYPE, "Transfer-Encoding: chunked"],
        body: [...chunks, ""].map((one) => `${one.length.toString(16)}\r\n${one}\r\n`).join(""),
      });
    const whole = await chunked(ping.slice(0, 1), ping.slice(1, 20), ping.slice(20));
    expect([whole.status, whole.body]).toEqual([200, '{"jsonrpc":"2.0","id":"p","result":{}}']);
    const large = await chunked(smuggled, " ".repeat(600), " ".repeat(600));
    expect(large.status).toBe(413);
    expect(JSON.parse(large.body)).toMatchObject({ jsonrpc: "2.0", error: { code: -32600 } });
  });

  test("a length beside chunks, or two lengths, are refused", async () => {
    for (const more of [
      ["Transfer-Encoding: chunked", "Content-Length: 5"],
      ["Content-Length: 5", "Content-Length: 6"],
      ["Content-Length: -1"],
      ["Content-Length: x"],
    ]) {
      const answer = await exchange(gateway.port, {
        line: "POST /echo/mcp HTTP/1.1",
        headers: [LOCAL, JSON_TYPE, ...more],
      });
      expect([more, answer.status]).toEqual([more, 400]);
    }
  });

  test.each([
    ["a coding that is none", ["Transfer-Encoding: xchunked"]],
    ["a coding behind another", ["Transfer-Encoding: chunked, identity"]],
    ["the same coding twice", ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"]],
    ["a blank before the colon", ["Transfer-Encoding : chunked"]],
    ["a folded line", ["Transfer-Encoding:", " chunked"]],
    ["a carriage return alone", ["X: a\rTransfer-Encoding: chunked"]],
    ["a zero byte", ["X: a\0b"]],
    ["a plus before the length", ["Content-Length: +5"]],
    ["a length in hexadecimal", ["Content-Length: 0x5"]],
    ["lengths with a comma", ["Content-Length: 5, 6"]],
  ])("of which two readers could differ hide no request: %s", async (_name, more) => {
    // Whoever reads the body as empty would take what follows for a request of its own.
    const hidden = `POST /echo/mcp HTTP/1.1\r\n${LOCAL}\r\n${JSON_TYPE}\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`;
    const answer = await exchange(gateway.port, {
      line: "POST /echo/mcp HTTP/1.1",
      headers: [LOCAL, JSON_TYPE, ...more],
      body: `0\r\n\r\n${hidden}`,
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.body).not.toContain("HTTP/1.1 200");
  });
});
