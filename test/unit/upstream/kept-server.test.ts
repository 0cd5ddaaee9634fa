/** What is remembered of one server: whose it is, how long, how much, and through a document. */
import { describe, expect, test } from "bun:test";
import {
  KeptServer,
  MAX_KEPT_BYTES,
  MAX_PROFILES,
  MAX_SERVER_BYTES,
  type ProfileKey,
  VERDICT_TTL_MS,
} from "../../../src/upstream/kept-server.ts";
import { textOf } from "../../../src/wire/key-text.ts";
import { jsonBytes } from "../../../src/wire/message.ts";

const BASE: ProfileKey = { era: "legacy", fingerprint: "{}", principal: "local" };

class World {
  nowMs = VERDICT_TTL_MS;
  changes = 0;

  server(configHash = "c1"): KeptServer {
    return new KeptServer({
      configHash,
      hash: (text) => `hash of ${text.length} ${text}`,
      wallMs: () => this.nowMs,
      onChange: () => this.changes++,
    });
  }

  /** What the next run knows. */
  restarted(server: KeptServer): KeptServer {
    const next = this.server();
    expect(next.restore(server.toBytes())).toBeUndefined();
    return next;
  }
}

function listed(server: KeptServer, key = BASE, method = "tools/list"): string | undefined {
  const bytes = server.list(key, method);
  return bytes === undefined ? undefined : textOf(bytes);
}

/** A JSON text of `bytes` bytes. */
function jsonOf(bytes: number): Uint8Array {
  return jsonBytes(`"${"x".repeat(bytes - 2)}"`);
}

describe("facts outlive a run", () => {
  test("in the child's own bytes", () => {
    const world = new World();
    const server = world.server();
    const handshake = ' {"é":"\\u00e9\\/", "n": 1.0e2, "big":12345678901234567890,\n"a":1,"a":2}';
    server.keepHandshake(BASE, jsonBytes(handshake));
    server.keepList(BASE, "tools/list", jsonBytes('{"tools":[ ]}'));
    server.keepList(BASE, "resources/templates/list", jsonBytes("{}"));
    server.markInteractive();
    const next = world.restarted(server);
    expect(textOf(next.handshake(BASE) ?? new Uint8Array())).toBe(handshake.trim());
    expect(listed(next)).toBe('{"tools":[ ]}');
    expect(listed(next, BASE, "resources/templates/list")).toBe("{}");
    expect([listed(next, BASE, "prompts/list"), next.interactive]).toEqual([undefined, true]);
  });

  test("nothing at all", () => {
    const world = new World();
    const next = world.restarted(world.server());
    expect([next.verdict, next.interactive, next.handshake(BASE)]).toEqual([
      undefined,
      false,
      undefined,
    ]);
  });
});

describe("whose they are", () => {
  const others: readonly [what: string, key: ProfileKey][] = [
    ["another user", { ...BASE, principal: "other" }],
    ["other capabilities", { ...BASE, fingerprint: '{"sampling":{}}' }],
    ["the other era", { ...BASE, era: "modern" }],
    ["names that run together", { ...BASE, fingerprint: "{}l", principal: "ocal" }],
  ];
  for (const [what, key] of others) {
    test(`not those of ${what}`, () => {
      const world = new World();
      const server = world.server();
      server.keepList(BASE, "tools/list", jsonBytes("1"));
      server.keepHandshake(BASE, jsonBytes("1"));
      for (const one of [server, world.restarted(server)]) {
        expect([listed(one, key), one.handshake(key)]).toEqual([undefined, undefined]);
        expect(listed(one)).toBe("1");
      }
    });
  }
});

describe("a verdict", () => {
  const rows: readonly [reason: string, ageMs: number, holds: boolean][] = [
    ["holds at once", 0, true],
    ["holds for a day", VERDICT_TTL_MS - 1, true],
    ["and no longer", VERDICT_TTL_MS, false],
    ["from a clock that was wrong", -1, false],
  ];
  for (const [reason, ageMs, holds] of rows) {
    test(reason, () => {
      const world = new World();
      const server = world.server();
      server.keepVerdict({ modern: true, legacy: false });
      const next = world.restarted(server);
      world.nowMs += ageMs;
      for (const one of [server, next]) {
        expect(one.verdict?.modern).toBe(holds ? true : undefined);
        expect(one.verdict?.legacy).toBe(holds ? false : undefined);
      }
    });
  }

  test("does not claim what nobody knows", () => {
    const world = new World();
    const server = world.server();
    server.keepVerdict({ modern: false });
    expect(world.restarted(server).verdict?.legacy).toBeUndefined();
  });
});

