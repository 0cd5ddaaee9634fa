/**
 * What one person's state and sessions are worth in the hands of another: the numbered one-line
 * tests of the protocol design that need two principals (44, 63 to 65), at the level of the rooms
 * from the binding down, since nothing tells people apart before authentication does.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  createStateSealer,
  hashArguments,
  hashPrincipal,
  isBoundTo,
} from "../../../src/bridge/request-state.ts";
import { jsonBytes } from "../../../src/wire/message.ts";
import { fixtureServer } from "../../helpers/fixtures.ts";
import {
  answersTo,
  ASKABLE,
  ModernClient,
  modernCall,
  postModern,
  shownBy,
  ADA,
} from "../../helpers/modern.ts";
import { get, del, notification, post, request, textOf, toolCall } from "../../helpers/raw-http.ts";
import { RawSession } from "../../helpers/raw-session.ts";
import { PERSON, serveShared, type Shared } from "./two-principals.ts";

let shared: Shared;

beforeAll(() => {
  shared = serveShared({
    asks: fixtureServer("asks-for-input", { era: "legacy" }),
    echo: fixtureServer("echo", { era: "legacy" }),
    modern: fixtureServer("modern-only", { era: "modern" }),
  });
});
afterAll(() => shared[Symbol.asyncDispose]());

function as(person: string): { readonly headers: Record<string, string> } {
  return { headers: { [PERSON]: person } };
}

/** A client whose every request is `person`'s. */
class Person extends ModernClient {
  readonly #person: string;

  constructor(person: string, server: string) {
    super(shared.mcp(server), ASKABLE);
    this.#person = person;
  }

  override request(
    method: string,
    params: object = {},
    envelope: object = {},
  ): ReturnType<ModernClient["request"]> {
    return super.request(method, params, envelope, as(this.#person));
  }
}

test("44. a requestState in the hands of another principal is -32602, and the parked call is untouched (rooms from the binding down)", async () => {
  const ada = new Person("ada", "asks");
  const eve = new Person("eve", "asks");
  const args = { method: "elicitation/create" };
  const asked = await ada.call("ask", args);
  const answers = answersTo(asked);
  const stolen = await eve.retry("ask", args, asked, answers);
  expect([stolen.status, stolen.message.error?.code]).toEqual([200, -32602]);
  expect(shownBy(await ada.retry("ask", args, asked, answers))).toEqual({ result: ADA });
});

test("63. what was sealed for A does not open for B, whatever it wraps (the sealer's binding)", () => {
  const sealer = createStateSealer(new Uint8Array(32).fill(3), { wallMs: () => 0 });
  const binding = (principal: string) => ({
    server: "modern",
    principal: hashPrincipal(principal),
    method: "tools/call",
    name: "ask",
    argumentsHash: hashArguments(jsonBytes("{}")),
  });
  for (const kind of ["wrapped", "parked", "url"] as const) {
    const facts = { kind, id: "1", round: 1, expiresAtMs: 1, inner: '"child"' };
    const opened = sealer.open(sealer.seal({ ...binding("ada"), ...facts }));
    if (opened === undefined) throw new Error("what was just sealed does not open");
    expect(isBoundTo(opened, binding("ada"))).toBe(true);
    expect(isBoundTo(opened, binding("eve"))).toBe(false);
  }
});

test("63. two principals never share a modern child (rooms from the binding down)", async () => {
  const pids = await Promise.all(
    ["ada", "eve", "ada"].map(
      async (name) => shownBy(await new Person(name, "modern").call("whoami"))["pid"] as number,
    ),
  );
  expect(pids[0]).toBe(pids[2] ?? 0);
  expect(pids[0]).not.toBe(pids[1] ?? 0);
});

test("64. A's session id is 404 in the hands of B for every verb, and A goes on (rooms from the binding down)", async () => {
  const url = shared.mcp("echo");
  const ada = await RawSession.open(url, as("ada"));
  const asEve = { ...ada.options(), ...as("eve") };
  const refused = [
    await post(url, request(1, "tools/list"), asEve),
    await post(url, toolCall(2, "echo", { text: "stolen" }), asEve),
    await post(url, notification("notifications/cancelled", { requestId: 1 }), asEve),
    await get(url, asEve),
    await get(url, { ...asEve, lastEventId: "1_1" }),
    await del(url, asEve),
  ];
  expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 404));
  expect(refused.map(({ messages }) => messages[0]?.error?.code)).toEqual(
    refused.map(() => -32001),
  );
  expect(textOf(await ada.call("echo", { text: "mine" }))).toBe("mine");
  await ada.end();
});

test("65. a private list that A was given is asked of B's own child (rooms from the binding down)", async () => {
  const asked = async (name: string): Promise<number> => {
    const body = modernCall(1, "seen");
    const { messages } = await postModern(shared.mcp("modern"), body, as(name));
    return (textOf(messages[0]) ?? "").split('\\"resources/list\\"').length - 1;
  };
  for (const name of ["ada", "eve", "ada"]) {
    const before = await asked(name);
    const { result } = await new Person(name, "modern").request("resources/list");
    expect(result["cacheScope"]).toBe("private");
    expect(await asked(name)).toBe(before + 1);
  }
});
