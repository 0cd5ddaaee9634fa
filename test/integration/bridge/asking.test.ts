/**
 * A legacy child asks, a modern client answers: the numbered one-line tests of the protocol design
 * about parked calls (41 to 47). What only two principals can show is in `principals.test.ts`.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import {
  ADA,
  answersTo,
  ASKABLE,
  META,
  ModernClient,
  questionsOf,
  seenBy,
  shownBy,
} from "../../helpers/modern.ts";
import type { Members, Message } from "../../helpers/raw-http.ts";
import { connectV2, textOfResult } from "../../helpers/sdk.ts";
import { until } from "../../helpers/wait.ts";

const FORM = "elicitation/create";
const SAMPLE = "sampling/createMessage";
const ALL = { ...ASKABLE, roots: {} };
const WORDS = { role: "assistant", content: { type: "text", text: "42" }, model: "m" } as const;

let gateway: RunningGateway;

beforeAll(async () => {
  const asks = fixtureServer("asks-for-input", { era: "legacy" });
  gateway = await startGateway({
    servers: {
      asks,
      known: asks,
      fresh: asks,
      rooted: { ...asks, roots: "forward" },
      leased: { ...asks, leases: 2 },
    },
  });
});
afterAll(() => gateway.stop());

function client(server = "asks"): ModernClient {
  return new ModernClient(gateway.mcp(server), ALL);
}

/** An answer of its kind to each question. */
function answerOf({ method }: Members): object {
  if (method === SAMPLE) return WORDS;
  return method === "roots/list" ? { roots: [{ uri: "file:///a" }] } : ADA;
}

describe("41. a legacy tool that elicits is answered by input_required, and the retry has the result under its own id", () => {
  test("41. by hand", async () => {
    const one = client();
    const args = { method: FORM };
    const asked = await one.call("ask", args);
    expect(asked.status).toBe(200);
    const questions = questionsOf(asked);
    expect(Object.values(questions)).toEqual([
      {
        method: FORM,
        params: {
          message: "What is your name?",
          requestedSchema: { type: "object", properties: { name: { type: "string" } } },
        },
      },
    ]);
    expect(asked.result["requestState"]).toBeString();
    expect(asked.result["_meta"][`${META}serverInfo`]).toMatchObject({ name: "asks-for-input" });

    const done = await one.retry("ask", args, asked, answersTo(asked));
    expect(done.message.id).not.toBe(asked.message.id);
    expect(done.result["resultType"]).toBe("complete");
    expect(shownBy(done)).toEqual({ result: ADA });
    // One call in the child: it was suspended, not made again.
    const calls = (await seenBy(one)).filter(
      ({ method, params }) => method === "tools/call" && params?.["name"] === "ask",
    );
    expect(calls).toHaveLength(1);
  });

  test("41. by the official client", async () => {
    const { client: sdk } = await connectV2(gateway.mcp("asks"), {
      mode: { pin: "2026-07-28" },
      handlers: {
        elicitation: () => ({ action: "accept", content: { name: "Ada" } }),
        sampling: () => WORDS,
      },
    });
    const together = await sdk.callTool({
      name: "ask_together",
      arguments: { methods: [FORM, SAMPLE] },
    });
    expect(JSON.parse(textOfResult(together) ?? "")).toEqual([{ result: ADA }, { result: WORDS }]);
    const rounds = await sdk.callTool({ name: "ask_in_turn", arguments: { method: FORM } });
    expect(JSON.parse(textOfResult(rounds) ?? "")).toEqual([{ result: ADA }, { result: ADA }]);
    await sdk.close();
  });
});

test("42. a tool that asks three things at once gives one result with three inputRequests", async () => {
  const one = client("rooted");
  const args = { methods: [FORM, SAMPLE, "roots/list"] };
  const asked = await one.call("ask_together", args);
  const questions = Object.values(questionsOf(asked));
  expect(questions.map(({ method }) => method as string)).toEqual(args.methods);
  const done = await one.retry("ask_together", args, asked, answersTo(asked, answerOf));
  expect(shownBy(done)).toEqual([
    { result: ADA },
    { result: WORDS },
    { result: { roots: [{ uri: "file:///a" }] } },
  ] as never);
});

