/** Sealed state: what was sealed comes back, and nothing else ever does. */
import { describe, expect, test } from "bun:test";
import {
  createStateSealer,
  hashArguments,
  hashPrincipal,
  isBoundTo,
  MAX_STATE_CHARS,
  type StatePayload,
  type StateSealer,
} from "../../../src/bridge/request-state.ts";
import { GatewayError } from "../../../src/kernel/error.ts";
import { jsonBytes } from "../../../src/wire/message.ts";

const SECRET = new Uint8Array(32).fill(7);
const NOW_MS = 1_000_000;

const PAYLOAD: StatePayload = {
  kind: "parked",
  id: "5e0f",
  server: "echo",
  principal: hashPrincipal("local"),
  method: "tools/call",
  name: "delete é \u{1F600}",
  argumentsHash: hashArguments(jsonBytes("{}")),
  round: 1,
  expiresAtMs: NOW_MS + 1,
};

function sealerAt(wallMs = NOW_MS, secret = SECRET): StateSealer {
  return createStateSealer(secret, { wallMs: () => wallMs });
}

describe("what was sealed comes back", () => {
  const rows: readonly [reason: string, payload: StatePayload][] = [
    ["a parked call", PAYLOAD],
    ["a question by URL", { ...PAYLOAD, kind: "url", round: 0 }],
    ["the state of a child", { ...PAYLOAD, kind: "wrapped", inner: '"\\ud800 \\u00e9\\/é"' }],
    ["a long one", { ...PAYLOAD, kind: "wrapped", inner: "x".repeat(700_000) }],
  ];
  for (const [reason, payload] of rows) {
    test(reason, () => {
      expect(sealerAt().open(sealerAt().seal(payload))).toEqual(payload);
    });
  }

  test("under the same secret after a restart", () => {
    expect(sealerAt(NOW_MS, SECRET.slice()).open(sealerAt().seal(PAYLOAD))).toEqual(PAYLOAD);
  });
});

describe("the text", () => {
  test("is fit for JSON and headers, and says nothing of what is inside", () => {
    const text = sealerAt().seal(PAYLOAD);
    expect(text).toMatch(/^s1\.[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]+$/);
    const bytes = Buffer.from(text.split(".")[2] ?? "", "base64url").toString("latin1");
    expect(bytes).not.toContain("echo");
    expect(bytes).not.toContain("parked");
  });

  test("is another one each time", () => {
    const sealer = sealerAt();
    const texts = new Set(Array.from({ length: 100 }, () => sealer.seal(PAYLOAD)));
    expect(texts.size).toBe(100);
  });

  test("longer than the cap is refused when it is made", () => {
    const seal = (): string => sealerAt().seal({ ...PAYLOAD, inner: "x".repeat(MAX_STATE_CHARS) });
    expect(seal).toThrow(GatewayError);
  });

  test("is not made with a key that is too short", () => {
    expect(() => createStateSealer(new Uint8Array(16), { wallMs: () => 0 })).toThrow(RangeError);
  });
});

describe("open refuses", () => {
  const sealed = sealerAt().seal(PAYLOAD);
  const [version = "", keyId = "", body = ""] = sealed.split(".");
  const rows: readonly [reason: string, text: string][] = [
    ["nothing", ""],
    ["a word", "undefined"],
    ["no body", `${version}.${keyId}.`],
    ["a body shorter than nonce and tag", `${version}.${keyId}.${body.slice(0, 20)}`],
    ["a cut one", sealed.slice(0, -1)],
    ["a longer one", `${sealed}A`],
    ["padding", `${sealed}=`],
    ["blanks around it", ` ${sealed}`],
    ["a blank inside, which lenient decoders skip", `${sealed.slice(0, -4)} ${sealed.slice(-4)}`],
    ["another version", `s2.${keyId}.${body}`],
    ["another key id", `${version}.AAAAAAAA.${body}`],
    ["two bodies", `${sealed}.${body}`],
    ["one over the cap", sealed + "A".repeat(MAX_STATE_CHARS)],
  ];
  for (const [reason, text] of rows) {
    test(reason, () => {
      expect(sealerAt().open(sealed)).toEqual(PAYLOAD);
      expect(sealerAt().open(text)).toBeUndefined();
    });
  }

  test("any altered character, wherever it stands", () => {
    const sealer = sealerAt();
    for (let at = 0; at < sealed.length; at++) {
      const other = sealed[at] === "A" ? "B" : "A";
      expect(sealer.open(sealed.slice(0, at) + other + sealed.slice(at + 1))).toBeUndefined();
    }
  });

  test("the other texts that a lenient decoder takes for the same bytes", () => {
    const last = body.at(-1) ?? "";
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const others = [...alphabet].filter((letter) => letter !== last);
    for (const letter of others) {
      expect(sealerAt().open(sealed.slice(0, -1) + letter)).toBeUndefined();
    }
  });

  test("another gateway's", () => {
    const other = sealerAt(NOW_MS, new Uint8Array(32).fill(8)).seal(PAYLOAD);
    expect(sealerAt().open(other)).toBeUndefined();
    expect(sealerAt().open(`${version}.${keyId}.${other.split(".")[2]}`)).toBeUndefined();
  });

  test("what has expired, from that millisecond on", () => {
    expect(sealerAt(PAYLOAD.expiresAtMs - 1).open(sealed)).toEqual(PAYLOAD);
    expect(sealerAt(PAYLOAD.expiresAtMs).open(sealed)).toBeUndefined();
  });
});

describe("isBoundTo", () => {
  const { server, principal, method, name, argumentsHash } = PAYLOAD;
  const binding = { server, principal, method, name, argumentsHash };
  test("just this call", () => {
    expect(isBoundTo(PAYLOAD, binding)).toBe(true);
  });
  for (const key of ["server", "principal", "method", "name", "argumentsHash"] as const) {
    test(`no other ${key}`, () => {
      expect(isBoundTo(PAYLOAD, { ...binding, [key]: `${binding[key]}x` })).toBe(false);
    });
  }
});

describe("hashArguments", () => {
  const rows: readonly [a: string | undefined, b: string | undefined, isSame: boolean][] = [
    ['{"a":1}', ' { "a" : 1 }\n', true],
    [undefined, undefined, true],
    [undefined, "{}", false],
    ['{"a":1}', '{"a":1.0}', false],
    ['{"a":10000000000000001}', '{"a":10000000000000000}', false],
    ['{"a":"x y"}', '{"a":"xy"}', false],
    ['{"a":1,"b":2}', '{"b":2,"a":1}', false],
  ];
  for (const [a, b, isSame] of rows) {
    test(`${a} and ${b?.trim()}`, () => {
      const hashes = [a, b].map((json) =>
        hashArguments(json === undefined ? undefined : jsonBytes(json)),
      );
      expect(hashes[0] === hashes[1]).toBe(isSame);
    });
  }
});