describe("what becomes of bytes", () => {
  const long = jsonOf(MAX_KEPT_BYTES + 1);
  const rows: readonly [
    reason: string,
    before: string | undefined,
    bytes: Uint8Array,
    outcome: string,
    after: string | undefined,
  ][] = [
    ["new", undefined, jsonBytes("1"), "new", "1"],
    ["the same", "1", jsonBytes("1"), "same", "1"],
    ["changed", "1", jsonBytes("2"), "changed", "2"],
    ["written otherwise", "1", jsonBytes("1.0"), "changed", "1.0"],
    ["no JSON", "1", jsonBytes("{"), "refused", undefined],
    ["too long", "1", long, "refused", undefined],
  ];
  for (const [reason, before, bytes, outcome, after] of rows) {
    test(reason, () => {
      const world = new World();
      const server = world.server();
      if (before !== undefined) server.keepList(BASE, "tools/list", jsonBytes(before));
      world.changes = 0;
      expect<string>(server.keepList(BASE, "tools/list", bytes)).toBe(outcome);
      expect(listed(server)).toBe(after);
      expect(world.changes).toBe(outcome === "same" ? 0 : 1);
    });
  }

  test("the longest that is kept", () => {
    const server = new World().server();
    expect(server.keepHandshake(BASE, jsonOf(MAX_KEPT_BYTES))).toBe("new");
  });

  test("a method without a kept list", () => {
    const server = new World().server();
    expect(server.keepList(BASE, "handshake", jsonBytes("1"))).toBe("refused");
    expect(server.list(BASE, "handshake")).toBeUndefined();
  });

  test("a copy is kept, so that the caller's buffer can be used again", () => {
    const server = new World().server();
    const bytes = jsonBytes("123");
    server.keepList(BASE, "tools/list", bytes);
    bytes.fill(0x39);
    expect(listed(server)).toBe("123");
  });
});

describe("caps", () => {
  const keyOf = (n: number): ProfileKey => ({ ...BASE, principal: `user ${n}` });

  test("the profile that was unused for longest gives way", () => {
    const server = new World().server();
    for (let n = 0; n < MAX_PROFILES; n++) server.keepHandshake(keyOf(n), jsonBytes(`${n}`));
    server.handshake(keyOf(0));
    server.keepHandshake(keyOf(MAX_PROFILES), jsonBytes("1"));
    expect([0, 1, 2].map((n) => server.handshake(keyOf(n)) !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
  });

  test("of bytes, and the document stays under it", () => {
    const world = new World();
    const server = world.server();
    for (let n = 0; n < 12; n++) server.keepHandshake(keyOf(n), jsonOf(MAX_KEPT_BYTES));
    expect(server.toBytes().length).toBeLessThanOrEqual(MAX_SERVER_BYTES);
    const kept = Array.from({ length: 12 }, (_, n) => server.handshake(keyOf(n)) !== undefined);
    expect(kept).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
      true,
      true,
      true,
      true,
      true,
      true,
    ]);
  });
});

describe("restore refuses", () => {
  const head = '"format":"remote-mcp-proxy/server","version":"1","config":"c1"';
  const rows: readonly [reason: string, document: string, words: string | undefined][] = [
    ["nothing of its own", `{${head}}`, undefined],
    ["another configuration", `{${head.replace("c1", "c2")}}`, "configuration has changed"],
    ["another version", `{${head.replace('"1"', '"2"')}}`, "another version"],
    ["a foreign document", '{"tools":[]}', "not of this program"],
    ["an empty one", "{}", "not of this program"],
  ];
  for (const [reason, document, words] of rows) {
    test(reason, () => {
      const server = new World().server();
      const refusal = server.restore(jsonBytes(document));
      if (words === undefined) expect(refusal).toBeUndefined();
      else expect(refusal).toContain(words);
    });
  }

  const odd: readonly [reason: string, members: string][] = [
    ["a verdict of another shape", '"verdict":{"modern":"yes","atMs":1}'],
    ["a flag that is no truth value", '"interactive":"true"'],
    ["profiles that are no list", '"profiles":{"key":"a"}'],
    ["profiles without a key", '"profiles":[{"handshake":{}},1,null]'],
  ];
  for (const [reason, members] of odd) {
    test(`and takes ${reason} for none`, () => {
      const server = new World().server();
      expect(server.restore(jsonBytes(`{${head},${members}}`))).toBeUndefined();
      expect([server.verdict, server.interactive, server.handshake(BASE)]).toEqual([
        undefined,
        false,
        undefined,
      ]);
    });
  }
});