test("43. each of two rounds has a fresh requestState, and the old ones are refused", async () => {
  const one = client();
  const args = { method: FORM, rounds: 2 };
  const first = await one.call("ask_in_turn", args);
  const second = await one.retry("ask_in_turn", args, first, answersTo(first));
  expect(second.result["requestState"]).not.toBe(first.result["requestState"]);
  // Keys are never used again.
  expect(Object.keys(questionsOf(second))).not.toEqual(Object.keys(questionsOf(first)));

  const stale = await one.retry("ask_in_turn", args, first, answersTo(first));
  expect(stale.message.error?.code).toBe(-32602);
  const done = await one.retry("ask_in_turn", args, second, answersTo(second));
  expect(shownBy(done)).toEqual([{ result: ADA }, { result: ADA }] as never);
  for (const used of [first, second]) {
    const again = await one.retry("ask_in_turn", args, used, answersTo(used));
    expect([again.status, again.message.error?.code]).toEqual([200, -32602]);
  }
});

describe("44. a requestState that is not the right one is -32602, and the parked call is untouched", () => {
  test("44. tampered, cut, or made up", async () => {
    const one = client();
    const args = { method: FORM };
    const asked = await one.call("ask", args);
    const state = String(asked.result["requestState"]);
    const flipped = (at: number): string =>
      state.slice(0, at) + (state[at] === "A" ? "B" : "A") + state.slice(at + 1);
    const forged = [
      ...[0, 5, 12, 40, state.length >> 1, state.length - 1].map(flipped),
      state.slice(0, -1),
      `${state}A`,
      ` ${state}`,
      "",
      "made up",
    ];
    for (const requestState of forged) {
      const refused = await one.again(
        "tools/call",
        { name: "ask", arguments: args },
        { ...asked, result: { ...asked.result, requestState } },
        answersTo(asked),
      );
      expect([requestState, refused.message.error?.code]).toEqual([requestState, -32602]);
    }
    expect(shownBy(await one.retry("ask", args, asked, answersTo(asked)))).toEqual({ result: ADA });
  });

  test("44. for other arguments, another tool, another method or another server", async () => {
    const one = client();
    const args = { method: FORM };
    const asked = await one.call("ask", args);
    const answers = answersTo(asked);
    const refused = [
      await one.retry("ask", { method: SAMPLE }, asked, answers),
      await one.retry("ask", { ...args, more: 1 }, asked, answers),
      await one.retry("ask_later", args, asked, answers),
      await one.again("prompts/get", { name: "ask", arguments: args }, asked, answers),
      await one.again("resources/read", { uri: "ask", arguments: args }, asked, answers),
      await client("fresh").retry("ask", args, asked, answers),
    ];
    expect(refused.map(({ message }) => message.error?.code)).toEqual(refused.map(() => -32602));
    expect(shownBy(await one.retry("ask", args, asked, answers))).toEqual({ result: ADA });
  });

  test("44. answers that are no object are -32602 too, and cost nothing", async () => {
    const one = client();
    const args = { method: FORM };
    const asked = await one.call("ask", args);
    for (const inputResponses of [[], "yes", 1] as unknown as object[]) {
      const refused = await one.retry("ask", args, asked, inputResponses);
      expect(refused.message.error?.code).toBe(-32602);
    }
    expect(shownBy(await one.retry("ask", args, asked, answersTo(asked)))).toEqual({ result: ADA });
  });
});

test("45. a retry with one of two answers is asked for the missing one only", async () => {
  const one = client();
  const args = { methods: [FORM, SAMPLE] };
  const asked = await one.call("ask_together", args);
  const all = answersTo(asked, answerOf);
  const [first = "", second = ""] = Object.keys(all);
  const unknown = { "no-such-key": ADA };

  const rest = await one.retry("ask_together", args, asked, { [first]: all[first], ...unknown });
  expect(Object.keys(questionsOf(rest))).toEqual([second]);
  expect(questionsOf(rest)[second]).toEqual(questionsOf(asked)[second]);
  // A malformed answer is none; neither is a retry without any.
  const malformed = await one.retry("ask_together", args, rest, { [second]: { role: "nobody" } });
  expect(Object.keys(questionsOf(malformed))).toEqual([second]);
  const none = await one.retry("ask_together", args, malformed, undefined);
  expect(Object.keys(questionsOf(none))).toEqual([second]);

  const done = await one.retry("ask_together", args, none, { [second]: all[second] });
  expect(shownBy(done)).toEqual([{ result: ADA }, { result: WORDS }] as never);
});

