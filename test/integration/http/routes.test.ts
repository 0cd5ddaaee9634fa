/**
 * Which URL leads to which server: paths, the alias, subdomains, one-server forms; and what leads
 * nowhere, without a word about servers that exist.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fixturePath, fixtureServer } from "../../helpers/fixtures.ts";
import { OPEN, type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import {
  get,
  type HttpOptions,
  jsonOf,
  openGet,
  post,
  type RawResponse,
  request,
  textOf,
  toolCall,
} from "../../helpers/raw-http.ts";
import { initializeRequest, RawSession, RawSseSession } from "../../helpers/raw-session.ts";

const servers = {
  echo: fixtureServer("echo", { args: ["first"] }),
  Second_One: fixtureServer("echo", { args: ["second"] }),
};

let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({ servers });
});
afterAll(() => gateway.stop());

/** Options that ask for `host`, with the port as clients send it. */
function at(host: string, of: RunningGateway = gateway): HttpOptions {
  return { headers: { host: `${host}:${of.port}` } };
}

/** Which of the two answered. */
async function whoAnswers(path: string, options: HttpOptions = {}, of = gateway): Promise<unknown> {
  const answer = await post(of.url + path, toolCall(1, "whoami"), options);
  if (answer.status !== 200) return answer.status;
  return jsonOf(answer.messages[0])["args"][0];
}

function expectNotFound(answer: RawResponse): void {
  expect(answer.status).toBe(404);
  expect(answer.headers.get("content-type")).toStartWith("application/json");
  expect(answer.json).toMatchObject({ error: expect.any(String), message: expect.any(String) });
  expect(answer.text).not.toMatch(/echo|second/i);
}

describe("one server, many URLs", () => {
  const endpoints = ["mcp", "sse", "messages", "message"];
  const paths = ["", "/servers"].flatMap((start) =>
    endpoints.flatMap((end) => [`${start}/NAME/${end}`, `${start}/NAME/${end}/`]),
  );
  test.each(paths)("%s", async (path) => {
    // Redirects are not followed by these helpers: a 200 is a 200 at once.
    expect(await whoAnswers(path.replace("NAME", "echo"))).toBe("first");
    expect(await whoAnswers(path.replace("NAME", "second-one"))).toBe("second");
  });

  test.each(["/mcp", "/mcp/", "/sse", "/sse/", "/messages", "/message", "/"])(
    "subdomain %s",
    async (path) => {
      expect(await whoAnswers(path, at("echo.mcp.localhost"))).toBe("first");
      expect(await whoAnswers(path, at("second-one.mcp.localhost"))).toBe("second");
      expect(await whoAnswers(path, at("ECHO.MCP.LocalHost"))).toBe("first");
    },
  );

  test("a query does not matter to the route", async () => {
    expect(await whoAnswers("/echo/mcp?x=/second-one/mcp")).toBe("first");
    expect(await whoAnswers("/echo/mcp/?a=b")).toBe("first");
  });

  test("the main hosts all serve paths", async () => {
    for (const host of ["localhost", "127.0.0.1", "mcp.localhost"])
      expect(await whoAnswers("/echo/mcp", at(host))).toBe("first");
  });

  test("a subdomain wins over the path", async () => {
    expectNotFound(
      await post(`${gateway.url}/second-one/mcp`, request(1, "ping"), at("echo.mcp.localhost")),
    );
  });
});

describe("POST on /sse is Streamable HTTP", () => {
  test.each(["/echo/sse", "/echo/sse/", "/servers/echo/sse"])("%s", async (path) => {
    const url = gateway.url + path;
    const opened = await post(url, initializeRequest({}, "i"));
    expect(opened.status).toBe(200);
    expect(opened.messages[0]).toMatchObject({ id: "i", result: { serverInfo: { name: "echo" } } });
    expect(opened.session).toMatch(/^[\w-]{43}$/);
    const session = await RawSession.open(url);
    expect(textOf(await session.call("echo", { text: "by /sse" }))).toBe("by /sse");
    // The session is the server's, whichever of its URLs is used.
    const elsewhere = await post(gateway.mcp("echo"), request(9, "ping"), session.options());
    expect(elsewhere.messages[0]).toMatchObject({ id: 9, result: {} });
    expect((await session.end()).status).toBe(200);
  });
});

