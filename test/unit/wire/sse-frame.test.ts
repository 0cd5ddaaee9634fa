/** The text of events, read back by the rules of the HTML standard. */
import { describe, expect, test } from "bun:test";
import {
  endpointEvent,
  EVENT_END,
  KEEP_ALIVE,
  messageHead,
  primingEvent,
  SSE_HEADERS,
  STREAM_OPENED,
} from "../../../src/wire/sse-frame.ts";

const rows: readonly [name: string, text: string, expected: string][] = [
  [
    "a message with an id",
    `${messageHead("g_1")}{}${EVENT_END}`,
    "id: g_1\nevent: message\ndata: {}\n\n",
  ],
  ["a message without", `${messageHead(undefined)}{}${EVENT_END}`, "event: message\ndata: {}\n\n"],
  [
    "priming: an id and empty data",
    primingEvent("p1_0", 3000),
    "id: p1_0\nretry: 3000\ndata: \n\n",
  ],
  [
    "the endpoint",
    endpointEvent("/a/messages?sessionId=x"),
    "event: endpoint\ndata: /a/messages?sessionId=x\n\n",
  ],
];

describe("events", () => {
  for (const [name, text, expected] of rows) {
    test(name, () => {
      expect(text).toBe(expected);
    });
  }

  test("comments carry no field", () => {
    for (const comment of [KEEP_ALIVE, STREAM_OPENED]) {
      expect(comment).toMatch(/^:[^\n]*\n\n$/);
    }
  });

  test("the headers keep proxies from holding back bytes", () => {
    expect(SSE_HEADERS).toEqual({
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      "x-content-type-options": "nosniff",
    });
  });
});
