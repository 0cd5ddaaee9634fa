/**
 * What passes is the same on both sides: number forms, unknown members, pretty-printed bodies, cut
 * characters, noise around messages, and lines over the limit.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { jsonOf, notification, textOf, toolCall } from "../../helpers/raw-http.ts";
import { RawSession, RawSseSession } from "../../helpers/raw-session.ts";
import { receivedLines } from "./seen.ts";

const NUMBERS =
  '{"float":1.0,"exponent":1e2,"huge":12345678901234567890,"tiny":-0.0,"long":0.10000000000000000555}';
const WORDS = "grüße, 日本語, 🎉👩‍👩‍👧, \u2028 and é";
/** Escapes that say what could be said without; apart, because the runtime rewrites raw texts with others. */
const ESCAPED = String.raw`"\u00e9\ud83c\udf89\/\n\"\\"`;
let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({
    servers: {
      unknown: fixtureServer("unknown-members"),
      keep: fixtureServer("unknown-members", { toolNames: "keep" }),
      own: fixtureServer("echo", { instances: "session" }),
      echo: fixtureServer("echo"),
      splits: fixtureServer("splits-utf8"),
      noisy: fixtureServer("noisy-stdout"),
      capped: fixtureServer("echo", { maxLineBytes: "64KiB" }),
    },
  });
});
afterAll(() => gateway.stop());

const open = (server: string) => RawSession.open(gateway.mcp(server));

/** The line in which a call with these params arrives; `between` separates the tokens of the body. */
async function lineOf(session: RawSession, body: string): Promise<string> {
  const { messages, text } = await session.post(body);
  return textOf(messages[0]) ?? `no answer, but ${text}`;
}

test.each(["unknown", "keep"])("%s: arguments arrive byte for byte", async (server) => {
  const session = await open(server);
  const strings = `{"escaped":${ESCAPED},"plain":"é 🎉 \u2028","":" ","a":{},"b":[ ]}`;
  for (const args of [NUMBERS, strings, `{"deep":[[[[${NUMBERS}]]]],"x": null }`, "{ }"]) {
    const params = `{"x-future":[1.0],"name":"echo_arguments","arguments":${args},"_meta":{"a/b":1e0}}`;
    const body = `{"jsonrpc":"2.0","id":1.0,"method":"tools/call","params":${params}}`;
    expect(await lineOf(session, body)).toContain(`,"params":${params}}`);
  }
});

test("a body that is printed over several lines arrives as one", async () => {
  const session = await open("unknown");
  const args = { text: "line one\nline two\r\n", list: [1, { two: 2 }], empty: {} };
  const message = toolCall(1, "echo_arguments", args);
  for (const newline of ["\n", "\r\n", "\r"]) {
    const body = `\n${JSON.stringify(message, null, 2)}\n`.replaceAll("\n", newline);
    const line = await lineOf(session, body);
    const params = JSON.stringify(args, null, 2)
      .split("\n")
      .map((part) => part.trim());
    expect(line.replaceAll(/ +/g, " ")).toContain(`"arguments": ${params.join(" ")}`);
    expect(JSON.parse(line).params).toEqual({ name: "echo_arguments", arguments: args });
  }
});

test.each(["unknown", "keep"])("%s: results and errors arrive byte for byte", async (server) => {
  const session = await open(server);
  const answerOf = async (name: string, args = {}) =>
    (await session.post(toolCall("i", name, args))).text;
  expect(await answerOf("numbers")).toBe(
    `{"jsonrpc":"2.0","id":"i","result":{"content":[],"structuredContent":${NUMBERS},"x-r":1.0}}`,
  );
  expect(await answerOf("error")).toBe(
    `{"jsonrpc":"2.0","id":"i","error":{"code":-32099,"message":"mine","data":${NUMBERS},"x-error":1e2}}`,
  );
  expect(await answerOf("future")).toContain(
    '{"type":"hologram","depth":3,"frames":[{"data":"AAAA"}]}',
  );
  const list = await session.post({ jsonrpc: "2.0", id: "l", method: "tools/list" });
  expect(list.text).toContain('"maximum":12345678901234567890,"x-future":1.0');
  expect(list.text).toContain('"x-unknown":{"a":[1e2,null]}');
  expect(list.text).toContain('"x-list":"kept"');
});

