/**
 * The start of children: all at once, none waiting for another, each with its own deadline.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { get, post, textOf, toolCall } from "../../helpers/raw-http.ts";
import { initializeRequest, RawSession } from "../../helpers/raw-session.ts";
import { until } from "../../helpers/wait.ts";

const SLOW_MS = 2000;
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
let startedMs = 0;

beforeAll(async () => {
  const slow = (delay: string, keys: object = {}) =>
    fixtureServer("slow-start", { env: { START_DELAY_MS: delay }, ...keys });
  startedMs = performance.now();
  gateway = await startGateway({
    servers: {
      slow: slow(String(SLOW_MS)),
      slowown: slow("300", { instances: "session" }),
      missing: { command: "no-such-program-anywhere" },
      never: slow("never", { startTimeout: "400ms" }),
      neverown: slow("never", { startTimeout: "400ms", instances: "session" }),
      refusing: { command: process.execPath, args: ["-e", REFUSING] },
      refusingown: { command: process.execPath, args: ["-e", REFUSING], instances: "session" },
      quick: fixtureServer("echo"),
      quicker: fixtureServer("kebab-tools"),
    },
  });
});
afterAll(() => gateway.stop());

test("a slow server and a missing program hold nobody up", async () => {
  const listenedMs = performance.now();
  const slow = RawSession.open(gateway.mcp("slow"));
  const answers = await Promise.all(
    ["quick", "quicker"].map(async (server) => {
      const session = await RawSession.open(gateway.mcp(server));
      return (await session.request("tools/list")).result?.["tools"].length as number;
    }),
  );
  expect(Math.min(...answers)).toBeGreaterThan(5);
  expect(performance.now() - listenedMs).toBeLessThan(1000);
  expect(performance.now() - startedMs).toBeLessThan(SLOW_MS);
  // Who asks for the slow one waits for it, and is served.
  expect(textOf(await (await slow).call("echo", { text: "at last" }))).toBe("at last");
  expect(performance.now() - startedMs).toBeGreaterThan(SLOW_MS);
});

test("the first session of a slow server of its own waits for it", async () => {
  const session = await RawSession.open(gateway.mcp("slowown"));
  expect(session.initializeResult["serverInfo"].name).toBe("slow-start");
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
