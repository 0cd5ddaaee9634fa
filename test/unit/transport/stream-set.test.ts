/** The set of open streams under a clock that the test moves: caps, lifetime, lost rights. */
import { beforeEach, expect, test } from "bun:test";
import { type OpenStream, type StreamOwner, StreamSet } from "../../../src/transport/stream-set.ts";

const LIMITS = { maxStreamsPerClient: 2, maxStreamsPerServer: 3, streamLifetimeMs: 1000 };

let nowMs: number;
let set: StreamSet;
let alive: string[];

beforeEach(() => {
  nowMs = 0;
  alive = [];
  set = new StreamSet(LIMITS, () => nowMs);
});

function owner(user: string, client: string, server: string, mayGoOn = () => true): StreamOwner {
  return { server, caller: { user, client }, mayGoOn };
}

function open(name: string, of?: StreamOwner): OpenStream {
  const stream: OpenStream = {
    owner: of,
    keepAlive: () => void alive.push(name),
    writeText: (text) => alive.push(text) > 0,
    end: () => set.delete(stream),
  };
  set.add(stream);
  return stream;
}

test("a program has so many, at all servers together", () => {
  const mine = open("1", owner("ada", "c", "a"));
  open("2", owner("ada", "c", "b"));
  expect(set.hasRoom(owner("ada", "c", "other"))).toBe(false);
  expect(set.hasRoom(owner("ada", "d", "other"))).toBe(true);
  expect(set.hasRoom(owner("bob", "c", "other"))).toBe(true);
  mine.end();
  mine.end();
  expect(set.hasRoom(owner("ada", "c", "other"))).toBe(true);
  expect(set.size).toBe(1);
});

test("a server has so many, of all programs together", () => {
  for (const user of ["ada", "bob", "cyd"]) open(user, owner(user, "c", "a"));
  expect(set.hasRoom(owner("dan", "c", "a"))).toBe(false);
  expect(set.hasRoom(owner("dan", "c", "b"))).toBe(true);
});

test("streams of the gateway's own count for nobody", () => {
  for (let count = 0; count < 5; count++) open("log");
  expect(set.hasRoom(owner("ada", "c", "a"))).toBe(true);
  expect(set.size).toBe(5);
});

test("a stream is kept alive until it is too old", () => {
  open("old", owner("ada", "c", "a"));
  nowMs = 500;
  open("young", owner("ada", "c", "a"));
  nowMs = 999;
  set.keepAlive();
  expect([alive, set.size]).toEqual([["old", "young"], 2]);
  alive = [];
  nowMs = 1000;
  set.keepAlive();
  expect([alive, set.size]).toEqual([["young"], 1]);
});

test("a stream ends when its caller has lost the right to it", () => {
  let isAdmitted = true;
  open(
    "1",
    owner("ada", "c", "a", () => isAdmitted),
  );
  open("2", owner("bob", "c", "a"));
  open("log");
  set.keepAlive();
  isAdmitted = false;
  set.keepAlive();
  expect(alive).toEqual(["1", "2", "log", "2", "log"]);
});

test("all end at once, each counted off", () => {
  for (const server of ["a", "b"]) open(server, owner("ada", "c", server));
  set.endAll();
  expect([set.size, set.hasRoom(owner("ada", "c", "a"))]).toEqual([0, true]);
});
