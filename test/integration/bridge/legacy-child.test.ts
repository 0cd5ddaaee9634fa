/**
 * Modern clients on a legacy child, one request at a time: the numbered one-line tests of the
 * protocol design about lists, roots, errors, logs, cancellation, caching, tasks and what passes
 * (22, 48 to 51, 54, 56, 57, 65, 67).
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
  nextMessage,
  openModern,
  postModern,
  questionsOf,
  seenBy,
  shownBy,
  wordsOf,
} from "../../helpers/modern.ts";
import type { Message } from "../../helpers/raw-http.ts";
import { RawSession } from "../../helpers/raw-session.ts";
import { until } from "../../helpers/wait.ts";

let gateway: RunningGateway;

beforeAll(async () => {
  const legacy = { era: "legacy" };
  const rooted = { ...legacy, env: { ASK_ON_INITIALIZED: "roots/list" } };
  gateway = await startGateway({
    servers: {
      echo: fixtureServer("echo", legacy),
      annotated: fixtureServer("annotated-tools", legacy),
      unknown: fixtureServer("unknown-members", legacy),
      modern: fixtureServer("modern-only", { era: "modern" }),
      python: fixtureServer("dual-era", legacy),
      rootless: fixtureServer("asks-for-input", rooted),
      fixed: fixtureServer("asks-for-input", { ...rooted, roots: ["file:///srv/a"] }),
      forwarding: fixtureServer("asks-for-input", { ...rooted, roots: "forward" }),
    },
  });
});
afterAll(() => gateway.stop());

function client(server: string, capabilities: object = {}): ModernClient {
  return new ModernClient(gateway.mcp(server), capabilities);
}

/** Names of the tools in an answer. */
function namesIn({ result }: { readonly result?: unknown }): readonly string[] {
  return (result as { tools: { name: string }[] }).tools.map(({ name }) => name);
}

describe("22. a content block of a type from the future is not dropped on the way to a modern client", () => {
  test("22. from a legacy child", async () => {
    const answer = await client("unknown").call("future");
    expect(answer.result).toMatchObject({
      resultType: "complete",
      content: [{ type: "text" }, { type: "hologram", depth: 3, frames: [{ data: "AAAA" }] }],
      "x-result": [1],
    });
  });

  test("22. from a modern child", async () => {
    const answer = await client("modern").call("future");
    expect(answer.result).toMatchObject({
      resultType: "complete",
      content: [{ type: "hologram", depth: 3 }],
      "x-result": true,
    });
  });
});

test("48. a client without elicitation sees the list that a capability-less client sees", async () => {
  const without = await client("annotated").request("tools/list");
  const plain = await RawSession.open(gateway.mcp("annotated"));
  expect(namesIn(without)).toEqual(namesIn(await plain.request("tools/list")));
  expect(namesIn(without)).not.toContain("confirm");

  const able = await client("annotated", ASKABLE).request("tools/list");
  const asked = await RawSession.open(gateway.mcp("annotated"), { capabilities: ASKABLE });
  expect(namesIn(able)).toEqual(namesIn(await asked.request("tools/list")));
  expect(namesIn(able)).toContain("confirm");
  const told = shownBy(await client("annotated", ASKABLE).call("whoami"));
  expect(told["initializeParams"].capabilities).toEqual(ASKABLE);
  await asked.end();
});

for (const [server, expected] of [
  ["rootless", { error: { code: -32601 } }],
  ["fixed", { result: { roots: [{ uri: "file:///srv/a" }] } }],
  ["forwarding", { error: {} }],
] as const) {
  test(`49. roots/list right after initialized, while no call runs, is answered here and nothing is parked (${server})`, async () => {
    // The child of clients that declare nothing runs from the start of the gateway on.
    const one = client(server);
    const answers = await until(async () => {
      const answer = await one.call("answers");
      expect(answer.result["resultType"]).toBe("complete");
      const got = shownBy(answer) as unknown as readonly { method: string; answer: object }[];
      return got.length > 0 && got;
    });
    expect(answers).toHaveLength(1);
    expect(answers[0]).toMatchObject({ method: "roots/list", answer: expected });
  });
}

