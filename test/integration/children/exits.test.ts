/**
 * Children that end while clients wait: what each caller is told and how soon, that nothing is
 * retried, who is restarted, and whose session is over.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { alive, killPid } from "../../helpers/processes.ts";
import { type Message, post, textOf, toolCall } from "../../helpers/raw-http.ts";
import { initializeRequest, RawSession, RawSseSession } from "../../helpers/raw-session.ts";
import { until } from "../../helpers/wait.ts";

const TOKEN = "s3cret-token-value";
/** Long before any deadline or back-off, and with room for a busy machine. */
const AT_ONCE_MS = 1000;
let gateway: RunningGateway;

beforeAll(async () => {
  const crash = (keys: object = {}) =>
    fixtureServer("crash-on-call", { env: { API_TOKEN: TOKEN }, ...keys });
  gateway = await startGateway({
    servers: {
      crash: crash(),
      signal: crash(),
      outside: crash(),
      own: crash({ instances: "session" }),
      queued: crash({ maxInFlight: 1 }),
      last: fixtureServer("splits-utf8"),
      missing: { command: "no-such-program-anywhere" },
      folder: fixtureServer("echo", { cwd: "/no/such/folder" }),
      broken: fixtureServer("exit-now", { args: ["7", "no license found"] }),
    },
  });
});
afterAll(() => gateway.stop());

const open = (server: string) => RawSession.open(gateway.mcp(server));
const gatewayError = (message: Message | undefined) => message?.error?.data?.["gateway"] as unknown;
const pidOf = async (session: RawSession) => Number(textOf(await session.call("pid")));

async function timed<Value>(work: Promise<Value>): Promise<{ value: Value; tookMs: number }> {
  const beginMs = performance.now();
  const value = await work;
  return { value, tookMs: performance.now() - beginMs };
}

test("every call in flight is told at once how the child ended, without its secrets", async () => {
  const [one, two] = [await open("crash"), await open("crash")];
  const before = await pidOf(one);
  const waiting = [one.call("wait"), two.call("wait"), two.call("wait")];
  const { value: answers, tookMs } = await timed(Promise.all([...waiting, one.call("crash")]));
  expect(tookMs).toBeLessThan(AT_ONCE_MS);
  for (const { error } of answers) {
    expect(error?.code).toBe(-32603);
    expect(error?.message).toContain('"crash" exited with code 3');
    expect(error?.message).toContain("fatal: the tool broke");
    expect(error?.data?.["gateway"]).toEqual({
      code: "UPSTREAM_EXITED",
      retryable: true,
      exitCode: 3,
      signal: null,
      stderr: ["about to fail with token [redacted]", "fatal: the tool broke"],
    });
  }
  await gateway.untilLogged(/about to fail with token \[redacted\]/);
  // The next call waits for the restart; the call that broke the child is not tried again.
  const after = await pidOf(two);
  expect(after).not.toBe(before);
  expect(textOf(await one.call("echo", { text: "as before" }))).toBe("as before");
  expect(await pidOf(one)).toBe(after);
  expect(gateway.stdout + gateway.stderr).not.toContain(TOKEN);
});

test("an end by a signal is named", async () => {
  const session = await open("signal");
  const answer = await session.call("signal");
  expect(answer.error?.message).toContain("SIGKILL");
  expect(gatewayError(answer)).toMatchObject({ exitCode: null, signal: "SIGKILL", stderr: [] });
});

test("calls in the queue are told too", async () => {
  const sse = await RawSseSession.open(gateway.sse("queued"));
  await sse.initialize();
  await sse.post(toolCall("first", "crash"));
  for (const id of ["a", "b"]) await sse.post(toolCall(id, "echo", { text: id }));
  const answers = [await sse.next(), await sse.next(), await sse.next()];
  // Whether the two were still waiting or came during the restart: each has one answer.
  expect(answers.map(({ id }) => id).sort()).toEqual(["a", "b", "first"]);
  expect(gatewayError(answers.find(({ id }) => id === "first"))).toMatchObject({ exitCode: 3 });
  await sse.close();
});

test("the last answer of a child counts, though it ends without a newline", async () => {
  const session = await open("last");
  expect(textOf(await session.call("last"))).toStartWith("grüße");
});

test("a child that is ended from outside is restarted, and sessions go on", async () => {
  const session = await open("outside");
  const stream = await session.stream();
  const before = await pidOf(session);
  killPid(before);
  await until(() => !alive(before));
  const after = await pidOf(session);
  expect(after).not.toBe(before);
  expect(stream.ended).toBe(false);
  await stream.close();
});

test("a session ends with the child of its own", async () => {
  const session = await open("own");
  const stream = await session.stream();
  const pid = await pidOf(session);
  const answers = await Promise.all([session.call("wait"), session.call("crash")]);
  for (const answer of answers)
    expect(gatewayError(answer)).toMatchObject({ code: "UPSTREAM_EXITED", exitCode: 3 });
  expect(await stream.rest()).toBeArray();
  expect((await session.post(toolCall(9, "pid"))).status).toBe(404);
  expect(alive(pid)).toBe(false);
  // The next session has a child again.
  const next = await open("own");
  expect(await pidOf(next)).not.toBe(pid);
  expect((await next.end()).status).toBe(200);
});

test("so it does when the child ends between calls", async () => {
  const session = await open("own");
  killPid(await pidOf(session));
  await until(async () => (await session.post(toolCall(1, "pid"))).status === 404);
});

test("over HTTP+SSE the call is told before the stream ends", async () => {
  const session = await RawSseSession.open(gateway.sse("own"));
  await session.initialize();
  await session.post(toolCall("c", "crash"));
  const answer = await session.next();
  expect([answer.id, gatewayError(answer)]).toMatchObject(["c", { exitCode: 3 }]);
  expect(await session.stream.rest()).toEqual([]);
  expect((await session.post(toolCall(1, "pid"))).status).toBe(404);
});

test.each([
  ["missing", "no-such-program-anywhere"],
  ["folder", "/no/such/folder"],
])("%s: a server that cannot be started says why, at once", async (server, words) => {
  for (const message of [initializeRequest({}, 1), toolCall(1, "echo")]) {
    const { value, tookMs } = await timed(post(gateway.mcp(server), message));
    expect(tookMs).toBeLessThan(AT_ONCE_MS);
    const [answer] = value.messages;
    expect(answer?.id).toBe(1);
    expect(gatewayError(answer)).toMatchObject({ code: "UPSTREAM_SPAWN_FAILED", retryable: false });
    expect(answer?.error?.message).toContain(words);
    expect(value.session).toBeUndefined();
  }
});

test("a server that was given up answers at once, with its last words", async () => {
  // Waits through the back-offs, until the server is given up.
  const first = await post(gateway.mcp("broken"), initializeRequest());
  expect(gatewayError(first.messages[0])).toMatchObject({
    exitCode: 7,
    stderr: ["no license found"],
  });
  await gateway.untilLogged(/\[broken\] .* → failed/);
  const { value, tookMs } = await timed(post(gateway.mcp("broken"), toolCall(2, "echo")));
  expect(tookMs).toBeLessThan(AT_ONCE_MS);
  expect(value.messages[0]?.error?.message).toContain("no license found");
}, 20_000);
