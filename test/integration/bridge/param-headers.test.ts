/**
 * Row 13 of the ladder: calls of modern clients are held to their `Mcp-Param-*` headers before the
 * child sees them, on children of both eras (protocol.md 1.4, section 5).
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { jsonOf, type Message, post, type RawResponse, toolCall } from "../../helpers/raw-http.ts";
import { RawSession } from "../../helpers/raw-session.ts";

const REVISION = "2026-07-28";
const META = {
  "io.modelcontextprotocol/protocolVersion": REVISION,
  "io.modelcontextprotocol/clientCapabilities": {},
};
const HEADER_MISMATCH = -32020;
let gateway: RunningGateway;

beforeAll(async () => {
  const legacy = (keys = {}) => fixtureServer("header-tools", { era: "legacy", ...keys });
  const modern = (keys = {}) =>
    fixtureServer("header-tools", { era: "modern", env: { ERA: "modern" }, ...keys });
  const tools = { deny: ["Near-Tool"] };
  gateway = await startGateway({
    servers: {
      ...{ "legacy-first": legacy(), "legacy-far": legacy(), legacy: legacy() },
      ...{ "modern-first": modern(), "modern-far": modern(), modern: modern() },
      ...{ "legacy-hidden": legacy({ tools }), "modern-hidden": modern({ tools }) },
    },
  });
});
afterAll(() => gateway.stop());

type Params = Readonly<Record<string, string>>;

function call(server: string, name: string, args: object = {}, headers: Params = {}) {
  return post(gateway.mcp(server), toolCall(7, name, args, META), {
    version: REVISION,
    headers: { "Mcp-Method": "tools/call", "Mcp-Name": name, ...headers },
  });
}

/** Calls of a tool that reached the child. */
async function callsSeen(server: string, tool: string): Promise<number> {
  const { messages } = await call(server, "seen");
  const lines = jsonOf(messages[0]) as unknown as readonly string[];
  const seen = lines.map((line) => JSON.parse(line) as Message);
  return seen.filter((one) => one.method === "tools/call" && one.params?.["name"] === tool).length;
}

function expectMismatch({ status, messages }: RawResponse): void {
  expect([status, messages[0]?.id, messages[0]?.error?.code]).toEqual([400, 7, HEADER_MISMATCH]);
}

function expectArguments({ status, messages }: RawResponse, args: object): void {
  expect([status, jsonOf(messages[0])]).toEqual([200, args]);
}

describe.each(["legacy", "modern"])("%s child", (era) => {
  test("5.16: a tool that nobody has listed is judged, and the child sees no call", async () => {
    expectMismatch(await call(`${era}-first`, "Near-Tool", { region: "eu" }));
    expect(await callsSeen(`${era}-first`, "Near-Tool")).toBe(0);
  });

  test("5.17: null needs no header, and neither does what is absent", async () => {
    const args = { region: null };
    expectArguments(await call(era, "Near-Tool", args), args);
    expectArguments(await call(era, "Near-Tool"), {});
  });

  test("a tool on a further page is judged, inside an object too", async () => {
    const args = { place: { region: "eu" } };
    expectMismatch(await call(`${era}-far`, "Far-Tool", args));
    expectArguments(await call(`${era}-far`, "Far-Tool", args, { "Mcp-Param-Region": "eu" }), args);
    expect(await callsSeen(`${era}-far`, "Far-Tool")).toBe(1);
  });

  test("headers must say what the arguments say", async () => {
    const args = { region: "eu", count: 42 };
    const equal = { "Mcp-Param-Region": "eu", "Mcp-Param-Count": "42.0" };
    expectArguments(await call(era, "Near-Tool", args, equal), args);
    const before = await callsSeen(era, "Near-Tool");
    for (const wrong of [
      { "Mcp-Param-Region": "us" },
      { "Mcp-Param-Region": "EU" },
      { "Mcp-Param-Count": "43" },
      { "Mcp-Param-Region": "=?base64?ZXU?=" },
    ]) {
      expectMismatch(await call(era, "Near-Tool", args, { ...equal, ...wrong }));
    }
    expect(await callsSeen(era, "Near-Tool")).toBe(before);
  });

  test("the base64 form is decoded first", async () => {
    const args = { region: "Zürich" };
    const encoded = Buffer.from("Zürich").toString("base64");
    const headers = { "Mcp-Param-Region": `=?base64?${encoded}?=` };
    expectArguments(await call(era, "Near-Tool", args, headers), args);
  });

  test("both names of a tool are the same tool", async () => {
    const args = { region: "eu" };
    for (const name of ["near_tool", "Near-Tool"]) {
      expectMismatch(await call(era, name, args));
      expectArguments(await call(era, name, args, { "Mcp-Param-Region": "eu" }), args);
    }
  });

  test("a header that no argument asks for is ignored", async () => {
    const args = { region: "eu" };
    expectArguments(await call(era, "plain", args, { "Mcp-Param-Region": "us" }), args);
  });

  test("a hidden tool is unknown, whatever its arguments", async () => {
    const { messages } = await call(`${era}-hidden`, "Near-Tool", { region: "eu" });
    expect(messages[0]?.error?.message).toBe("Unknown tool: Near-Tool");
  });
});

test("a legacy client is not held to any header", async () => {
  const session = await RawSession.open(gateway.mcp("legacy"));
  await session.request("tools/list");
  const args = { region: "eu", count: 1 };
  expect(jsonOf(await session.call("near_tool", args))).toEqual(args);
});