test("46. of a client that never returns the child hears a cancel, its process serves on, and the state is expired (44)", async () => {
  await using own = await startGateway({
    servers: { asks: fixtureServer("asks-for-input", { era: "legacy" }) },
    proxy: { limits: { clientAnswerTimeout: "1s" } },
  });
  const one = new ModernClient(own.mcp("asks"), ALL);
  const pid = (shownBy(await one.call("whoami")) as Members)["pid"] as number;
  const args = { methods: [FORM, SAMPLE] };
  const asked = await one.call("ask_together", args);
  questionsOf(asked);

  const isAnswer = (message: Message): boolean => message.method === undefined;
  const answers = await until(async () => {
    const got = (await seenBy(one)).filter(isAnswer);
    return got.length >= 2 && got;
  });
  expect(answers.map(({ result, error }) => result ?? error?.code)).toEqual([
    { action: "cancel" },
    -1,
  ] as never);
  const seen = await seenBy(one);
  const call = seen.find(({ params }) => params?.["name"] === "ask_together");
  const cancelled = seen.filter(({ method }) => method === "notifications/cancelled");
  expect(cancelled.map(({ params }) => params?.["requestId"] as unknown)).toEqual([call?.id]);

  const late = await one.retry("ask_together", args, asked, answersTo(asked, answerOf));
  expect([late.status, late.message.error?.code]).toEqual([200, -32602]);
  const next = await one.call("ask", { method: FORM });
  const done = await one.retry("ask", { method: FORM }, next, answersTo(next));
  expect(shownBy(done)).toEqual({ result: ADA });
  expect(shownBy(await one.call("whoami"))["pid"]).toBe(pid);
});

describe("47. two interactive calls at once", () => {
  test("47. on a server known to be interactive each client gets its own question", async () => {
    // It becomes known by its first question.
    const before = client("known");
    const first = await before.call("ask", { method: FORM });
    await before.retry("ask", { method: FORM }, first, answersTo(first));

    const names = Array.from({ length: 4 }, (_, index) => `client ${index}`);
    const ended = names.map(async (name) => {
      const one = client("known");
      const args = { method: FORM, params: { message: name } };
      const asked = await one.call("ask", args);
      const [question] = Object.values(questionsOf(asked));
      const answer = { action: "accept", content: { name } };
      const done = await one.retry(
        "ask",
        args,
        asked,
        answersTo(asked, () => answer),
      );
      return { question: question?.["params"].message as string, got: shownBy(done) };
    });
    const wanted = names.map((name) => ({
      question: name,
      got: { result: { action: "accept", content: { name } } },
    }));
    expect(await Promise.all(ended)).toEqual(wanted);
  });

  test("47. on one not yet known to be, the child gets an error and nobody a foreign question", async () => {
    const names = ["A", "B"];
    const ended = names.map((message) => client("fresh").call("meet", { count: 2, message }));
    for (const answer of await Promise.all(ended)) {
      expect(answer.result["resultType"]).toBe("complete");
      expect(shownBy(answer)).toMatchObject({ error: { code: -32603 } });
    }
    // From then on it is known, and the same clients get their own questions.
    const next = names.map((message) =>
      client("fresh").call("ask", { method: FORM, params: { message } }),
    );
    const asked = await Promise.all(next);
    const questions = asked.flatMap((one) => Object.values(questionsOf(one)));
    expect(questions.map(({ params }) => params.message as string)).toEqual(names);
  });
});

test("with leases, calls that ask go to processes of their own and do not wait for each other", async () => {
  const load = async (): Promise<Record<string, number>> => {
    const answer = await fetch(`${gateway.url}/listmcp`);
    const { servers } = (await answer.json()) as {
      servers: readonly { name: string; load: Record<string, number> }[];
    };
    return servers.find(({ name }) => name === "leased")?.load ?? {};
  };
  const args = { method: FORM };
  const one = client("leased");
  const other = client("leased");
  const first = await one.call("ask", args);
  const second = await other.call("ask", args);
  // The base process, and one for each call that waits for its user.
  expect(await load()).toMatchObject({ shared: 3, parked: 2 });
  for (const [who, asked] of [
    [other, second],
    [one, first],
  ] as const) {
    const done = await who.retry("ask", args, asked, answersTo(asked));
    expect(done.result["resultType"]).toBe("complete");
  }
  expect(await load()).toMatchObject({ shared: 3, parked: 0 });
});
