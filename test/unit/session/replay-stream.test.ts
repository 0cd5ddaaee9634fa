/** One event stream over several connections: each event once, in order, and none lost in silence. */
import { describe, expect, test } from "bun:test";
import { ByteBudget } from "../../../src/kernel/byte-budget.ts";
import { parseEventId, ReplayStream } from "../../../src/session/replay-stream.ts";
import {
  jsonBytes,
  outgoingAnswer,
  outgoingCall,
  type Outgoing,
} from "../../../src/wire/message.ts";
import { Reader } from "./readers.ts";

const LIMITS = {
  maxReplayEvents: 4,
  maxReplayBytes: 2_000,
  replayBudget: new ByteBudget(1_000_000),
};
const notice = (name: string): Outgoing => outgoingCall(undefined, name, undefined);
const large = (name: string): Outgoing =>
  outgoingCall(undefined, name, jsonBytes(JSON.stringify({ x: "y".repeat(3_000) })));

function streamWith(...names: string[]): ReplayStream {
  const stream = new ReplayStream("g", LIMITS);
  for (const name of names) stream.send(notice(name));
  return stream;
}

function attached(stream: ReplayStream, seq?: number): Reader {
  const reader = new Reader();
  expect(stream.attach(reader, seq)).toBe(true);
  return reader;
}

describe("one reader", () => {
  test("gets what was sent before it came, then what follows", () => {
    const stream = streamWith("a", "b");
    const reader = attached(stream);
    stream.send(notice("c"));
    expect(reader.story).toEqual(["g_1=a", "g_2=b", "g_3=c"]);
    expect(stream.cursor).toBe("g_3");
  });

  test("the bytes are the message between an id and an empty line", () => {
    const stream = new ReplayStream("p1", LIMITS);
    const chunks: string[] = [];
    stream.attach({
      write: (bytes) => chunks.push(new TextDecoder().decode(bytes)) > 0,
      end: () => chunks.push("end"),
    });
    stream.send(outgoingAnswer("1", "result", jsonBytes('{"n":1.0}')));
    stream.finish(5);
    expect(chunks).toEqual([
      'id: p1_1\nevent: message\ndata: {"jsonrpc":"2.0","id":1,"result":{"n":1.0}}\n\n',
      "end",
    ]);
  });

  test("too much before the first reader: it is told that something is missing", () => {
    const reader = attached(streamWith("a", "b", "c", "d", "e", "f"));
    expect(reader.story).toEqual(["-=? error", "g_3=c", "g_4=d", "g_5=e", "g_6=f"]);
  });
});

describe("resumption", () => {
  const rows: readonly [seq: number, story: readonly string[] | undefined][] = [
    [0, ["g_1=a", "g_2=b", "g_3=c"]],
    [1, ["g_2=b", "g_3=c"]],
    [3, []],
    [4, undefined],
  ];
  for (const [seq, story] of rows) {
    test(`from event ${seq} of three`, () => {
      const stream = streamWith("a", "b", "c");
      const reader = new Reader();
      expect(stream.attach(reader, seq)).toBe(story !== undefined);
      expect(reader.story).toEqual([...(story ?? [])]);
      expect(stream.connected).toBe(story !== undefined);
    });
  }

  test("a refused resumption leaves the reader of now alone", () => {
    const stream = streamWith("a");
    const reader = attached(stream);
    expect(stream.attach(new Reader(), 9)).toBe(false);
    stream.send(notice("b"));
    expect([reader.ended, reader.story]).toEqual([false, ["g_1=a", "g_2=b"]]);
  });

  test("nothing twice and nothing lost, however often the connection breaks", () => {
    const stream = new ReplayStream("g", {
      maxReplayEvents: 1_000,
      maxReplayBytes: 1_000_000,
      replayBudget: new ByteBudget(1_000_000),
    });
    const seen: string[] = [];
    let sent = 0;
    for (let connection = 0; connection < 20; connection++) {
      const reader = new Reader();
      reader.patience = connection % 5;
      expect(stream.attach(reader, seen.length)).toBe(true);
      for (let i = 0; i < 3; i++) stream.send(notice(`n${++sent}`));
      seen.push(...reader.story);
      stream.detach(reader);
    }
    seen.push(...attached(stream, seen.length).story);
    expect(seen).toEqual(Array.from({ length: sent }, (_, i) => `g_${i + 1}=n${i + 1}`));
  });

  test("a gap is told once, before what is left", () => {
    const stream = streamWith("a", "b", "c", "d", "e", "f");
    expect(attached(stream, 1).story).toEqual(["-=? error", "g_3=c", "g_4=d", "g_5=e", "g_6=f"]);
    expect(attached(stream).story).toEqual([]);
  });
});

