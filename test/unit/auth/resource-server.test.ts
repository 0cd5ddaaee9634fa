/** Who is behind a credential: what is remembered, and that nothing is remembered for too long. */
import { beforeEach, describe, expect, test } from "bun:test";
import type { AccessGrant } from "../../../src/auth/authorization-server.ts";
import { ResourceServer, type KeyGrant } from "../../../src/auth/resource-server.ts";
import type { GatewayConfig } from "../../../src/config/model.ts";
import type { GatewayEvent } from "../../../src/kernel/event.ts";

const MINUTE_MS = 60_000;

let nowMs: number;
let changes: string;
let config: GatewayConfig;
let looked: string[];
let events: GatewayEvent[];
let keys: Map<string, KeyGrant>;
let tokens: Map<string, AccessGrant>;
let gate: ResourceServer;

beforeEach(() => {
  [nowMs, changes, looked, events] = [0, "", [], []];
  config = configWith({
    ada: { servers: "all", admin: true },
    bob: { servers: ["A"], admin: false },
  });
  keys = new Map();
  tokens = new Map();
  const find =
    <Grant>(from: () => Map<string, Grant>) =>
    (text: string): Grant | undefined => {
      looked.push(text);
      return from().get(text);
    };
  gate = new ResourceServer({
    keys: { isKey: (text) => text.startsWith("mgk_"), find: find(() => keys) },
    tokens: { find: find(() => tokens) },
    config: () => config,
    changes: () => changes,
    clock: { nowMs: () => nowMs, wallMs: () => nowMs, after: never, every: never },
    emit: (event) => events.push(event),
  });
});

function never(): never {
  throw new Error("no timers here");
}

function configWith(users: object): GatewayConfig {
  const servers = [
    { name: "A", slug: "a" },
    { name: "b", slug: "b" },
  ];
  return { auth: { users }, servers } as unknown as GatewayConfig;
}

const key = (more: Partial<KeyGrant> = {}): KeyGrant => ({
  keyId: "k1",
  user: "ada",
  servers: "all",
  isAdmin: false,
  expiresAtMs: undefined,
  ...more,
});

const token = (more: Partial<AccessGrant> = {}): AccessGrant => ({
  user: "ada",
  clientId: "c1",
  slug: "a",
  grantId: "g1",
  expiresAtMs: MINUTE_MS,
  correlation: "x1",
  isFirstUse: false,
  ...more,
});

function principal(credential: string) {
  const identity = gate.identify(credential);
  if (identity.kind !== "known") throw new Error(identity.kind);
  const { user, client, isAdmin, servers } = identity.principal;
  return { user, client, isAdmin, servers: servers === "all" ? "all" : [...servers].sort() };
}

describe("rights", () => {
  test.each([
    [key(), { user: "ada", client: "key:k1", isAdmin: false, servers: "all" }],
    [key({ isAdmin: true }), { isAdmin: true }],
    [key({ user: "bob", isAdmin: true }), { isAdmin: false, servers: ["a"] }],
    [key({ servers: ["b"] }), { servers: ["b"] }],
    [key({ user: "bob", servers: ["b"] }), { servers: [] }],
    [key({ user: "bob", servers: ["a", "b", "gone"] }), { servers: ["a"] }],
  ])("of %j", (grant, expected) => {
    keys.set("mgk_1", grant);
    expect(principal("mgk_1")).toMatchObject(expected);
  });

  test("of a token end at its one server, and never steer the gateway", () => {
    tokens.set("t", token());
    expect(principal("t")).toEqual({
      user: "ada",
      client: "client:c1",
      isAdmin: false,
      servers: ["a"],
    });
    expect(gate.identify("t")).toMatchObject({ audience: "a" });
    tokens.set("u", token({ user: "bob", slug: "b" }));
    expect(principal("u").servers).toEqual([]);
  });

  test("of who is not in the configuration are none", () => {
    keys.set("mgk_1", key({ user: "eve" }));
    tokens.set("t", token({ user: "owner" }));
    for (const credential of ["mgk_1", "t"])
      expect(gate.identify(credential)).toMatchObject({ kind: "refused" });
  });
});

test("nothing is nobody, and no store is asked", () => {
  expect([gate.identify(undefined), gate.identify("")]).toEqual([
    { kind: "nobody" },
    { kind: "nobody" },
  ]);
  expect(looked).toEqual([]);
});

describe("a good answer", () => {
  test("is remembered for a while", () => {
    keys.set("mgk_1", key());
    gate.identify("mgk_1");
    nowMs = 29_999;
    gate.identify("mgk_1");
    expect(looked.length).toBe(1);
    nowMs = 30_000;
    gate.identify("mgk_1");
    expect(looked.length).toBe(2);
  });

  test("ends with the key, to the millisecond", () => {
    keys.set("mgk_1", key({ expiresAtMs: 10 }));
    gate.identify("mgk_1");
    keys.clear();
    nowMs = 9;
    expect(gate.identify("mgk_1").kind).toBe("known");
    nowMs = 10;
    expect(gate.identify("mgk_1").kind).toBe("refused");
  });

  test("is asked for anew after a change of the database", () => {
    tokens.set("t", token());
    gate.identify("t");
    tokens.clear();
    expect(gate.identify("t").kind).toBe("known");
    changes = "1";
    expect(gate.identify("t").kind).toBe("refused");
  });

  test("is judged anew with another configuration", () => {
    keys.set("mgk_1", key({ user: "bob" }));
    expect(principal("mgk_1").servers).toEqual(["a"]);
    config = configWith({ bob: { servers: ["b"], admin: false } });
    expect(principal("mgk_1").servers).toEqual(["b"]);
    config = configWith({ ada: { servers: "all", admin: false } });
    expect(gate.identify("mgk_1").kind).toBe("refused");
  });

  test("of a clock that was set back is not trusted", () => {
    nowMs = 1000;
    keys.set("mgk_1", key());
    gate.identify("mgk_1");
    nowMs = 0;
    gate.identify("mgk_1");
    expect(looked.length).toBe(2);
  });
});

test("a bad answer is not remembered", () => {
  expect(gate.identify("mgk_1").kind).toBe("refused");
  keys.set("mgk_1", key());
  expect(gate.identify("mgk_1").kind).toBe("known");
});

test("the first use of a grant is told once, with what follows it through the log", () => {
  tokens.set("t", token({ isFirstUse: true }));
  gate.identify("t");
  gate.identify("t");
  expect(events).toEqual([
    {
      kind: "auth.step",
      step: "first.use",
      outcome: "ok",
      correlation: "x1",
      user: "ada",
      client: "client:c1",
      server: "a",
    },
  ]);
});

test("the first use of a key in a run is told once, and of bad ones no more than so many", () => {
  keys.set("mgk_1", key());
  for (let use = 0; use < 3; use++) {
    nowMs += MINUTE_MS;
    gate.identify("mgk_1");
  }
  expect(events).toEqual([
    { kind: "auth.step", step: "key.used", outcome: "ok", user: "ada", client: "key:k1" },
  ]);
  for (let guess = 0; guess < 1000; guess++) gate.identify(`mgk_guess${guess}`);
  expect(events.length).toBe(31);
  expect(JSON.stringify(events)).not.toContain("guess");
  nowMs += MINUTE_MS;
  gate.identify("mgk_again");
  expect(events.length).toBe(32);
});
