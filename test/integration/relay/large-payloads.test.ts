/**
 * 10 and 50 MB in both directions, over every way that an answer can take; compared by hash.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { type Message, messageOf, post, textOf, toolCall } from "../../helpers/raw-http.ts";
import { initializeRequest, RawSession } from "../../helpers/raw-session.ts";
import { parseSse } from "../../helpers/sse-reader.ts";
import { withDeadline } from "../../helpers/wait.ts";

const MB = 1_000_000;
const WAIT_MS = 30_000;
const WORDS = "grüße, 日本語, 🎉👩‍👩‍👧, \u2028 and é";
let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({
    servers: {
      echo: fixtureServer("echo"),
      splits: fixtureServer("splits-utf8"),
    },
    proxy: { limits: { lazyStream: "50ms" } },
    logLevel: "INFO",
  });
});
afterAll(() => gateway.stop());

/** Text that compresses badly and is as long as asked for, in bytes of UTF-8. */
function textOfBytes(bytes: number): string {
  const pattern = Buffer.from(Uint8Array.from({ length: 999 }, (_, index) => (index * 73) % 251));
  const unit = `${WORDS}\n"\\${pattern.toString("base64")}`;
  return unit.repeat(Math.ceil(bytes / Buffer.byteLength(unit)));
}

function hash(text: string | undefined): string {
  return Bun.SHA256.hash(text ?? "", "hex");
}

function expectSame(message: Message | undefined, sent: string): void {
  expect(message?.error).toBeUndefined();
  expect(textOf(message)?.length).toBe(sent.length);
  expect(hash(textOf(message))).toBe(hash(sent));
}

test.each([
  { size: 10, accept: "application/json" },
  { size: 50, accept: "application/json" },
  { size: 10, accept: "text/event-stream" },
  { size: 50, accept: "text/event-stream" },
])(
  "$size MB there and back as $accept",
  async ({ size, accept }) => {
    const session = await RawSession.open(gateway.mcp("echo"));
    const text = textOfBytes(size * MB);
    const response = await session.post(toolCall(1, "echo", { text }), { accept });
    expect(response.headers.get("content-type")).toStartWith(accept);
    expectSame(response.messages[0], text);
  },
  WAIT_MS,
);

test(
  "50 MB that the child writes in pieces, on a stream that waits for them",
  async () => {
    const session = await RawSession.open(gateway.mcp("splits"));
    const bytes = 50 * MB;
    const response = await session.post(toolCall(1, "base64", { bytes }));
    expect(response.headers.get("content-type")).toStartWith("text/event-stream");
    const pattern = Buffer.from(
      Uint8Array.from({ length: 257 }, (_, index) => (index * 31) % 256),
    ).toString("base64");
    expectSame(
      response.messages[0],
      WORDS + pattern.repeat(Math.ceil(bytes / 344)).slice(0, bytes),
    );
  },
  WAIT_MS,
);

test(
  "50 MB over HTTP+SSE, with a small answer right behind it",
  async () => {
    const response = await fetch(gateway.sse("echo"), { headers: { accept: "text/event-stream" } });
    const reader = response.body?.getReader();
    if (reader === undefined) throw new Error(`no body, but ${response.status}`);
    const chunks: Uint8Array[] = [];
    const readUntil = async (end: string): Promise<void> => {
      do {
        const { done, value } = await withDeadline(reader.read(), WAIT_MS, "more of the stream");
        if (done) throw new Error("the stream ended");
        chunks.push(value);
      } while (!Buffer.concat(chunks.slice(-3)).includes(end));
    };
    await readUntil("\n\n");
    const [endpoint] = parseSse(Buffer.concat(chunks).toString());
    const url = new URL(endpoint?.data ?? "", gateway.url).href;
    await post(url, initializeRequest({ revision: "2024-11-05" }));
    const text = textOfBytes(50 * MB);
    await post(url, toolCall("large", "echo", { text }));
    await post(url, toolCall("small", "echo", { text: "small" }));
    await readUntil('"id":"small","result":{"content":[{"type":"text","text":"small"}]}}\n\n');
    await reader.cancel();
    const [, large, small] = parseSse(Buffer.concat(chunks).toString()).slice(1).map(messageOf);
    expect(large?.id).toBe("large");
    expectSame(large, text);
    expect([small?.id, textOf(small)]).toEqual(["small", "small"]);
  },
  WAIT_MS,
);
