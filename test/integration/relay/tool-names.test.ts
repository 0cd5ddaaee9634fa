/**
 * Names of tools toward clients and toward the child, in both modes, and the filter: what is not
 * allowed is neither listed nor called.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type EntryKeys, fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { jsonOf, type Members, post, request, toolCall } from "../../helpers/raw-http.ts";
import { RawSession } from "../../helpers/raw-session.ts";
import { callsOf, received, withMethod } from "./seen.ts";

/** The child's name of each tool of `kebab-tools`, and what clients see. */
const NAMES: Readonly<Record<string, string>> = {
  "API-get-user": "api_get_user",
  getUserName: "getUserName",
  create_entities: "create_entities",
  "get-user": "get_user_2",
  get_user: "get_user",
  "dotted.name": "dotted_name",
  Ünï: "_n_",
  "with space": "with_space",
  "a/b": "a_b",
  change: "change",
  seen: "seen",
};
let gateway: RunningGateway;

beforeAll(async () => {
  const kebab = (keys: EntryKeys = {}) => fixtureServer("kebab-tools", keys);
  const tools = { allow: ["get*", "API-*", "with_space", "seen", "change"], deny: ["get-user"] };
  gateway = await startGateway({
    servers: {
      snake: kebab(),
      fresh: kebab(),
      changing: kebab(),
      stateless: kebab(),
      own: kebab({ instances: "session" }),
      keep: kebab({ toolNames: "keep" }),
      filtered: kebab({ tools }),
      unlisted: kebab({ tools }),
      kept: kebab({ toolNames: "keep", tools }),
      pages: fixtureServer("many-tools", {
        env: { TOOL_COUNT: "7", PAGE_SIZE: "3" },
        tools: { deny: ["tool_0000", "tool_*5"] },
      }),
    },
  });
});
afterAll(() => gateway.stop());

const open = (server: string) => RawSession.open(gateway.mcp(server));

async function namesOf(session: RawSession): Promise<readonly string[]> {
  const { result } = await session.request("tools/list");
  return (result?.["tools"] as readonly Members[]).map(({ name }) => String(name));
}

/** The child's name of the tool that a call arrived at. */
async function calledAs(session: RawSession, name: string): Promise<unknown> {
  return jsonOf(await session.call(name, { "kebab-argument": "a-b" }))["name"];
}

test("snake_case: names are changed where they must be, and nothing else is", async () => {
  const session = await open("snake");
  const { result } = await session.request("tools/list");
  const listed = result?.["tools"] as readonly Members[];
  expect(listed.map(({ name }) => String(name))).toEqual(Object.values(NAMES));
  expect(listed[0]).toEqual({
    name: "api_get_user",
    description: "The tool API-get-user",
    inputSchema: { type: "object", properties: { "kebab-argument": { type: "string" } } },
  });
});

test("snake_case: both forms call the tool, before any list and after it", async () => {
  const session = await open("fresh");
  for (const round of ["before", "after"]) {
    for (const [native, exposed] of Object.entries(NAMES).slice(0, 9)) {
      expect([round, await calledAs(session, exposed)]).toEqual([round, native]);
      expect([round, await calledAs(session, native)]).toEqual([round, native]);
    }
    await session.request("tools/list");
  }
  const { result } = await session.call("API-get-user", { "kebab-argument": "a-b" });
  expect(JSON.parse(result?.["content"][0].text)).toEqual({
    name: "API-get-user",
    arguments: { "kebab-argument": "a-b" },
  });
});

test("snake_case: many first calls at once ask the child for its tools once", async () => {
  const session = await open("own");
  const calls = Object.values(NAMES).slice(0, 9);
  const names = await Promise.all(calls.map((name) => calledAs(session, name)));
  expect(names).toEqual(Object.keys(NAMES).slice(0, 9));
  expect(withMethod(await received(session), "tools/list")).toHaveLength(1);
});

test("snake_case: a tool that came later is found, and a new collision too", async () => {
  const session = await open("changing");
  await session.request("tools/list");
  await session.call("change");
  expect(await calledAs(session, "late_comer")).toBe("late-comer");
  expect(await namesOf(session)).toEqual([...Object.values(NAMES), "late_comer"]);
  await session.call("change", { name: "api_get_user" });
  const names = await namesOf(session);
  expect(names[0]).toBe("api_get_user_2");
  expect(names.at(-1)).toBe("api_get_user");
  expect(await calledAs(session, "api_get_user")).toBe("api_get_user");
  expect(await calledAs(session, "api_get_user_2")).toBe("API-get-user");
});

test("a name that does not exist reaches the child as it is", async () => {
  const session = await open("snake");
  for (const name of ["no_such_tool", "NO-such-tool", ""]) {
    const { error } = await session.call(name);
    expect(error).toEqual({ code: -32602, message: `Unknown tool: ${name}` });
  }
});

test("a client without a session calls by both forms too", async () => {
  for (const name of ["get_user_2", "get-user"]) {
    const { messages } = await post(gateway.mcp("stateless"), toolCall(1, name));
    expect(jsonOf(messages[0])["name"]).toBe("get-user");
  }
});

test("keep: names are shown and called as they are", async () => {
  const session = await open("keep");
  expect(await namesOf(session)).toEqual(Object.keys(NAMES));
  expect(await calledAs(session, "API-get-user")).toBe("API-get-user");
  expect((await session.call("api_get_user")).error?.message).toBe("Unknown tool: api_get_user");
});

test("the filter hides tools by either name and leaves the rest as it is", async () => {
  expect(await namesOf(await open("filtered"))).toEqual([
    ...["api_get_user", "getUserName", "get_user", "with_space", "change", "seen"],
  ]);
  // By the child's names alone: "with space" is not among the patterns there.
  expect(await namesOf(await open("kept"))).toEqual([
    ...["API-get-user", "getUserName", "get_user", "change", "seen"],
  ]);
});

test.each(["unlisted", "filtered", "kept"])(
  "%s: a hidden tool cannot be called",
  async (server) => {
    const session = await open(server);
    const hidden = ["get-user", "create_entities", "dotted.name", "a/b"];
    if (server !== "kept") hidden.push("get_user_2", "dotted_name", "a_b");
    for (const name of hidden) {
      const answer = await session.call(name);
      expect(answer.error).toEqual({ code: -32602, message: `Unknown tool: ${name}` });
    }
    expect(await calledAs(session, "get_user")).toBe("get_user");
    const seen = await received(session);
    for (const name of hidden) expect(callsOf(seen, name)).toEqual([]);
  },
);

test("the filter works on every page, and cursors pass", async () => {
  const session = await open("pages");
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const { result } = await session.request("tools/list", cursor === undefined ? {} : { cursor });
    names.push(...(result?.["tools"] as readonly Members[]).map(({ name }) => String(name)));
    cursor = result?.["nextCursor"];
  } while (cursor !== undefined);
  expect(names).toEqual(["tool_0001", "tool_0002", "tool_0003", "tool_0004", "tool_0006"]);
  const denied = await session.post(request(1, "tools/call", { name: "tool_0005" }));
  expect(denied.messages[0]?.error?.code).toBe(-32602);
});
