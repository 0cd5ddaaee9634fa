/**
 * The start of children: all at once, none waiting for another, each with its own deadline.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { get, post, textOf, toolCall } from "../../helpers/raw-http.ts";
import { initializeRequest, RawSession } from "../../helpers/raw-session.ts";
import { until } from "../../helpers/wait.ts";

/** Answers every request with the same error. */
const REFUSING = `
  for await (const line of console) {
    const { id } = JSON.parse(line);
    const error = { code: -32022, message: "Unsupported protocol version", data: { supported: ["x"] } };
    if (id !== undefined) console.log(JSON.stringify({ jsonrpc: "2.0", id, error }));
  }`;
/** The start and the call of `initialize` have the same deadline; either may be the first to say so. */
const LATE = /not ready within 400 ms|did not answer after 0\.4 s/;
let gateway: RunningGateway;
let folder: string;
const holder = (server: string): string => join(folder, server);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-start-"));
  const held = (by: string, keys: object = {}) =>
    fixtureServer("held-start", { env: { HELD_BY: by }, ...keys });
  for (const server of ["slow", "slowown"]) writeFileSync(holder(server), "");
  gateway = await startGateway({
    servers: {
      slow: held(holder("slow")),
      slowown: held(holder("slowown"), { instances: "session" }),
      missing: { command: "no-such-program-anywhere" },
      never: held("/", { startTimeout: "400ms" }),
      neverown: held("/", { startTimeout: "400ms", instances: "session" }),
      refusing: { command: process.execPath, args: ["-e", REFUSING] },
      refusingown: { command: process.execPath, args: ["-e", REFUSING], instances: "session" },
      quick: fixtureServer("echo"),
      quicker: fixtureServer("kebab-tools"),
    },
  });
});
afterAll(async () => {
  await gateway.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("a slow server and a missing program hold nobody up", async () => {
  const slow = RawSession.open(gateway.mcp("slow"));
  const answers = await Promise.all(
    ["quick", "quicker"].map(async (server) => {
      const session = await RawSession.open(gateway.mcp(server));
      return (await session.request("tools/list")).result?.["tools"].length as number;
    }),
  );
  expect(Math.min(...answers)).toBeGreaterThan(5);
  // Who asks for the slow one waits for it, and is served.
  rmSync(holder("slow"));
  expect(textOf(await (await slow).call("first", {}))).toBe("called");
});

test("the first session of a slow server of its own waits for it", async () => {
  const opening = RawSession.open(gateway.mcp("slowown"));
  await gateway.untilLogged(/\[slowown\] session-/);
  rmSync(holder("slowown"));
  expect((await opening).initializeResult["serverInfo"].name).toBe("held-start");
});

test("a child that does not answer initialize is ended, and the client told", async () => {
  const { status, messages, session } = await post(gateway.mcp("never"), initializeRequest());
  expect([status, session]).toEqual([200, undefined]);
  expect(messages[0]?.error).toMatchObject({
    code: -32603,
    message: expect.stringMatching(LATE),
    data: { gateway: { retryable: true } },
  });
  await gateway.untilLogged(/\[never\] .*starting → .*not ready within 400 ms/);
  // It is started again, and its tools are asked for in vain but not for ever.
  await gateway.untilLogged(/\[never\] .*backoff → starting/);
  const later = await post(gateway.mcp("never"), toolCall(1, "echo"), { deadlineMs: 60_000 });
  expect(later.messages[0]?.error?.data?.["gateway"]).toMatchObject({ code: expect.any(String) });
}, 20_000);

test("a child of one session that does not answer initialize leaves nothing behind", async () => {
  const { messages, session } = await post(gateway.mcp("neverown"), initializeRequest());
  expect(session).toBeUndefined();
  expect(messages[0]?.error?.code).toBe(-32603);
  expect(messages[0]?.error?.message).toMatch(LATE);
  await gateway.untilLogged(/\[neverown\] session-.* ended/);
  await gateway.untilLogged(/\[neverown\] session .* closed/);
});

test.each(["refusing", "refusingown"])(
  "%s: a refusal of initialize is the client's",
  async (server) => {
    const { messages, session } = await post(gateway.mcp(server), initializeRequest({}, "mine"));
    expect(session).toBeUndefined();
    expect(messages).toEqual([
      {
        jsonrpc: "2.0",
        id: "mine",
        error: {
          code: -32022,
          message: "Unsupported protocol version",
          data: { supported: ["x"] },
        },
      },
    ]);
  },
);

test("the gateway says of each server how it is", async () => {
  const stateOf = async (name: string) => {
    const { json } = await get(`${gateway.url}/listmcp`, { accept: null });
    const { servers } = json as { servers: { slug: string; state: string }[] };
    return servers.find(({ slug }) => slug === name)?.state;
  };
  await until(async () => (await stateOf("slow")) === "ready");
  expect(await stateOf("quick")).toBe("ready");
  expect(await stateOf("missing")).toBe("failed");
});
