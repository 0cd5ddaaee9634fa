/**
 * Which clients share a child, what each child is told at its one `initialize`, and what of a
 * client's params never reaches one.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type EntryKeys, fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { jsonOf, type Members, post, request, textOf, toolCall } from "../../helpers/raw-http.ts";
import { initializeRequest, RawSession, RawSseSession } from "../../helpers/raw-session.ts";
import { alive } from "../../helpers/processes.ts";
import { until } from "../../helpers/wait.ts";
import { received, receivedLines, withMethod } from "./seen.ts";

let gateway: RunningGateway;

beforeAll(async () => {
  const echo = (keys: EntryKeys = {}) => fixtureServer("echo", keys);
  gateway = await startGateway({
    servers: {
      auto: echo(),
      plain: echo(),
      always: echo({ instances: "session" }),
      few: echo({ instances: "session", maxInstances: 1 }),
      together: echo({ instances: "shared" }),
      strict: fixtureServer("rmcp-like"),
      strictown: fixtureServer("rmcp-like", { instances: "session" }),
      future: fixtureServer("unknown-members"),
      futureown: fixtureServer("unknown-members", { instances: "session" }),
    },
  });
});
afterAll(() => gateway.stop());

const open = (server: string, capabilities: object = {}, revision = "2025-11-25") =>
  RawSession.open(gateway.mcp(server), { capabilities, revision });
const whoami = async (session: RawSession): Promise<Members> =>
  jsonOf(await session.call("whoami"));

test("auto: clients that cannot be asked share a child, those that can have their own", async () => {
  const plain = await Promise.all([open("auto"), open("auto", {}, "2025-03-26"), open("auto")]);
  const asking = [{ sampling: {} }, { elicitation: {} }, { sampling: {}, elicitation: {} }];
  const own = await Promise.all(asking.map((capabilities) => open("auto", capabilities)));
  const shared = await Promise.all(plain.map(whoami));
  const [first] = shared;
  expect(new Set(shared.map(({ pid }) => pid as number)).size).toBe(1);
  const owned = await Promise.all(own.map(whoami));
  const pids = owned.map(({ pid }) => pid as number);
  expect(new Set([first?.["pid"] as number, ...pids]).size).toBe(4);
  for (const { initializeCount } of [...shared, ...owned]) expect(initializeCount).toBe(1);
  expect(first?.["initializeParams"]).toMatchObject({
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "remote-mcp-proxy" },
  });
  expect(owned.map(({ initializeParams }) => initializeParams as Members)).toEqual(
    asking.map((capabilities) => ({
      protocolVersion: "2025-11-25",
      capabilities,
      clientInfo: { name: "raw-client", version: "1.0.0" },
    })),
  );
  // The end of a session ends its child, and only that.
  await own[0]?.end();
  await until(() => !alive(pids[0] ?? 0));
  expect(pids.slice(1).every(alive)).toBe(true);
});

test("a shared child sees one initialize, whoever comes and however often", async () => {
  const sessions = await Promise.all(
    ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "1999-01-01"].map((revision) =>
      open("plain", {}, revision),
    ),
  );
  const sse = await RawSseSession.open(gateway.sse("plain"));
  expect(await sse.initialize()).toMatchObject({ protocolVersion: "2024-11-05" });
  expect(sessions.map(({ revision }) => revision)).toEqual([
    ...["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2025-11-25"],
  ]);
  const [session] = sessions as [RawSession];
  expect(session.initializeResult).toMatchObject({ serverInfo: { name: "echo" } });
  await sse.close();
  const again = await open("plain");
  expect((await whoami(again))["initializeCount"]).toBe(1);
  const seen = await received(again);
  expect(seen.slice(0, 2).map(({ method }) => method)).toEqual([
    "initialize",
    "notifications/initialized",
  ]);
  expect(withMethod(seen, "initialize")).toHaveLength(1);
  expect(withMethod(seen, "notifications/initialized")).toHaveLength(1);
});

test("a request without a session is served by the shared child", async () => {
  const session = await open("plain");
  const { messages } = await post(gateway.mcp("plain"), toolCall("s", "whoami"));
  expect(jsonOf(messages[0])["pid"]).toBe((await whoami(session))["pid"]);
});

test("clients that declare different extensions have different children", async () => {
  const declared = [{ experimental: { a: {} } }, { experimental: { a: {} } }, { experimental: {} }];
  const clients = await Promise.all(declared.map((capabilities) => open("plain", capabilities)));
  const [first, second, third] = await Promise.all(clients.map(whoami));
  expect(first?.["pid"]).toBe(second?.["pid"]);
  expect(first?.["pid"]).not.toBe(third?.["pid"]);
  expect(first?.["initializeParams"]).toMatchObject({ capabilities: { experimental: { a: {} } } });
  expect(third?.["initializeParams"]).toMatchObject({ capabilities: {} });
});

test("session: each session has a child; shared: all have one", async () => {
  const separate = await Promise.all(
    [open("always"), open("always")].map(async (s) => whoami(await s)),
  );
  expect(separate[0]?.["pid"]).not.toBe(separate[1]?.["pid"]);
  const able = { sampling: {}, elicitation: {} };
  const one = await whoami(await open("together", able));
  const other = await whoami(await open("together"));
  expect(one["pid"]).toBe(other["pid"]);
  expect(one["initializeParams"]).toMatchObject({ capabilities: {} });
});

test("one child too many is refused, and its place can be had again", async () => {
  const first = await open("few");
  const refused = await post(gateway.mcp("few"), initializeRequest());
  expect(refused.status).toBe(503);
  expect(refused.messages[0]?.error?.data?.["gateway"]).toMatchObject({ code: "OVERLOADED" });
  await first.end();
  const second = await until(async () => {
    const { status, session } = await post(gateway.mcp("few"), initializeRequest());
    return status === 200 && session !== undefined;
  });
  expect(second).toBe(true);
});

test.each(["strict", "strictown"])(
  "%s: a client that never says initialized is served, and the child saw the right order",
  async (server) => {
    const url = gateway.mcp(server);
    const opened = await post(url, initializeRequest());
    const options = { session: opened.session, version: "2025-11-25" };
    const listed = await post(url, request(1, "tools/list"), options);
    expect(listed.messages[0]?.result?.["tools"]).toHaveLength(3);
    const echoed = await post(url, toolCall(2, "echo", { text: "alive" }), options);
    expect(textOf(echoed.messages[0])).toBe("alive");
  },
);

test("what is reserved for another era never reaches a child", async () => {
  const params = {
    name: "seen",
    inputResponses: { a: 1 },
    requestState: "forged",
    task: { ttl: 60_000 },
    "x-kept": 1,
    _meta: {
      "io.modelcontextprotocol/clientCapabilities": {},
      "io.modelcontextprotocol/logLevel": "debug",
      "io.modelcontextprotocol/related-task": { taskId: "t" },
      "example.org/kept": 2,
    },
  };
  const left = {
    name: "seen",
    "x-kept": 1,
    _meta: {
      "io.modelcontextprotocol/related-task": { taskId: "t" },
      "example.org/kept": 2,
    },
  };
  const lastCall = async (server: string) => {
    const session = await open(server);
    await session.request("tools/call", params);
    const calls = withMethod(await received(session), "tools/call");
    return calls.at(-2)?.params as unknown;
  };
  // A shared child keeps no tasks for one client; one of its own may.
  expect(await lastCall("together")).toEqual(left);
  expect(await lastCall("always")).toEqual({ ...left, task: params.task });
});

test("methods of tasks and of another era do not exist at a shared child", async () => {
  const session = await open("together");
  for (const method of ["tasks/list", "tasks/get", "tasks/cancel"]) {
    expect((await session.request(method, { taskId: "t" })).error?.code).toBe(-32601);
  }
  const lines = await receivedLines(session);
  expect(lines.filter((line) => line.includes("tasks/"))).toEqual([]);
});

test.each(["future", "futureown"])("%s: unknown members of the handshake pass", async (server) => {
  const { text } = await post(gateway.mcp(server), initializeRequest());
  expect(text).toContain('"x-result":12345678901234567890');
  expect(text).toContain('"capabilities":{"tools":{"x-inner":1.0},"x-future":{"level":1e2}}');
  expect(text).toContain('"x-colour":"blue"');
});
