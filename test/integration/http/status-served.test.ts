/**
 * The status table for legacy traffic (protocol.md 1.3), all but the refusals of a POST: other
 * verbs, what is taken, and requests without a session.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { del, get, notification, post, request, textOf, toolCall } from "../../helpers/raw-http.ts";
import { initializeRequest, RawSession } from "../../helpers/raw-session.ts";

const claim = { "io.modelcontextprotocol/protocolVersion": "2026-07-28" };

let gateway: RunningGateway;
let url: string;

beforeAll(async () => {
  gateway = await startGateway({
    servers: {
      echo: fixtureServer("echo"),
      other: fixtureServer("echo"),
      strict: fixtureServer("echo", { legacyStateless: false }),
      own: fixtureServer("echo", { instances: "session" }),
    },
  });
  url = gateway.mcp("echo");
});
afterAll(() => gateway.stop());

describe("GET, DELETE and other verbs", () => {
  test("GET that does not accept an event stream is 406, with and without a session", async () => {
    const session = await RawSession.open(url);
    for (const options of [{}, session.options()]) {
      const answer = await get(url, { ...options, accept: "application/json" });
      expect([answer.status, answer.messages[0]?.error?.code]).toEqual([406, -32000]);
    }
  });

  test("GET with an unknown revision is 400", async () => {
    const session = await RawSession.open(url);
    const answer = await get(url, session.options({ version: "1999-01-01" }));
    expect([answer.status, answer.messages[0]?.error?.code]).toEqual([400, -32000]);
  });

  test("GET and DELETE of an unknown session are 404, DELETE without one 400", async () => {
    const options = { session: "nobody" };
    expect((await get(url, options)).status).toBe(404);
    expect((await del(url, options)).status).toBe(404);
    const none = await del(url);
    expect([none.status, none.messages[0]?.error?.code]).toEqual([400, -32000]);
  });

  test.each(["PUT", "PATCH", "PROPFIND"])("%s is 405 and says what is allowed", async (method) => {
    const response = await fetch(url, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, POST, DELETE, OPTIONS");
    expect(await response.json()).toMatchObject({ jsonrpc: "2.0", error: { code: -32000 } });
  });

  test("OPTIONS of what is no browser says the same", async () => {
    const response = await fetch(url, { method: "OPTIONS" });
    expect(response.status).toBe(204);
    expect(response.headers.get("allow")).toBe("GET, POST, DELETE, OPTIONS");
  });
});

describe("taken", () => {
  test("notifications and answers are 202 without a body, also to nobody's question", async () => {
    const session = await RawSession.open(url);
    const messages = [
      notification("notifications/initialized"),
      notification("notifications/cancelled", { requestId: "never" }),
      { jsonrpc: "2.0", id: "gw-1", result: {} },
      { jsonrpc: "2.0", id: 99, error: { code: -1, message: "no" } },
    ];
    for (const message of messages) {
      const answer = await session.post(message);
      expect([answer.status, answer.text]).toEqual([202, ""]);
      const stateless = await post(url, message);
      expect([stateless.status, stateless.text]).toEqual([202, ""]);
    }
    const modern = await post(url, notification("notifications/x", { _meta: claim }));
    expect([modern.status, modern.text]).toEqual([202, ""]);
  });

  test("every revision of the legacy eras is spoken, and an unknown one is answered by the newest", async () => {
    for (const revision of ["2024-10-07", "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
      expect((await RawSession.open(url, { revision })).revision).toBe(revision);
    for (const revision of ["1.0", "2026-07-28", "2099-01-01"]) {
      const { messages } = await post(url, initializeRequest({ revision }));
      expect(messages[0]?.result?.["protocolVersion"]).toBe("2025-11-25");
    }
  });

  test.each(["application/json; charset=utf-8", "Application/JSON", "application/json;profile=x"])(
    "Content-Type %s",
    async (contentType) => {
      expect((await post(url, request(1, "ping"), { contentType })).status).toBe(200);
    },
  );

  test("errors of the child and unknown methods are 200", async () => {
    const session = await RawSession.open(url);
    const refusal = await session.post(toolCall(1, "refuse", { code: -32050, data: { why: 1 } }));
    expect(refusal.status).toBe(200);
    expect(refusal.messages[0]?.error).toEqual({
      code: -32050,
      message: "refused",
      data: { why: 1 },
    });
    expect(await session.request("nothing/here")).toMatchObject({ error: { code: -32601 } });
    expect(await session.request("server/discover")).toMatchObject({ error: { code: -32601 } });
  });

  test("a session belongs to its server", async () => {
    const session = await RawSession.open(url);
    const elsewhere = await post(gateway.mcp("other"), request(1, "ping"), session.options());
    expect(elsewhere.status).toBe(404);
    expect((await session.call("echo", { text: "here" })).result).toBeDefined();
  });
});

describe("requests without a session", () => {
  test("are served from the shared child, and no session comes of it", async () => {
    const answer = await post(url, toolCall("s", "echo", { text: "stateless" }));
    expect([answer.status, answer.session]).toEqual([200, undefined]);
    expect(answer.messages[0]?.id).toBe("s");
    expect(textOf(answer.messages[0])).toBe("stateless");
    for (const version of ["2025-03-26", "2025-06-18", "2025-11-25"])
      expect((await post(url, request(1, "tools/list"), { version })).status).toBe(200);
  });

  test.each(["strict", "own"])("are refused by %s, whose sessions work", async (server) => {
    const target = gateway.mcp(server);
    for (const message of [toolCall("s", "echo"), request("s", "ping")]) {
      const answer = await post(target, message);
      expect(answer.status).toBe(400);
      expect(answer.messages[0]).toMatchObject({ id: "s", error: { code: -32000 } });
    }
    expect((await post(target, notification("notifications/x"))).status).toBe(400);
    const session = await RawSession.open(target);
    expect(textOf(await session.call("echo", { text: "with" }))).toBe("with");
    await session.end();
  });
});