test("50. -32002 of the child is -32602 with the uri", async () => {
  const uri = "echo://nowhere";
  const { status, message } = await client("echo").request("resources/read", { uri });
  expect(status).toBe(200);
  expect(message.error).toMatchObject({ code: -32602, data: { uri } });
});

describe("50. -32042 of the child is an input_required with its pages", () => {
  const elicitations = [
    { mode: "url", elicitationId: "e1", url: "https://example.com/in", message: "Sign in" },
    { mode: "url", elicitationId: "e2", url: "https://example.com/pay", message: "Pay" },
  ];
  const args = { code: -32042, message: "needs a page", data: { elicitations } };

  test("50. each page is a question, and with all of them accepted the call is made again", async () => {
    const one = client("echo", ASKABLE);
    const asked = await one.call("refuse", args);
    const params = elicitations.map(({ mode, url, message }) => ({ mode, url, message }));
    expect(Object.values(questionsOf(asked))).toEqual(
      params.map((each) => ({ method: "elicitation/create", params: each })),
    );
    const calls = async (): Promise<number> =>
      (await seenBy(one)).filter(({ params: its }) => its?.["name"] === "refuse").length;
    expect(await calls()).toBe(1);
    const accepted = answersTo(asked, () => ({ action: "accept" }));
    const again = await one.retry("refuse", args, asked, accepted);
    expect(Object.values(questionsOf(again))).toHaveLength(2);
    expect(await calls()).toBe(2);

    const declined = answersTo(again, () => ({ action: "decline" }));
    const refused = await one.retry("refuse", args, again, declined);
    expect(refused.result).toMatchObject({ resultType: "complete", isError: true });
    expect(await calls()).toBe(2);
  });

  test("50. a client that cannot be sent to a page is refused with 400/-32021", async () => {
    for (const capabilities of [{}, { elicitation: {} }, { elicitation: { form: {} } }]) {
      const refused = await client("echo", capabilities).call("refuse", args);
      expect(refused.status).toBe(400);
      expect(refused.message.error).toMatchObject({
        code: -32021,
        data: { requiredCapabilities: { elicitation: { url: {} } } },
      });
    }
  });
});

test("51. log output of the child reaches a client only if its request has a logLevel, from that level on", async () => {
  const one = client("echo");
  const levels = ["debug", "info", "error"];
  const heard = async (logLevel?: string): Promise<readonly string[]> => {
    const got: string[] = [];
    for (const level of levels) {
      const envelope = logLevel === undefined ? {} : { logLevel };
      const answer = await one.call("log", { level, text: "fifty-one" }, envelope);
      expect(answer.before.every(({ method }) => method === "notifications/message")).toBe(true);
      got.push(...answer.before.map(({ params }) => String(params?.["level"])));
    }
    return got;
  };
  expect(await heard()).toEqual([]);
  expect(await heard("info")).toEqual(["info", "error"]);
  expect(await heard("debug")).toEqual(levels);
  expect(await heard("emergency")).toEqual([]);
  // Neither does the setting of one request outlive it.
  expect(await heard()).toEqual([]);
  const bad = await one.call("log", { text: "x" }, { logLevel: "loud" });
  expect([bad.status, bad.message.error?.code]).toEqual([200, -32602]);
});

for (const server of ["echo", "modern"]) {
  test(`54. a client that drops its connection mid-call cancels it in the child by the gateway's id (${server})`, async () => {
    const one = client(server);
    // Before any byte of the answer.
    const controller = new AbortController();
    const quiet = one.body("tools/call", {
      name: "slow",
      arguments: { ms: 60_000, text: "quiet" },
    });
    const posted = postModern(one.url, quiet, { signal: controller.signal });
    const runs = async (name: string): Promise<Message | undefined> =>
      (await seenBy(one)).findLast(({ params }) => params?.["name"] === name);
    const first = await until(() => runs("slow"));
    controller.abort();
    expect(await posted.then(() => "answered", String)).toContain("AbortError");

    // In the middle of a stream.
    const steps = { steps: 500, delayMs: 40 };
    const body = one.body(
      "tools/call",
      { name: "progress", arguments: steps },
      { progressToken: "54" },
    );
    const stream = await openModern(one.url, body);
    expect((await nextMessage(stream)).params).toMatchObject({ progressToken: "54", progress: 1 });
    await stream.close();
    const second = await until(() => runs("progress"));

    const cancelled = await until(async () => {
      const all = (await seenBy(one)).filter(({ method }) => method === "notifications/cancelled");
      return all.length >= 2 && all;
    });
    expect(cancelled.map(({ params }) => params?.["requestId"] as unknown)).toEqual([
      first.id,
      second.id,
    ]);
    expect([first.id, second.id]).not.toContain(quiet.id);
    expect([first.id, second.id]).not.toContain(body.id);
  });
}

