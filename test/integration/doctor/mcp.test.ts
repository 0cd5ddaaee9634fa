/** The doctor behind the door: what servers say in MCP, with and without authentication. */
import { expect, test } from "bun:test";
import { type Fault, GOOD_TOKEN, startModelServer } from "../../helpers/auth/model-server.ts";
import { walkTo, walkUrl } from "./way.ts";

const token = GOOD_TOKEN;

/** Stands in for the answer to a method of MCP with the token. */
function to(asked: string, make: (id: number) => Response): Fault {
  return async ({ path, request, method }) => {
    if (
      path !== "/mcp" ||
      method !== "POST" ||
      request.headers.get("authorization") !== `Bearer ${token}`
    )
      return undefined;
    const body = (await request.clone().json()) as { id: number; method: string };
    return body.method === asked ? make(body.id) : undefined;
  };
}

const failed = (id: number): Response =>
  Response.json({ jsonrpc: "2.0", id, error: { code: -32_603, message: "the child ended" } });

test("a server without authentication: a warning, and it is walked to its end", async () => {
  await using server = startModelServer({ isOpen: true });
  const { exitCode, complaints, findings } = await walkTo(server.port);
  expect(complaints).toEqual([
    "warning challenge: it serves everybody without asking who it is. Switch authentication on, unless everybody may use this server",
  ]);
  expect(findings.map(({ step }) => step)).toContain("tools");
  expect(exitCode).toBe(0);
  expect(server.seen.filter((one) => one === "DELETE /mcp")).toHaveLength(2);
});

test("plain HTTP on this machine is fine, but for this machine only", async () => {
  await using server = startModelServer({ isOpen: true, certificate: null });
  const { exitCode, complaints } = await walkUrl(`http://localhost:${server.port}/mcp`, {});
  expect(complaints).toEqual([
    expect.stringMatching(/^warning address: localhost is this machine only/),
    expect.stringMatching(/^skipped connection: plain HTTP/),
  ]);
  expect(exitCode).toBe(0);
});

test.each([
  [
    "a token that is not good",
    { token: "another" },
    undefined,
    /^wrong handshake: initialize: 401 "Bearer error=.*The token is not good/,
  ],
  [
    "initialize fails",
    { token },
    to("initialize", failed),
    /^wrong handshake: initialize: error .*the child ended/,
  ],
  [
    "initialize answers a page",
    { token },
    to("initialize", () => new Response("<html>")),
    /^wrong handshake: initialize: 200 "<html>"/,
  ],
  [
    "server/discover breaks",
    { token },
    to("server/discover", () => new Response(null, { status: 500 })),
    /^warning handshake: server\/discover: 500 .*4xx/,
  ],
  [
    "an unknown session is 400",
    { token },
    (({ request }) =>
      request.headers.get("mcp-session-id")?.startsWith("doctor") === true
        ? new Response(null, { status: 400 })
        : undefined) satisfies Fault,
    /^warning handshake: an unknown session: 400 instead of 404/,
  ],
  [
    "requests without a session are refused",
    { token },
    to("ping", () => new Response(null, { status: 400 })),
    /^warning handshake: (?:a request without a session id: 400|an unknown session: 400)/,
  ],
  ["tools/list fails", { token }, to("tools/list", failed), /^wrong tools: tools\/list: error/],
  [
    "tools/list has no list",
    { token },
    to("tools/list", (id) => Response.json({ jsonrpc: "2.0", id, result: {} })),
    /^wrong tools: tools\/list: no list came/,
  ],
  [
    "a call fails",
    { token, call: "look" },
    to("tools/call", failed),
    /^wrong call: the call of look: error/,
  ],
  [
    "a result that Claude.ai cuts",
    { token, call: "look" },
    to("tools/call", (id) =>
      Response.json({
        jsonrpc: "2.0",
        id,
        result: { content: [{ type: "text", text: "x".repeat(150_001) }] },
      }),
    ),
    /^warning call: look: .*1500\d\d characters\. Claude.ai cuts results/,
  ],
] as const)("%s", async (_, options, fault, pattern) => {
  await using server = startModelServer(fault === undefined ? {} : { fault });
  const { exitCode, complaints } = await walkTo(server.port, options);
  expect(complaints[0]).toMatch(pattern);
  expect(exitCode).toBe(complaints.some((one) => one.startsWith("wrong")) ? 1 : 0);
});

const inputSchema = { type: "object" };
const description = "Does.";
test.each([
  [[{ name: "ns.get", description, inputSchema }], /"ns.get": a name that not all clients take/],
  [
    [
      { name: "a", description, inputSchema },
      { name: "a", description, inputSchema },
    ],
    /"a": a name given twice/,
  ],
  [[{ name: "a", description, inputSchema: {} }], /"a": inputSchema is no schema of an object/],
  [
    [{ name: "a", description, inputSchema: { type: "object", anyOf: [] } }],
    /"a": inputSchema has anyOf/,
  ],
  [
    [{ name: "a", description, inputSchema: { type: "object", properties: { "a b": {} } } }],
    /"a": a property's name that Claude refuses/,
  ],
  [[{ name: "a", inputSchema }], /"a": no description/],
  [
    Array.from({ length: 129 }, (_, at) => ({ name: `t${at}`, description, inputSchema })),
    /129 tools\. Some clients take 128/,
  ],
  [
    [{ name: "a", description: "x".repeat(150_000), inputSchema }],
    /the list has 1500\d\d characters/,
  ],
])("tools that not every client takes %#", async (tools, pattern) => {
  await using server = startModelServer({ tools });
  const { complaints } = await walkTo(server.port, { token });
  expect(complaints).toEqual([expect.stringMatching(pattern)]);
});
