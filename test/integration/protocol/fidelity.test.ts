/**
 * Pass-through fidelity: the numbered one-line tests of the protocol design about what arrives
 * unchanged, and what does not arrive at all (20, 21, 23 to 26).
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { type Message, post, request, textOf, toolCall } from "../../helpers/raw-http.ts";
import { initializeRequest, RawSession, RawSseSession } from "../../helpers/raw-session.ts";
import { connectV1, connectV2, textOfResult } from "../../helpers/sdk.ts";

// What `unknown-members` writes, to the byte: numbers in forms that a parser would not keep.
const NUMBERS =
  '{"float":1.0,"exponent":1e2,"huge":12345678901234567890,"tiny":-0.0,"long":0.10000000000000000555}';
const NUMBERS_TOOL =
  '{"name":"numbers","description":"Numbers","inputSchema":{"type":"object","properties":{"n":{"type":"integer","maximum":12345678901234567890,"x-future":1.0}}},"x-unknown":{"a":[1e2,null]},"annotations":{"readOnlyHint":true,"futureHint":"yes"}}';
const CONTENT =
  '[{"type":"text","text":"plain","x-block":1.0,"annotations":{"priority":1e0,"x-future":true}},{"type":"hologram","depth":3,"frames":[{"data":"AAAA"}]}]';
const WORDS = "grüße, 日本語, 🎉👩‍👩‍👧, \u2028 and é";

let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({
    servers: {
      echo: fixtureServer("echo"),
      unknown: fixtureServer("unknown-members"),
      "unknown-own": fixtureServer("unknown-members", { instances: "session" }),
      splits: fixtureServer("splits-utf8"),
      noisy: fixtureServer("noisy-stdout"),
      late: fixtureServer("late-answers"),
    },
  });
});
afterAll(() => gateway.stop());

describe.each(["unknown", "unknown-own"])("20. unknown members pass unchanged: %s", (server) => {
  test("20. in capabilities and the result of initialize", async () => {
    const { text } = await post(gateway.mcp(server), initializeRequest());
    expect(text).toContain('"capabilities":{"tools":{"x-inner":1.0},"x-future":{"level":1e2}}');
    expect(text).toContain('"version":"1.0.0","x-colour":"blue"');
    expect(text).toContain('"x-result":12345678901234567890');
  });

  test("20. in tools, content blocks, results and errors, as JSON and as events", async () => {
    const session = await RawSession.open(gateway.mcp(server));
    for (const accept of ["application/json", "text/event-stream"]) {
      const ask = async (message: object) => (await session.post(message, { accept })).text;
      const list = await ask(request(1, "tools/list"));
      expect(list).toContain(NUMBERS_TOOL);
      expect(list).toContain('"x-list":"kept"');
      expect(await ask(toolCall(2, "numbers"))).toContain(
        `"result":{"content":[],"structuredContent":${NUMBERS},"x-r":1.0}`,
      );
      expect(await ask(toolCall(3, "future"))).toContain(
        `"result":{"content":${CONTENT},"x-result":[1.0]}`,
      );
      expect(await ask(toolCall(4, "error"))).toContain(
        `"error":{"code":-32099,"message":"mine","data":${NUMBERS},"x-error":1e2}`,
      );
    }
  });

  test("20. on the way to the child, and for methods that nobody knows", async () => {
    const session = await RawSession.open(gateway.mcp(server));
    const args = `{"n":1.0,"big":12345678901234567890,"e":1E2,"nested":{"id":9,"method":"x"}}`;
    const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo_arguments","arguments":${args},"x-param":[1.0]}}`;
    const { messages } = await session.post(body);
    const line = textOf(messages[0]);
    expect(line).toContain(`"arguments":${args}`);
    expect(line).toContain('"x-param":[1.0]');
    const future = await session.post(
      `{"jsonrpc":"2.0","id":2,"method":"x-future/method","params":${args}}`,
    );
    expect(future.messages[0]?.result).toMatchObject({ "x-future": true, got: { n: 1, e: 100 } });
  });
});

test("20. unknown members pass unchanged over HTTP+SSE too", async () => {
  const session = await RawSseSession.open(gateway.sse("unknown"));
  await session.initialize();
  await session.post(toolCall(1, "numbers"));
  const event = await session.stream.find(({ event: name }) => name === "message");
  expect(event.data).toBe(
    `{"jsonrpc":"2.0","id":1,"result":{"content":[],"structuredContent":${NUMBERS},"x-r":1.0}}`,
  );
  await session.close();
});

test("21. an unknown member of the envelope is dropped, and no client hangs on it", async () => {
  const session = await RawSession.open(gateway.mcp("unknown"));
  for (const where of ["start", "end"]) {
    const { messages } = await session.post(toolCall("e", "envelope", { where }));
    const [message] = messages as readonly [Message];
    expect(Object.keys(message).sort()).toEqual(["id", "jsonrpc", "result"]);
    expect([message.id, textOf(message)]).toEqual(["e", "enveloped"]);
  }
  for (const connect of [connectV1, connectV2]) {
    const { client } = await connect(gateway.mcp("unknown"));
    const result = await client.callTool({ name: "envelope", arguments: { where: "start" } });
    expect(textOfResult(result)).toBe("enveloped");
    await client.close();
  }
});

test("23. 10 MB in many chunks with characters cut at their borders arrive to the byte", async () => {
  const bytes = 10_000_000;
  const pattern = Buffer.from(Uint8Array.from({ length: 257 }, (_, index) => (index * 31) % 256));
  const wanted =
    WORDS +
    pattern
      .toString("base64")
      .repeat(Math.ceil(bytes / 344))
      .slice(0, bytes);
  const session = await RawSession.open(gateway.mcp("splits"));
  for (const accept of ["application/json", "text/event-stream"]) {
    const { messages } = await session.post(toolCall(1, "base64", { bytes }), { accept });
    // Not toBe: a failure would print both.
    expect(textOf(messages[0]) === wanted).toBe(true);
  }
  const echoed = await session.post(toolCall(2, "text", { text: wanted }));
  expect(textOf(echoed.messages[0]) === wanted).toBe(true);
  expect(textOf(await session.call("text"))).toBe(WORDS);

  const together = await session.post(toolCall(3, "together"));
  const data = together.messages.map((one) => one.params?.["data"] ?? textOf(one));
  expect(data).toEqual(["one ü", "two 日", "three 🎉", WORDS]);
});

test("24. a banner and other noise on stdout are skipped, and the next response arrives", async () => {
  const session = await RawSession.open(gateway.mcp("noisy"));
  expect(session.initializeResult["serverInfo"]).toMatchObject({ name: "noisy-stdout" });
  for (const words of ["first", "second"])
    expect(textOf(await session.call("echo", { text: words }))).toBe(words);
  await gateway.untilLogged(/noisy.*no message.*N O I S Y/);
});

test('25. tokens "7" and 7 of two clients each get their own progress, with their own type', async () => {
  const url = gateway.mcp("echo");
  const askFor = async (progressToken: string | number, steps: number) => {
    const session = await RawSession.open(url);
    const { messages } = await session.post(
      toolCall(1, "progress", { steps, delayMs: 15 }, { progressToken }),
    );
    return messages;
  };
  const [text, number, none] = await Promise.all([
    askFor("7", 4),
    askFor(7, 6),
    RawSession.open(url).then((one) => one.call("progress", { steps: 5, delayMs: 15 })),
  ]);
  const expected = (token: string | number, total: number) => [
    ...Array.from({ length: total }, (_, index) => ({
      jsonrpc: "2.0",
      method: "notifications/progress",
      params: { progressToken: token, progress: index + 1, total },
    })),
    { jsonrpc: "2.0", id: 1, result: { content: [{ type: "text", text: "done" }] } },
  ];
  expect(text).toEqual(expected("7", 4) as never);
  expect(number).toEqual(expected(7, 6) as never);
  expect(textOf(none)).toBe("done");
});

test("26. progress after the response is dropped", async () => {
  const call = toolCall("p", "progress_after", {}, { progressToken: "p" });
  const dropped = /late\] dropped: progress of no running call/;

  const session = await RawSession.open(gateway.mcp("late"));
  const standalone = await session.stream({ version: undefined });
  const { messages } = await session.post(call);
  expect(messages.map((one) => one.params?.["progress"] ?? textOf(one))).toEqual([1, "done"]);
  await gateway.untilLogged(dropped);

  // All of a client's messages come on one stream here: a late one would be seen.
  const sse = await RawSseSession.open(gateway.sse("late"));
  await sse.initialize();
  await sse.post(call);
  expect((await sse.next()).params?.["progress"]).toBe(1);
  expect(textOf(await sse.next())).toBe("done");
  const written = await sse.request("w", "tools/call", { name: "written", arguments: {} });
  expect(textOf(written)).toContain('\\"progress\\":2');
  await sse.post(request("after", "ping"));
  expect((await sse.next()).id).toBe("after");
  await sse.close();

  await session.end();
  const rest = await standalone.rest();
  expect(rest.filter(({ data }) => data !== undefined && data !== "")).toEqual([]);
});
