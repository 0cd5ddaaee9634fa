/**
 * The status table for legacy traffic (protocol.md 1.3), its refusals of a POST: which HTTP status
 * and which JSON-RPC code answers what, and that nothing of it reaches a child.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { type HttpOptions, jsonOf, post, request, toolCall } from "../../helpers/raw-http.ts";
import { initializeRequest } from "../../helpers/raw-session.ts";

const MODERN = "2026-07-28";
const claim = { "io.modelcontextprotocol/protocolVersion": MODERN };

let gateway: RunningGateway;
let url: string;

beforeAll(async () => {
  gateway = await startGateway({
    servers: {
      echo: fixtureServer("echo"),
      declining: fixtureServer("echo", { modern: "decline" }),
    },
  });
  url = gateway.mcp("echo");
});
afterAll(() => gateway.stop());

interface Row {
  readonly name: string;
  readonly body: unknown;
  readonly options?: HttpOptions;
  readonly status: number;
  readonly code: number;
  /** The server that it is sent to; `echo` by default. */
  readonly server?: string;
  /** What the answer's id must be; without it there must be none. */
  readonly id?: string | number;
}

const call = toolCall("m", "echo", { text: "REFUSED" });
const raw = JSON.stringify(call);

const refused: readonly Row[] = [
  ...[null, "text/plain", "application/jsonp", "text/plain; application/json", "json"].map(
    (contentType) => ({
      name: `Content-Type ${contentType}`,
      body: raw,
      options: { contentType },
      status: 415,
      code: -32000,
    }),
  ),
  ...["", "{", "REFUSED", `${raw} x`, `${raw}${raw}`, '{"jsonrpc":"2.0",}', "\u00ff"].map(
    (body) => ({
      name: `no JSON: ${JSON.stringify(body.slice(0, 20))}`,
      body,
      status: 400,
      code: -32700,
    }),
  ),
  ...["null", "42", '"x"', "{}", '{"id":1,"method":"ping"}', "[]"].map((body) => ({
    name: `no JSON-RPC: ${body}`,
    body,
    status: 400,
    code: -32600,
    ...(body.startsWith('{"id"') ? { id: 1 } : {}),
  })),
  {
    name: "id null",
    body: '{"jsonrpc":"2.0","id":null,"method":"ping"}',
    status: 400,
    code: -32600,
  },
  {
    name: "id of another type",
    body: '{"jsonrpc":"2.0","id":{},"method":"ping"}',
    status: 400,
    code: -32600,
  },
  {
    name: "params of another type",
    body: '{"jsonrpc":"2.0","id":3,"method":"ping","params":[]}',
    status: 400,
    code: -32600,
    id: 3,
  },
  {
    name: "method of another type",
    body: '{"jsonrpc":"2.0","id":"s","method":7}',
    status: 400,
    code: -32600,
    id: "s",
  },
  ...["text/html", "image/*, text/plain", "application/json;q=0, text/event-stream;q=0.0"].map(
    (accept) => ({
      name: `Accept ${accept}`,
      body: call,
      options: { accept },
      status: 406,
      code: -32000,
      id: "m",
    }),
  ),
  ...["1999-01-01", "x", "2025-11-26", "2025-11-25, 2025-11-25"].map((version) => ({
    name: `MCP-Protocol-Version ${version}`,
    body: call,
    options: { version },
    status: 400,
    code: -32000,
    id: "m",
  })),
  {
    name: "a modern enveloped request, declined",
    server: "declining",
    body: toolCall("m", "echo", { text: "REFUSED" }, claim),
    options: { version: MODERN },
    status: 400,
    code: -32022,
    id: "m",
  },
  {
    name: "the same without the header",
    server: "declining",
    body: toolCall("m", "echo", { text: "REFUSED" }, claim),
    status: 400,
    code: -32022,
    id: "m",
  },
  {
    name: "an enveloped server/discover, declined",
    server: "declining",
    body: request("m", "server/discover", { _meta: claim }),
    options: { version: MODERN },
    status: 400,
    code: -32022,
    id: "m",
  },
  {
    name: "a modern header without an envelope",
    body: call,
    options: { version: MODERN },
    status: 400,
    code: -32602,
    id: "m",
  },
  {
    name: "initialize with a modern header",
    body: initializeRequest({ name: "REFUSED" }, "m"),
    options: { version: MODERN },
    status: 400,
    code: -32020,
    id: "m",
  },
  {
    name: "an unenveloped server/discover without a session",
    body: request("m", "server/discover", { mark: "REFUSED" }),
    status: 400,
    code: -32000,
    id: "m",
  },
  {
    name: "an unknown session",
    body: call,
    options: { session: "A".repeat(43) },
    status: 404,
    code: -32001,
    id: "m",
  },
  {
    name: "an empty session id",
    body: call,
    options: { session: "" },
    status: 404,
    code: -32001,
    id: "m",
  },
];

describe("refused, with nothing for the child", () => {
  test.each(refused.map((row) => [row.name, row] as const))("%s", async (_name, row) => {
    const answer = await post(gateway.mcp(row.server ?? "echo"), row.body, row.options);
    expect(answer.status).toBe(row.status);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(answer.session).toBeUndefined();
    const [message] = answer.messages;
    expect(message?.error?.code).toBe(row.code);
    expect(message?.error?.message).toBeString();
    if ("id" in row) expect(message?.id).toBe(row.id as never);
    else expect(message).not.toHaveProperty("id");
  });

  test("the child saw none of it", async () => {
    const answer = await post(url, toolCall(1, "seen"));
    const lines = jsonOf(answer.messages[0]) as unknown as readonly string[];
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.filter((line) => line.includes("REFUSED"))).toEqual([]);
  });

  test("a declined modern client is told what is supported", async () => {
    const body = request(1, "tools/list", { _meta: claim });
    const answer = await post(gateway.mcp("declining"), body, { version: MODERN });
    expect(answer.messages[0]?.error?.data).toEqual({
      supported: ["2025-11-25"],
      requested: MODERN,
    });
  });
});
