/**
 * Bodies that are too large or too deep: refused in the protocol's own words, whether their length
 * was announced or not, and kept from the child.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import {
  jsonOf,
  post,
  type RawResponse,
  read,
  request,
  textOf,
  toolCall,
} from "../../helpers/raw-http.ts";
import { RawSession, RawSseSession } from "../../helpers/raw-session.ts";

const MAX_BYTES = 64 * 1024;
const MAX_DEPTH = 12;

let gateway: RunningGateway;
let url: string;

beforeAll(async () => {
  gateway = await startGateway({
    servers: { echo: fixtureServer("echo") },
    proxy: { limits: { maxBodyBytes: "64KiB", maxJsonDepth: MAX_DEPTH } },
  });
  url = gateway.mcp("echo");
});
afterAll(() => gateway.stop());

/** A call whose text makes the body exactly `bytes` long. */
function callOf(bytes: number): string {
  const empty = JSON.stringify(toolCall(1, "echo", { text: "" }));
  return JSON.stringify(toolCall(1, "echo", { text: "B".repeat(bytes - empty.length) }));
}

/** Posts in pieces, without Content-Length. */
async function postChunked(body: string, session?: string): Promise<RawResponse> {
  const pieces = body.match(/[^]{1,5000}/g) ?? [];
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(new TextEncoder().encode(piece));
    },
  });
  const headers = {
    "content-type": "application/json",
    accept: "application/json",
    ...(session === undefined ? {} : { "mcp-session-id": session }),
  };
  return read(await fetch(url, { method: "POST", headers, body: stream }));
}

function expectTooLarge(answer: RawResponse): void {
  expect(answer.status).toBe(413);
  expect(answer.headers.get("content-type")).toBe("application/json");
  expect(answer.messages[0]).toMatchObject({ jsonrpc: "2.0", error: { code: -32600 } });
  expect(answer.messages[0]?.error?.message).toContain(`${MAX_BYTES} bytes`);
  expect(answer.messages[0]).not.toHaveProperty("id");
}

const longLines = async (): Promise<readonly string[]> => {
  const answer = await post(url, toolCall(1, "seen"));
  const lines = jsonOf(answer.messages[0]) as unknown as readonly string[];
  return lines.filter((line) => line.includes("BBBB"));
};

describe("T38 size", () => {
  test("a body of just the limit is served, announced and in chunks", async () => {
    const body = callOf(MAX_BYTES);
    expect(Buffer.byteLength(body)).toBe(MAX_BYTES);
    for (const answer of [await post(url, body), await postChunked(body)]) {
      expect(answer.status).toBe(200);
      expect(textOf(answer.messages[0])?.length).toBeGreaterThan(MAX_BYTES - 200);
    }
    expect(await longLines()).toHaveLength(2);
  });

  test("one byte more is 413, and a session outlives it", async () => {
    const before = (await longLines()).length;
    const session = await RawSession.open(url);
    const sse = await RawSseSession.open(url);
    const body = callOf(MAX_BYTES + 1);
    expectTooLarge(await session.post(body));
    expectTooLarge(await post(url, body));
    expectTooLarge(await sse.post(body));
    expectTooLarge(await postChunked(body, session.id));
    expectTooLarge(await session.post(callOf(40 * MAX_BYTES)));
    expectTooLarge(await postChunked(callOf(40 * MAX_BYTES), session.id));
    expect(textOf(await session.call("echo", { text: "still" }))).toBe("still");
    expect((await sse.request(1, "ping")).result).toEqual({});
    expect(await longLines()).toHaveLength(before);
    await sse.close();
  });
});

describe("T39 depth", () => {
  /** JSON nested `depth` deep in all, within the params of a call. */
  const nested = (depth: number, mark: string): string => {
    const levels = depth - 3; // message, params, arguments
    const value = `${"[".repeat(levels)}"${mark}"${"]".repeat(levels)}`;
    return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":${value}}}}`;
  };

  test("just the limit is served", async () => {
    expect((await post(url, nested(MAX_DEPTH, "flat"))).status).toBe(200);
  });

  test.each([
    ["one level more", nested(MAX_DEPTH + 1, "DEEP")],
    ["a thousand levels", nested(1000, "DEEP")],
    [
      "outside of params",
      `{"jsonrpc":"2.0","id":1,"method":"ping","x":${"[".repeat(50)}${"]".repeat(50)}}`,
    ],
    ["never closed", "[".repeat(20_000)],
  ])("%s is refused", async (_name, body) => {
    const answer = await post(url, body);
    expect(answer.status).toBe(400);
    expect([-32600, -32700]).toContain(answer.messages[0]?.error?.code as number);
    const seen = jsonOf((await post(url, toolCall(1, "seen"))).messages[0]);
    expect(JSON.stringify(seen)).not.toContain("DEEP");
  });

  test("the limit is named, for a message and for one in a batch", async () => {
    const deep = nested(MAX_DEPTH + 1, "DEEP");
    for (const body of [deep, `[${JSON.stringify(request(2, "ping"))},${deep}]`]) {
      const { messages } = await post(url, body);
      expect(messages[0]?.error).toMatchObject({
        code: -32600,
        message: expect.stringContaining(`deeper than ${MAX_DEPTH} levels`),
      });
    }
  });
});
