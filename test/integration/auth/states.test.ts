/**
 * Questions of servers to people who share one process of them: the state that a call goes on with is
 * good for the person who was asked, for that call, and for nobody else.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { addKey, type TestKey } from "../../helpers/auth/keys.ts";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import {
  ADA,
  answersTo,
  ASKABLE,
  type ModernAnswer,
  ModernClient,
  shownBy,
} from "../../helpers/modern.ts";

const common = { isolation: "none" };
let gateway: RunningGateway;
let ada: TestKey;
let adas: TestKey;
let bob: TestKey;

beforeAll(async () => {
  gateway = await startGateway({
    servers: {
      modern: fixtureServer("modern-only", common),
      legacy: fixtureServer("asks-for-input", { ...common, era: "legacy" }),
    },
    proxy: { auth: { required: true, users: { ada: {}, bob: {} } } },
  });
  ada = await addKey(gateway, "--user", "ada");
  adas = await addKey(gateway, "--user", "ada");
  bob = await addKey(gateway, "--user", "bob");
});
afterAll(() => gateway.stop());

/** A client whose every request carries the key. */
class Person extends ModernClient {
  readonly #key: TestKey;

  constructor(key: TestKey, server: string) {
    super(gateway.mcp(server), ASKABLE);
    this.#key = key;
  }

  override request(
    method: string,
    params: object = {},
    envelope: object = {},
  ): Promise<ModernAnswer> {
    return super.request(method, params, envelope, { headers: this.#key.headers });
  }
}

describe.each([
  ["modern", "ask", { rounds: 2 }, 2, ADA],
  ["legacy", "ask", { method: "elicitation/create" }, 1, { result: ADA }],
])("a %s server", (server, tool, args, rounds, expected) => {
  test("goes on for whom it asked, also by another program of theirs", async () => {
    let asked = await new Person(ada, server).call(tool, args);
    for (let round = 1; round < rounds; round++)
      asked = await new Person(adas, server).retry(tool, args, asked, answersTo(asked));
    const done = await new Person(ada, server).retry(tool, args, asked, answersTo(asked));
    expect(shownBy(done)).toEqual(expected);
  });

  test("44. does not go on for anybody else, for another call, or with a state that was altered", async () => {
    const person = new Person(ada, server);
    const asked = await person.call(tool, args);
    const answers = answersTo(asked);
    const stolen = await new Person(bob, server).retry(tool, args, asked, answers);
    expect([stolen.status, stolen.message.error?.code]).toEqual([200, -32602]);
    const other = await person.retry(tool, { ...args, more: 1 }, asked, answers);
    expect(other.message.error?.code).toBe(-32602);
    const requestState = `${String(asked.result["requestState"]).slice(0, -2)}AA`;
    const forged = { ...asked, result: { ...asked.result, requestState } };
    expect((await person.retry(tool, args, forged, answers)).message.error?.code).toBe(-32602);
    const goesOn = await person.retry(tool, args, asked, answers);
    expect(goesOn.message.error).toBeUndefined();
  });
});

test("63. the state of a modern server that several people use says nothing to its client", async () => {
  const asked = await new Person(ada, "modern").call("ask_raw", { state: '"in plain words"' });
  const state = String(asked.result["requestState"]);
  expect(state).toMatch(/^s1\.[\w-]+\.[\w-]+$/);
  const seen = await new Person(bob, "modern").call("seen");
  expect(JSON.stringify(seen.result)).not.toContain(state);
  const done = await new Person(ada, "modern").retry(
    "ask_raw",
    { state: '"in plain words"' },
    asked,
    answersTo(asked),
  );
  expect(shownBy(done)).toEqual(ADA);
  const received = JSON.stringify((await new Person(bob, "modern").call("seen")).result);
  expect(received).toContain("in plain words");
  expect(received).not.toContain("s1.");
});

test("a state as a server writes it is passed as it is where nobody is asked who they are", async () => {
  await using open = await startGateway({ servers: { modern: fixtureServer("modern-only") } });
  const client = new ModernClient(open.mcp("modern"), ASKABLE);
  const asked = await client.call("ask_raw", { state: '"\\u0061bc"' });
  expect(asked.result["requestState"]).toBe("abc");
  expect(
    shownBy(await client.retry("ask_raw", { state: '"\\u0061bc"' }, asked, answersTo(asked))),
  ).toEqual(ADA);
});
