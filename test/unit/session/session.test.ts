/** One session: its streams, their cap, and its end. */
import { describe, expect, test } from "bun:test";
import { ByteBudget } from "../../../src/kernel/byte-budget.ts";
import { Session } from "../../../src/session/session.ts";
import { outgoingCall } from "../../../src/wire/message.ts";
import { Reader } from "./readers.ts";

const LIMITS = {
  maxStreamsPerSession: 3,
  replayKeepMs: 100,
  maxReplayEvents: 10,
  maxReplayBytes: 1_000,
  replayBudget: new ByteBudget(1_000_000),
};
const FACTS = {
  id: "secret",
  ref: "ref",
  server: "echo",
  caller: { user: "local", client: "local" },
  binding: "streamable-http",
} as const;
const open = (): Session => new Session(FACTS, LIMITS, 5);

describe("streams", () => {
  test("have ids of their own, and are found by them", () => {
    const session = open();
    const ids = [session.openStream()?.id, session.openStream()?.id, session.standalone.id];
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(session.stream(id ?? "")?.id).toBe(id);
    expect(session.stream("p99")).toBeUndefined();
    expect(session.standalone).toBe(session.standalone);
  });

  test("are capped while all of them run", () => {
    const session = open();
    const streams = [session.openStream(), session.openStream(), session.openStream()];
    expect(session.openStream()).toBeUndefined();
    streams[1]?.finish(0);
    const next = session.openStream();
    expect(next?.id).toBe("p4");
    expect(session.stream("p2")).toBeUndefined();
    expect(session.stream("p1")).toBe(streams[0]);
  });

  test("an id is never given twice", () => {
    const session = open();
    const seen = new Set<string>();
    for (let i = 0; i < 50; i++) {
      const stream = session.openStream();
      seen.add(stream?.id ?? "none");
      stream?.finish(i);
    }
    expect(seen.size).toBe(50);
  });

  test("are forgotten some time after their end, not before and not while they run", () => {
    const session = open();
    const finished = session.openStream();
    const running = session.openStream();
    finished?.finish(1_000);
    session.sweep(1_100);
    expect(session.stream("p1")).toBe(finished);
    session.sweep(1_101);
    expect([session.stream("p1"), session.stream("p2")]).toEqual([undefined, running]);
    session.sweep(1e9);
    expect(session.stream("p2")).toBe(running);
  });

  test("whether the stand-alone stream is read is known without making it", () => {
    const session = open();
    expect(session.standaloneConnected).toBe(false);
    expect(session.stream("g")).toBeUndefined();
    session.standalone.send(outgoingCall(undefined, "a", undefined));
    expect(session.standaloneConnected).toBe(false);
    const reader = new Reader();
    session.standalone.attach(reader);
    expect([session.standaloneConnected, reader.story]).toEqual([true, ["g_1=a"]]);
  });
});

describe("the end", () => {
  test("ends all streams and tells every listener once", () => {
    const session = open();
    const readers = [new Reader(), new Reader()];
    session.standalone.attach(readers[0] ?? new Reader());
    session.openStream()?.attach(readers[1] ?? new Reader());
    const told: string[] = [];
    session.onEnd((reason) => told.push(`1 ${reason}`));
    session.onEnd((reason) => told.push(`2 ${reason}`));
    session.end("done", 9);
    session.end("again", 10);
    expect(told).toEqual(["1 done", "2 done"]);
    expect(readers.map((reader) => reader.ended)).toEqual([true, true]);
    expect([session.ended, session.stream("g"), session.stream("p1")]).toEqual([
      true,
      undefined,
      undefined,
    ]);
  });

  test("what a listener still sends reaches the streams before they end", () => {
    const session = open();
    const reader = new Reader();
    const stream = session.openStream();
    stream?.attach(reader);
    session.onEnd(() => stream?.send(outgoingCall(undefined, "last", undefined)));
    session.end("done", 9);
    expect([reader.story, reader.ended]).toEqual([["p1_1=last"], true]);
  });
});
