/**
 * Children and those who call them: the numbered one-line tests of the protocol design about early
 * requests, roots, death and cancellation (31, 62, 66, 68).
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { jsonOf, notification, post, request, textOf, toolCall } from "../../helpers/raw-http.ts";
import { initializeRequest, RawSession, RawSseSession } from "../../helpers/raw-session.ts";
import { connectV1, textOfResult } from "../../helpers/sdk.ts";
import { until } from "../../helpers/wait.ts";

const FILESYSTEM = join(
  import.meta.dirname,
  "../../../node_modules/@modelcontextprotocol/server-filesystem/dist/index.js",
);
const folder = realpathSync(mkdtempSync(join(tmpdir(), "allowed-")));
const allowed = join(folder, "allowed");
mkdirSync(allowed);
const filesystem = { command: process.execPath, args: [FILESYSTEM, allowed] };

let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({
    servers: {
      echo: fixtureServer("echo"),
      late: fixtureServer("late-answers"),
      "rmcp-shared": fixtureServer("rmcp-like"),
      "rmcp-own": fixtureServer("rmcp-like", { instances: "session" }),
      files: filesystem,
      "files-open": { ...filesystem, roots: "forward" },
    },
  });
});
afterAll(async () => {
  await gateway.stop();
  rmSync(folder, { recursive: true });
});

describe.each(["rmcp-shared", "rmcp-own"])(
  "31. a strict child and a hasty client: %s",
  (server) => {
    test("31. requests right after `initialize`, without `initialized`, are answered by a child that lives", async () => {
      const url = gateway.mcp(server);
      const opened = await post(url, initializeRequest());
      expect(opened.status).toBe(200);
      const { session } = opened;
      const ask = async (message: object) => (await post(url, message, { session })).messages[0];
      const [list, pid] = await Promise.all([
        ask(request(1, "tools/list")),
        ask(toolCall(2, "pid")),
      ]);
      expect(list?.result?.["tools"]).toHaveLength(3);
      // A client that says it late does no harm, and the same process still serves.
      const told = await post(url, notification("notifications/initialized"), { session });
      expect(told.status).toBe(202);
      expect(textOf(await ask(toolCall(3, "pid")))).toBe(textOf(pid));
      const seen = jsonOf(await ask(toolCall(4, "seen"))) as unknown as readonly string[];
      const methods = seen.map((line) => (JSON.parse(line) as { method: string }).method);
      expect(methods.slice(0, 2)).toEqual(["initialize", "notifications/initialized"]);
      expect(methods.filter((one) => one === "notifications/initialized")).toHaveLength(1);
    });

    test("31. the same over HTTP+SSE", async () => {
      const session = await RawSseSession.open(gateway.sse(server));
      const posted = await session.post(initializeRequest({ revision: "2024-11-05" }, "init"));
      expect(posted.status).toBe(202);
      expect((await session.next()).id).toBe("init");
      expect(textOf(await session.request(1, "tools/call", { name: "pid" }))).toMatch(/^\d+$/);
      await session.close();
    });
  },
);

test("62. a remote client's roots do not change the allowed directories of server-filesystem", async () => {
  const connect = async (server: string) => {
    let asked = 0;
    const roots = () => {
      asked += 1;
      return { roots: [{ uri: "file:///" }] };
    };
    const { client } = await connectV1(gateway.mcp(server), { handlers: { roots } });
    const directories = async () =>
      textOfResult(await client.callTool({ name: "list_allowed_directories", arguments: {} }));
    return { client, directories, asked: () => asked };
  };
  const closed = await connect("files");
  // What the wall is for: with "forward" the same client reopens the whole file system.
  const open = await connect("files-open");
  await until(async () => (await open.directories())?.endsWith("\n/") === true);
  expect(open.asked()).toBeGreaterThan(0);

  expect(await closed.directories()).toBe(`Allowed directories:\n${allowed}`);
  await closed.client.sendRootsListChanged();
  const read = await closed.client.callTool({
    name: "list_directory",
    arguments: { path: folder },
  });
  expect(read.isError).toBe(true);
  expect(await closed.directories()).toBe(`Allowed directories:\n${allowed}`);
  expect(closed.asked()).toBe(0);
  await closed.client.close();
  await open.client.close();
});

test("66. a child that dies with three calls running: three errors at once, and no call is tried again", async () => {
  const url = gateway.mcp("echo");
  const sessions = await Promise.all([1, 2, 3].map(() => RawSession.open(url)));
  const running = sessions.map((session, index) =>
    session.post(toolCall(index, "slow", { ms: 60_000, text: "never twice" })),
  );
  const first = await RawSession.open(url);
  const seen = async () => jsonOf(await first.call("seen")) as unknown as readonly string[];
  const arrived = async () => (await seen()).filter((line) => line.includes("never twice"));
  await until(async () => (await arrived()).length === 3);

  const startedMs = performance.now();
  const killer = first.call("exit", { code: 3, stderr: "fatal: out of luck" });
  const answers = (await Promise.all(running)).map(({ status, messages }) => ({
    status,
    message: messages[0],
  }));
  expect(performance.now() - startedMs).toBeLessThan(2000);
  for (const [index, { status, message }] of answers.entries()) {
    expect(status).toBe(200);
    expect(message).toMatchObject({
      id: index,
      error: { code: -32603, data: { gateway: { code: "UPSTREAM_EXITED" } } },
    });
    expect(message?.error?.message).toContain("3");
  }
  expect((await killer).error?.code).toBe(-32603);

  // The next call waits for the new process, which never heard of the others.
  expect(textOf(await first.call("echo", { text: "again" }))).toBe("again");
  expect(await arrived()).toEqual([]);
});

test("68. the late response of a cancelled call is dropped, and its id is never used again", async () => {
  const session = await RawSession.open(gateway.mcp("late"));
  const cancelled = session.post(toolCall("gone", "deaf", { ms: 30 }));
  const lines = async (name: string) =>
    (jsonOf(await session.call(name)) as unknown as readonly string[]).map(
      (line) => JSON.parse(line) as { id?: number; method?: string; params?: never },
    );
  const call = await until(async () =>
    (await lines("seen")).find(({ params }) => params?.["name"] === "deaf"),
  );
  const told = await session.post(
    notification("notifications/cancelled", { requestId: "gone", reason: "enough" }),
  );
  expect(told.status).toBe(202);
  const ended = await cancelled;
  expect(ended.messages).toEqual([]);

  await gateway.untilLogged(/late\] dropped: answer to unknown id/);
  expect((await lines("written")).map(({ id }) => id)).toContain(call.id);
  // A call with the client's old id is a call of its own, and gets its own answer.
  expect((await session.post(toolCall("gone", "held"))).messages[0]).toMatchObject({ id: "gone" });
  const seen = await lines("seen");
  const cancellation = seen.find(({ method }) => method === "notifications/cancelled");
  expect(cancellation?.params).toMatchObject({ requestId: call.id, reason: "enough" });
  const ids = seen.flatMap(({ id }) => (id === undefined ? [] : [id]));
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => Number.isInteger(id) && id > 0)).toBe(true);
});