test("56. the six cacheable methods of a legacy child carry resultType, ttlMs and cacheScope", async () => {
  const requests: readonly (readonly [string, object])[] = [
    ["server/discover", {}],
    ["tools/list", {}],
    ["prompts/list", {}],
    ["resources/list", {}],
    ["resources/templates/list", {}],
    ["resources/read", { uri: "echo://counter" }],
  ];
  for (const server of ["echo", "python"]) {
    for (const [method, params] of requests) {
      if (server === "python" && method === "resources/read") continue;
      const { status, result } = await client(server).request(method, params);
      expect([method, status]).toEqual([method, 200]);
      expect(result).toMatchObject({ resultType: "complete", cacheScope: "private" });
      expect(result["ttlMs"]).toBeNumber();
      expect(result["ttlMs"]).toBeGreaterThanOrEqual(0);
    }
  }
  // The others have a type, and nothing to cache.
  const { result } = await client("echo").call("echo", { text: "x" });
  expect(result["resultType"]).toBe("complete");
  expect(result).not.toHaveProperty("ttlMs");
});

test("57. a tool whose taskSupport is required gives a modern client the plain final result", async () => {
  const one = client("annotated");
  const done = await one.call("long", { text: "fifty-seven" });
  expect([done.status, wordsOf(done)]).toEqual([200, "fifty-seven"]);
  expect(done.result["resultType"]).toBe("complete");
  expect(done.result).not.toHaveProperty("task");
  const { result } = await one.request("tools/list");
  expect(JSON.stringify(result)).not.toContain("taskSupport");
});

test("65. a result that is private is asked of the child again, whoever asks (no answer is kept between requests)", async () => {
  for (const server of ["echo", "modern"]) {
    const lists = async (): Promise<number> =>
      (await seenBy(client(server))).filter(({ method }) => method === "resources/list").length;
    const before = await lists();
    for (const name of ["one", "other"]) {
      const envelope = { meta: { [`${META}clientInfo`]: { name, version: "1" } } };
      const { result } = await client(server).request("resources/list", {}, envelope);
      expect(result["cacheScope"]).toBe("private");
    }
    expect(await lists()).toBe(before + 2);
  }
});

test("67. no reserved key of `_meta` reaches a legacy child that would refuse it, and the call works", async () => {
  const one = client("python", ASKABLE);
  const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const meta = { traceparent: trace, "example.com/own": { kept: 1 }, [`${META}future`]: "x" };
  const envelope = { logLevel: "debug", progressToken: "67", meta };
  expect(wordsOf(await one.call("echo", { text: "sixty-seven" }, envelope))).toBe("sixty-seven");
  const asked = await one.call("ask", {}, envelope);
  const done = await one.retry("ask", {}, asked, answersTo(asked), envelope);
  expect(shownBy(done)).toEqual(ADA);

  const seen = await seenBy(one);
  expect(JSON.stringify(seen)).not.toContain(META);
  expect(seen.filter(({ params }) => "requestState" in (params ?? {}))).toEqual([]);
  const echoed = seen.find(({ params }) => params?.["name"] === "echo");
  expect(echoed?.params?.["_meta"]).toMatchObject({
    traceparent: trace,
    "example.com/own": { kept: 1 },
  });
  expect(echoed?.params?.["_meta"].progressToken).toBeNumber();
});