describe("events too large to keep", () => {
  test("the reader of now gets them whole", () => {
    const stream = new ReplayStream("g", LIMITS);
    const reader = attached(stream);
    stream.send(large("big"));
    expect(reader.story).toEqual(["g_1=big"]);
  });

  test("an answer is replaced by an error under its id", () => {
    const stream = new ReplayStream("p1", LIMITS);
    const answer = outgoingAnswer('"x"', "result", jsonBytes(`"${"y".repeat(3_000)}"`));
    stream.send(answer, '"x"');
    const [event, ...others] = attached(stream, 0).events;
    expect(others).toEqual([]);
    expect(event).toMatchObject({ id: "p1_1", data: { id: "x", error: { code: -32603 } } });
  });

  test("a notification leaves a gap that is told", () => {
    const stream = new ReplayStream("g", LIMITS);
    stream.send(large("big"));
    stream.send(notice("b"));
    expect(attached(stream, 0).story).toEqual(["-=? error", "g_2=b"]);
  });
});

describe("connections", () => {
  test("a newer one ends the older, which gets nothing more", () => {
    const stream = streamWith();
    const first = attached(stream);
    stream.send(notice("a"));
    const second = attached(stream);
    stream.send(notice("b"));
    expect([first.ended, first.story]).toEqual([true, ["g_1=a"]]);
    expect([second.ended, second.story]).toEqual([false, ["g_2=b"]]);
  });

  test("the older one's end does not take the newer away", () => {
    const stream = streamWith();
    const first = attached(stream);
    const second = attached(stream);
    stream.detach(first);
    expect(stream.connected).toBe(true);
    stream.detach(second);
    expect(stream.connected).toBe(false);
  });

  test("what a reader that is gone did not take waits for the next one, without Last-Event-ID too", () => {
    const stream = streamWith();
    const gone = attached(stream);
    gone.patience = 1;
    stream.send(notice("a"));
    stream.send(notice("b"));
    expect([stream.connected, stream.cursor]).toEqual([false, "g_1"]);
    stream.send(notice("c"));
    expect(attached(stream).story).toEqual(["g_2=b", "g_3=c"]);
  });

  test("a reader that goes in the middle of a replay is let go, and the rest waits", () => {
    const stream = streamWith("a", "b", "c");
    const gone = new Reader();
    gone.patience = 2;
    expect(stream.attach(gone)).toBe(true);
    expect([stream.connected, stream.cursor]).toEqual([false, "g_2"]);
    expect(attached(stream).story).toEqual(["g_3=c"]);
  });

  test("a replay of old events does not bring them back for others", () => {
    const stream = streamWith();
    attached(stream);
    for (const name of ["a", "b", "c"]) stream.send(notice(name));
    const gone = new Reader();
    gone.patience = 1;
    stream.attach(gone, 0);
    expect([gone.story, stream.cursor]).toEqual([["g_1=a"], "g_3"]);
  });
});

describe("the end", () => {
  test("ends the response, keeps the events, and is told once", () => {
    const stream = streamWith();
    const reader = attached(stream);
    stream.send(notice("a"));
    stream.finish(7);
    stream.finish(9);
    expect([reader.ended, stream.connected, stream.finishedAtMs]).toEqual([true, false, 7]);
    const late = attached(stream, 0);
    expect([late.ended, late.story, stream.connected]).toEqual([true, ["g_1=a"], false]);
  });

  test("without a reader, the events wait", () => {
    const stream = streamWith("a");
    stream.finish(1);
    expect(attached(stream).story).toEqual(["g_1=a"]);
  });
});

describe("parseEventId", () => {
  const rows: readonly [text: string, expected: ReturnType<typeof parseEventId>][] = [
    ["g_0", { stream: "g", seq: 0 }],
    ["p12_345", { stream: "p12", seq: 345 }],
    ["g", undefined],
    ["g_", undefined],
    ["_1", undefined],
    ["g_-1", undefined],
    ["g_1.5", undefined],
    ["g_1_2", undefined],
    ["G_1", undefined],
    [" g_1", undefined],
    ["g_1\n", undefined],
    [`g_${"9".repeat(16)}`, undefined],
    [`${"g".repeat(17)}_1`, undefined],
    ["", undefined],
  ];
  for (const [text, expected] of rows) {
    test(JSON.stringify(text), () => {
      expect(parseEventId(text)).toEqual(expected);
    });
  }
  test("reads back what a stream writes", () => {
    expect(parseEventId(streamWith("a").cursor)).toEqual({ stream: "g", seq: 0 });
  });
});