describe("what is not there", () => {
  test.each([
    "/nobody/mcp",
    "/nobody/sse",
    "/servers/nobody/mcp",
    "/servers/nobody/health",
    "/Second_One/mcp",
    "/ECHO/mcp",
    "/",
    "/mcp",
    "/sse",
    "/message",
    "/echo",
    "/echo/nothing",
    "/echo/mcp/more",
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-authorization-server/echo/mcp",
  ])("%s is 404 with a body that names no server", async (path) => {
    expectNotFound(await post(gateway.url + path, request(1, "ping")));
    expectNotFound(await get(gateway.url + path));
  });

  test.each(["/mcp", "/health", "/listmcp", "/listtools/echo"])(
    "subdomain of no server: %s",
    async (path) => {
      expectNotFound(await get(gateway.url + path, at("nobody.mcp.localhost")));
    },
  );

  test.each(["/listmcp", "/listtools/echo", "/cleanup"])(
    "%s is on the main host only",
    async (path) => {
      const options = at("echo.mcp.localhost");
      expect((await get(gateway.url + path, options)).status).toBe(404);
      expect((await post(gateway.url + path, {}, options)).status).toBe(404);
    },
  );
});

describe("the configured domain", () => {
  test("--domain moves the subdomains, and no other name has any", async () => {
    await using own = await startGateway({
      servers,
      proxy: OPEN,
      args: ["--domain", "Example.test"],
    });
    expect(await whoAnswers("/mcp", at("echo.mcp.example.test", own), own)).toBe("first");
    expect(await whoAnswers("/sse", at("second-one.mcp.example.test", own), own)).toBe("second");
    expect(await whoAnswers("/echo/mcp", at("mcp.example.test", own), own)).toBe("first");
    expect(await whoAnswers("/echo/mcp", {}, own)).toBe("first");
    for (const host of [
      "echo.mcp.localhost",
      "mcp.localhost",
      "example.test",
      "echo.example.test",
      "a.echo.mcp.example.test",
      "echo.mcp.example.test.evil.example",
      "echoxmcp.example.test",
    ])
      expect([host, await whoAnswers("/echo/mcp", at(host, own), own)]).toEqual([host, 403]);
  });

  test("MCP_DOMAIN takes the place of mcp.{DOMAIN}", async () => {
    await using own = await startGateway({
      servers,
      proxy: OPEN,
      env: { DOMAIN: "example.test", MCP_DOMAIN: "tools.example.org" },
    });
    expect(await whoAnswers("/mcp", at("echo.tools.example.org", own), own)).toBe("first");
    expect(await whoAnswers("/mcp", at("echo.mcp.example.test", own), own)).toBe(403);
  });
});

describe("one-server forms serve the root too", () => {
  const command = [process.execPath, fixturePath("echo"), "alone"];
  test.each([
    ["--stdio", ["--stdio", command.join(" ")]],
    ["--", ["--", ...command]],
  ])("%s", async (_name, args) => {
    await using own = await startGateway({ args });
    for (const path of ["/mcp", "/mcp/", "/sse", "/message", "/messages", "/echo/mcp"])
      expect([path, await whoAnswers(path, {}, own)]).toEqual([path, "alone"]);
    const session = await RawSseSession.open(`${own.url}/sse`);
    await session.initialize();
    expect(textOf(await session.request(1, "tools/call", { name: "echo" }))).toBe("");
    await session.close();
    const { stream } = await openGet(`${own.url}/mcp`);
    expect((await stream.next())?.event).toBe("endpoint");
    await stream.close();
    expect((await get(`${own.url}/health`)).json).toEqual({ status: "healthy" });
  });
});
