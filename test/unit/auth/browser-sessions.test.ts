/** When a session of a browser ends, and that strangers push nobody out. */
import { expect, test } from "bun:test";
import { BrowserSessions } from "../../../src/auth/browser-sessions.ts";
import { TestClock } from "./people.ts";

const MINUTE_MS = 60_000;
const person = { user: "alex", generation: 0 };

test("a session ends after an hour without use, and after twelve hours in any case", () => {
  const clock = new TestClock();
  const sessions = new BrowserSessions(clock);
  const idle = sessions.open(person);
  const busy = sessions.open(person);
  for (let minutes = 0; minutes < 12 * 60 - 30; minutes += 30) {
    clock.move(30 * MINUTE_MS);
    expect(sessions.find(busy.id)?.person).toEqual(person);
  }
  expect(sessions.find(idle.id)).toBeUndefined();
  clock.move(30 * MINUTE_MS);
  expect(sessions.find(busy.id)).toBeUndefined();
});

test("strangers without number push out strangers, never a person", () => {
  const sessions = new BrowserSessions(new TestClock());
  const signedIn = sessions.open(person);
  const first = sessions.open();
  for (let count = 0; count < 10_000; count++) sessions.open();
  expect(sessions.find(first.id)).toBeUndefined();
  expect(sessions.find(signedIn.id)?.person).toEqual(person);
});

test("ids cannot be guessed, and an ended one is dead", () => {
  const sessions = new BrowserSessions(new TestClock());
  const { id } = sessions.open(person);
  expect(id).toMatch(/^[A-Za-z0-9_-]{43}$/);
  sessions.end(id);
  expect(sessions.find(id)).toBeUndefined();
  expect(sessions.find(undefined)).toBeUndefined();
});
