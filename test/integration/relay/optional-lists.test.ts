/**
 * Lists that a server need not have: answered by the gateway where the child does not, never hanging;
 * `tools/list` and methods that do not exist are never made up.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { RawSession, RawSseSession } from "../../helpers/raw-session.ts";
import { textOf } from "../../helpers/raw-http.ts";
import { received, withMethod } from "./seen.ts";

const LISTS = [
  { method: "resources/list", empty: { resources: [] } },
  { method: "resources/templates/list", empty: { resourceTemplates: [] } },
  { method: "prompts/list", empty: { prompts: [] } },
] as const;
const TIMEOUT_MS = 300;
let gateway: RunningGateway;

beforeAll(async () => {
  const lists = (mode: string, keys: object = {}) =>
    fixtureServer("silent-lists", {
      env: { LISTS: mode },
      optionalListTimeout: TIMEOUT_MS,
      ...keys,
    });
  const noTools = { env: { LISTS: "refused", TOOLS_LIST: "silent" }, requestTimeout: 400 };
  gateway = await startGateway({
    servers: {
      undeclared: lists("undeclared"),
      refused: lists("refused"),
      silent: lists("silent"),
      once: lists("once"),
      own: lists("once", { instances: "session" }),
      notools: lists("refused", noTools),
      keeptools: lists("refused", { ...noTools, toolNames: "keep" }),
    },
  });
});
afterAll(() => gateway.stop());

describe.each(["undeclared", "refused", "silent"])("%s", (server) => {
  test("all three lists are empty", async () => {
    const session = await RawSession.open(gateway.mcp(server));
    const answers = await Promise.all(LISTS.map(({ method }) => session.request(method)));
    expect(answers.map(({ result }) => result)).toEqual(LISTS.map(({ empty }) => ({ ...empty })));
    for (const { method } of LISTS)
      await gateway.untilLogged(new RegExp(`\\[${server}\\] ${method} answered by the gateway`));
  });
});

test("what is not declared is not asked of the child", async () => {
  const session = await RawSession.open(gateway.mcp("undeclared"));
  await session.request("prompts/list");
  const methods = (await received(session)).map(({ method }) => method);
  for (const { method } of LISTS) expect(methods).not.toContain(method);
  const refusing = await RawSession.open(gateway.mcp("refused"));
  await refusing.request("prompts/list");
  expect(withMethod(await received(refusing), "prompts/list")).not.toEqual([]);
});

test("a child that does not answer a list is told that nobody waits any more", async () => {
  const session = await RawSession.open(gateway.mcp("silent"));
  await session.request("prompts/list");
  const seen = await received(session);
  const childId = withMethod(seen, "prompts/list").at(-1)?.id;
  const cancelled = withMethod(seen, "notifications/cancelled").map(({ params }) => params);
  expect(cancelled.map((params) => params?.["requestId"] as unknown)).toContain(childId);
  expect(textOf(await session.call("echo", { text: "serves on" }))).toBe("serves on");
});

test("a list that was answered before is given again, also to another client", async () => {
  const session = await RawSession.open(gateway.mcp("once"));
  const first = await session.request("resources/list");
  expect(first.result).toEqual({ resources: [{ uri: "once://a", name: "a" }] });
  expect((await session.request("resources/list")).result).toEqual({ ...first.result });
  const other = await RawSseSession.open(gateway.sse("once"));
  await other.initialize();
  expect((await other.request(1, "resources/list")).result).toEqual({ ...first.result });
  // What was never answered is still empty, each list for itself.
  expect((await other.request(2, "prompts/list")).result).toEqual({ prompts: [{ name: "p" }] });
  await other.close();
});

test("a child of one session gives no other session its lists", async () => {
  const first = await RawSession.open(gateway.mcp("own"));
  await first.request("prompts/list");
  expect((await first.request("prompts/list")).result).toEqual({ prompts: [{ name: "p" }] });
  const second = await RawSession.open(gateway.mcp("own"));
  await second.request("resources/list");
  expect((await second.request("prompts/list")).result).toEqual({ prompts: [{ name: "p" }] });
  expect(withMethod(await received(second), "prompts/list")).toHaveLength(1);
});

test.each(["notools", "keeptools"])("%s: tools/list is never made up", async (server) => {
  const session = await RawSession.open(gateway.mcp(server));
  const { error } = await session.request("tools/list");
  expect(error).toMatchObject({
    code: -32603,
    data: { gateway: { code: "UPSTREAM_TIMEOUT", retryable: true } },
  });
  expect(error?.message).toContain("tools/list");
});

test.each(["undeclared", "refused", "silent"])(
  "%s: an unknown method stays an error",
  async (server) => {
    const session = await RawSession.open(gateway.mcp(server));
    for (const method of [
      "resources/read",
      "prompts/get",
      "completion/complete",
      "no/such/method",
    ]) {
      const { error } = await session.request(method, { uri: "a:b", name: "n" });
      expect(error).toMatchObject({ code: -32601, message: `Method not found: ${method}` });
    }
  },
);

test("an error of another kind is the child's own to tell", async () => {
  const { error } = await (await RawSession.open(gateway.mcp("refused"))).call("no_such_tool");
  expect(error).toEqual({ code: -32602, message: "Unknown tool: no_such_tool" });
});