test("the envelope toward the client is clean, wherever the child put more", async () => {
  const session = await open("unknown");
  for (const where of ["start", "end"]) {
    const { text } = await session.post(toolCall(0, "envelope", { where }));
    const result = '{"content":[{"type":"text","text":"enveloped"}]}';
    expect(text).toBe(`{"jsonrpc":"2.0","id":0,"result":${result}}`);
  }
});

test("methods and notifications of the future pass in both directions", async () => {
  const shared = await open("unknown");
  const params = { a: [1, { b: null }], _meta: { "x/y": 1 } };
  expect((await shared.request("x-future/method", params)).result).toEqual({
    got: params,
    "x-future": true,
  });
  const own = await open("own");
  await own.post(notification("notifications/x-future", params));
  const line = `{"jsonrpc":"2.0","method":"notifications/x-future","params":${JSON.stringify(params)}}`;
  expect(await receivedLines(own)).toContain(line);
  const { messages } = await own.post(
    toolCall(1, "notify", { method: "notifications/x-future", params }),
  );
  expect(messages[0]).toEqual({ jsonrpc: "2.0", method: "notifications/x-future", params });
});

test("an error of the child is relayed with its code and its data", async () => {
  const session = await open("echo");
  const { error } = await session.call("refuse", { code: -1, message: "nö", data: [NUMBERS] });
  expect(error as object).toEqual({ code: -1, message: "nö", data: [NUMBERS] });
  expect((await session.call("fail")).result).toMatchObject({ isError: true });
});

test("ids come back as they were written", async () => {
  const session = await open("echo");
  for (const id of ["0", '""', '"1"', "1", "-7", '"ü\\n\\u00e9"', "9007199254740993", "1.5"]) {
    const body = `{"id":${id},"jsonrpc":"2.0","params":{"name":"fail"},"method":"tools/call"}`;
    expect((await session.post(body)).text).toStartWith(`{"jsonrpc":"2.0","id":${id},"result":`);
  }
});

test("characters that the child cuts arrive whole, and messages in one piece apart", async () => {
  const session = await open("splits");
  expect(textOf(await session.call("text"))).toBe(WORDS);
  const { messages } = await session.post(toolCall(1, "together"));
  expect(messages.map(({ params }) => params?.["data"])).toEqual([
    ...["one ü", "two 日", "three 🎉", undefined],
  ]);
  expect(textOf(messages[3])).toBe(WORDS);
  expect(textOf(await session.call("last"))).toBe(WORDS);
});

test("noise on stdout is skipped and said, and never relayed", async () => {
  const session = await RawSseSession.open(gateway.sse("noisy"));
  await session.initialize();
  for (const id of [1, 2, 3]) {
    const answer = await session.request(id, "tools/call", {
      name: "echo",
      arguments: { text: "heard" },
    });
    expect(textOf(answer)).toBe("heard");
  }
  await gateway.untilLogged(/\[noisy\].*skipped a line on stdout.*N O I S Y/);
  await session.close();
});

test("a line over the limit is an error of its caller, and the child lives", async () => {
  const session = await open("capped");
  const pid = async () => jsonOf(await session.call("whoami"))["pid"] as unknown;
  const before = await pid();
  const [large, small] = await Promise.all([
    session.call("big", { bytes: 100_000 }),
    session.call("big", { bytes: 60_000 }),
  ]);
  expect(large.error).toMatchObject({
    code: -32603,
    message: expect.stringContaining("maxLineBytes"),
    data: { gateway: { code: "UPSTREAM_PROTOCOL", retryable: false } },
  });
  expect(textOf(small)).toHaveLength(60_000);
  expect(await pid()).toBe(before);
  // The limit is for what the child writes: a client's long line passes.
  const words = "ü".repeat(200_000);
  expect((await session.call("add", { a: 1, b: 2, words })).error).toBeUndefined();
});
