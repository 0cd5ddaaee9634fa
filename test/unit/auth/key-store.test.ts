/** The keys in the database, under a clock that the test moves. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Database } from "bun:sqlite";
import { openAuthDatabase } from "../../../src/auth/database.ts";
import { KEY_TABLES, type KeyFacts, KeyStore } from "../../../src/auth/key-store.ts";

let database: Database;
let store: KeyStore;
let nowMs: number;

beforeEach(() => {
  nowMs = 1_000_000;
  database = openAuthDatabase(undefined, [KEY_TABLES]);
  store = new KeyStore(database, { wallMs: () => nowMs });
});
afterEach(() => database.close());

const FACTS: KeyFacts = {
  user: "ada",
  servers: "all",
  isAdmin: false,
  note: "",
  expiresAtMs: undefined,
};

test("a key is found by its whole text only", () => {
  const { id, text } = store.add({ ...FACTS, servers: ["a", "B c"], isAdmin: true });
  const other = store.add(FACTS);
  expect(store.find(text)).toEqual({
    keyId: id,
    user: "ada",
    servers: ["a", "B c"],
    isAdmin: true,
    expiresAtMs: undefined,
  });
  // The id of one with the secret of the other, checked or not.
  expect(store.find(text.slice(0, 15) + other.text.slice(15))).toBeUndefined();
  expect(store.find(id)).toBeUndefined();
  expect(store.find(`${text}x`)).toBeUndefined();
});

test("the right id with another secret and a right check is refused", () => {
  const forged = new KeyStore(openAuthDatabase(undefined, [KEY_TABLES]), { wallMs: () => nowMs });
  const { id, text } = forged.add(FACTS);
  database.run("INSERT INTO api_keys VALUES (?1, ?2, 'ada', NULL, 1, '', 1, NULL, NULL)", [
    id,
    new Uint8Array(32),
  ]);
  expect(store.find(text)).toBeUndefined();
});

test("ends at its time, and when it is revoked", () => {
  const { id, text } = store.add({ ...FACTS, expiresAtMs: nowMs + 10 });
  nowMs += 9;
  expect(store.find(text)?.keyId).toBe(id);
  nowMs += 1;
  expect(store.find(text)).toBeUndefined();
  const second = store.add(FACTS);
  expect([store.revoke(second.id), store.revoke(second.id), store.revoke("")]).toEqual([
    true,
    false,
    false,
  ]);
  expect(store.find(second.text)).toBeUndefined();
});

test("neither the text nor the secret of a key is in the database", () => {
  const { text } = store.add(FACTS);
  store.find(text);
  store.flush();
  const bytes = Buffer.from(database.serialize());
  expect(bytes.includes("ada")).toBe(true);
  for (const part of [text, text.slice(15), text.slice(15, 58)])
    expect(bytes.includes(part)).toBe(false);
});

test("the last use is written when it is flushed, and not before", () => {
  const { text } = store.add(FACTS);
  const unused = store.add(FACTS);
  nowMs += 5;
  store.find(text);
  nowMs += 5;
  store.find(text);
  expect(store.list().map(({ lastUsedAtMs }) => lastUsedAtMs)).toEqual([undefined, undefined]);
  store.flush();
  const uses = new Map(store.list().map(({ id, lastUsedAtMs }) => [id, lastUsedAtMs]));
  expect(uses.get(unused.id)).toBeUndefined();
  expect([...uses.values()]).toContain(1_000_010);
});

test("names that cannot be read give no server", () => {
  const { id, text } = store.add({ ...FACTS, servers: ["a"] });
  database.run("UPDATE api_keys SET servers = '{}' WHERE id = ?1", [id]);
  expect(store.find(text)?.servers).toEqual([]);
});

test("there is a cap", () => {
  for (let made = 0; made < 1000; made++) store.add(FACTS);
  expect(() => store.add(FACTS)).toThrow("1000 keys already");
});
