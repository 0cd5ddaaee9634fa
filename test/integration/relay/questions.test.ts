/**
 * Questions of a child to the client of its own: where they appear, under which id, what comes back,
 * and what happens when the client cannot be asked, has no stream, does not answer, or is not the
 * one that was asked.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { jsonOf, notification, toolCall } from "../../helpers/raw-http.ts";
import { RawSession, RawSseSession } from "../../helpers/raw-session.ts";
import { until } from "../../helpers/wait.ts";
import { ALL, nextOf, reply, startCall } from "./asker.ts";

const SAMPLE = {
  role: "assistant",
  model: "m",
  content: { type: "text", text: "42" },
  "x-unknown": [1],
};
const JSON_ONLY = { accept: "application/json" };
let gateway: RunningGateway;
let hasty: RunningGateway;

beforeAll(async () => {
  [gateway, hasty] = await Promise.all([
    startGateway({
      servers: {
        auto: fixtureServer("asks-for-input"),
        always: fixtureServer("asks-for-input", { instances: "session" }),
        shared: fixtureServer("asks-for-input", { instances: "shared" }),
      },
    }),
    startGateway({
      servers: { auto: fixtureServer("asks-for-input") },
      proxy: { limits: { streamWait: "300ms", clientAnswerTimeout: "300ms" } },
    }),
  ]);
});
afterAll(() => Promise.all([gateway.stop(), hasty.stop()]));

const open = (server: string, capabilities: object = ALL) =>
  RawSession.open(gateway.mcp(server), { capabilities });
const METHOD = "sampling/createMessage";

test.each(["auto", "always"])(
  "%s: a question appears on the stream of the call",
  async (server) => {
    const session = await open(server);
    const stream = await startCall(session, "ask", { method: METHOD });
    const question = await nextOf(stream);
    expect(question).toMatchObject({ jsonrpc: "2.0", method: METHOD, params: { maxTokens: 100 } });
    await reply(session, question.id, { result: SAMPLE });
    const answer = await nextOf(stream);
    expect(jsonOf(answer)).toEqual({ result: SAMPLE });
    expect(answer.id).toBe("ask of a test");
    expect(await stream.rest()).toEqual([]);
  },
);

test("an error of the client reaches the child as it is", async () => {
  const session = await open("auto");
  const stream = await startCall(session, "ask", { method: "elicitation/create" });
  const error = { code: -1, message: "User rejected", data: { why: "no time" } };
  await reply(session, (await nextOf(stream)).id, { error });
  expect(jsonOf(await nextOf(stream))).toEqual({ error });
});

test("several questions at once are answered in any order", async () => {
  const session = await open("auto");
  const methods = [METHOD, "elicitation/create", METHOD];
  const stream = await startCall(session, "ask_together", { methods });
  const questions = [await nextOf(stream), await nextOf(stream), await nextOf(stream)];
  expect(questions.map(({ method }) => method)).toEqual(methods);
  expect(new Set(questions.map(({ id }) => id)).size).toBe(3);
  for (const [index, { id }] of [...questions.entries()].reverse())
    await reply(session, id, { result: { index } });
  expect(jsonOf(await nextOf(stream))).toEqual([0, 1, 2].map((index) => ({ result: { index } })));
});

test("over HTTP+SSE the question comes on the one stream", async () => {
  const session = await RawSseSession.open(gateway.sse("auto"));
  await session.initialize({ capabilities: ALL });
  await session.post(toolCall(0, "ask", { method: METHOD }));
  const question = await session.next();
  expect(question.method).toBe(METHOD);
  const posted = await session.post({ jsonrpc: "2.0", id: question.id, result: SAMPLE });
  expect(posted.status).toBe(202);
  const answer = await session.next();
  expect([answer.id, jsonOf(answer)]).toEqual([0, { result: SAMPLE }]);
  await session.close();
});

test("what the client did not declare is refused in its place", async () => {
  const session = await open("auto", { elicitation: {} });
  const answers = [];
  for (const method of [METHOD, "roots/list"])
    answers.push(jsonOf(await session.call("ask", { method }))["error"]);
  expect(answers).toEqual([
    { code: -32601, message: expect.stringContaining('"sampling"') },
    { code: -32601, message: expect.stringContaining('"roots"') },
  ]);
});

test("elicitation in URL mode needs a client that declared it", async () => {
  const params = { mode: "url", url: "https://example.org/", elicitationId: "e", message: "m" };
  const plain = await open("auto", { elicitation: {} });
  const args = { method: "elicitation/create", params };
  const refused = jsonOf(await plain.call("ask", args));
  expect(refused["error"]).toMatchObject({ code: -32602 });
  const able = await open("auto", { elicitation: { url: {} } });
  const stream = await startCall(able, "ask", args);
  const question = await nextOf(stream);
  expect(question.params).toMatchObject(params);
  await reply(able, question.id, { result: { action: "accept" } });
  expect(jsonOf(await nextOf(stream))).toEqual({ result: { action: "accept" } });
});

test("a shared child is refused at once, whoever calls", async () => {
  const session = await open("shared");
  const methods = [METHOD, "elicitation/create", "roots/list", "x-future/question"];
  const answers = jsonOf(await session.call("ask_together", { methods }));
  expect(answers).toEqual(
    methods.map((method) => ({
      error: { code: -32601, message: expect.stringContaining(`Method not found: ${method}`) },
    })) as never,
  );
  expect(jsonOf(await session.call("declared"))["capabilities"]).toEqual({});
});

test("a question outside of any call waits until the client opens a stream", async () => {
  const session = await open("auto");
  const args = { method: METHOD, ms: 1, params: { "x-kept": "ü".repeat(5000) } };
  await session.call("ask_later", args);
  const stream = await session.stream();
  const question = await nextOf(stream);
  expect(question).toMatchObject({ method: METHOD, params: args.params });
  await reply(session, question.id, { result: SAMPLE });
  const heard = async () => jsonOf(await session.call("answers"))[0] as unknown;
  expect(await until(heard)).toEqual({ method: METHOD, answer: { result: SAMPLE } });
  await stream.close();
});

test("or until a call gives it one", async () => {
  const session = await open("auto");
  await session.call("ask_later", { method: METHOD, ms: 1 });
  const question = await until(async () => {
    const { messages } = await session.post(toolCall("lend", "whoami"));
    return messages.find(({ method }) => method === METHOD);
  });
  await reply(session, question.id, { result: SAMPLE });
  const heard = async () => jsonOf(await session.call("answers"))[0] as unknown;
  expect(await until(heard)).toEqual({ method: METHOD, answer: { result: SAMPLE } });
});

test("without a stream the child is refused when the wait is over", async () => {
  const session = await RawSession.open(hasty.mcp("auto"), { capabilities: ALL });
  await session.call("ask_later", { method: METHOD, ms: 1 });
  const answers = async () =>
    jsonOf((await session.post(toolCall(1, "answers"), JSON_ONLY)).messages[0])[0] as unknown;
  expect(await until(answers)).toEqual({
    method: METHOD,
    answer: { error: { code: -32603, message: expect.stringContaining("no open stream") } },
  });
});

test("a client that takes JSON only is not asked, and gets its answer", async () => {
  const session = await RawSession.open(hasty.mcp("auto"), { capabilities: ALL });
  const response = await session.post(toolCall(1, "ask", { method: METHOD }), JSON_ONLY);
  expect(response.headers.get("content-type")).toStartWith("application/json");
  expect(jsonOf(response.messages[0])["error"]).toMatchObject({ code: -32603 });
});

test("a client that takes JSON only is asked on its stand-alone stream", async () => {
  const session = await open("auto");
  const stream = await session.stream();
  const pending = session.post(toolCall(1, "ask", { method: METHOD }), JSON_ONLY);
  await reply(session, (await nextOf(stream)).id, { result: SAMPLE });
  expect(jsonOf((await pending).messages[0])).toEqual({ result: SAMPLE });
  await stream.close();
});

test("a client that does not answer is given up, and its late answer dropped", async () => {
  const session = await RawSession.open(hasty.mcp("auto"), { capabilities: ALL });
  const stream = await startCall(session, "ask", { method: METHOD });
  const question = await nextOf(stream);
  expect(jsonOf(await nextOf(stream))["error"]).toEqual({
    code: -32603,
    message: expect.stringContaining("did not answer"),
  });
  await reply(session, question.id, { result: SAMPLE });
  await hasty.untilLogged(/dropped: answer of a client to unknown id/);
});

test("a child that gives up its question tells the client, by the id that the client knows", async () => {
  const session = await open("auto");
  const stream = await startCall(session, "ask", { method: METHOD, givesUp: true });
  const question = await nextOf(stream);
  const told = await nextOf(stream);
  expect(told.method).toBe("notifications/cancelled");
  expect(told.params).toEqual({ requestId: question.id, reason: "gave up" });
  expect((await nextOf(stream)).result?.["content"][0].text).toBe("gave up");
});

test("only the session that was asked can answer", async () => {
  const [asked, other] = [await open("auto"), await open("auto")];
  const streams = [
    await startCall(asked, "ask", { method: METHOD }),
    await startCall(other, "ask", { method: METHOD }),
  ] as const;
  const [question, theirs] = [await nextOf(streams[0]), await nextOf(streams[1])];
  // Same ids, different children: each answer goes to the child of its session.
  await reply(other, theirs.id, { result: { of: "the other" } });
  await reply(other, question.id, { result: { of: "a stranger" } });
  await reply(asked, question.id, { result: { of: "the asked" } });
  expect(jsonOf(await nextOf(streams[0]))).toEqual({ result: { of: "the asked" } });
  expect(jsonOf(await nextOf(streams[1]))).toEqual({ result: { of: "the other" } });
});

test("a client that cancels its call while it is asked leaves a child that works", async () => {
  const session = await open("auto");
  const stream = await startCall(session, "ask", { method: METHOD });
  const question = await nextOf(stream);
  await session.post(notification("notifications/cancelled", { requestId: "ask of a test" }));
  expect(await stream.rest()).toEqual([]);
  await reply(session, question.id, { result: SAMPLE });
  expect(jsonOf(await session.call("whoami"))["initializeCount"]).toBe(1);
});
