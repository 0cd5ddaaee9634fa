/**
 * Clients with a session on a modern child: the numbered one-line tests of the protocol design about
 * questions, subscriptions, schemas and what is taken off (32 to 40).
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { ADA, META, SUBSCRIPTION_ID } from "../../helpers/modern.ts";
import {
  jsonOf,
  type Members,
  type Message,
  messageOf,
  request,
  textOf,
  toolCall,
} from "../../helpers/raw-http.ts";
import { RawSession, RawSseSession } from "../../helpers/raw-session.ts";
import { connectV1, connectV2, textOfResult } from "../../helpers/sdk.ts";
import type { SseReader } from "../../helpers/sse-reader.ts";

const FORM = "elicitation/create";
const FORMS = { capabilities: { elicitation: {} } };
const WORDS = { role: "assistant", content: { type: "text", text: "42" }, model: "m" } as const;

let gateway: RunningGateway;
let url: string;

beforeAll(async () => {
  gateway = await startGateway({
    servers: {
      modern: fixtureServer("modern-only"),
      dual: fixtureServer("dual-era", { era: "modern" }),
      quiet: fixtureServer("modern-only", { era: "modern" }),
    },
  });
  url = gateway.mcp("modern");
});
afterAll(() => gateway.stop());

async function nextOn(stream: SseReader): Promise<Message> {
  return messageOf(await stream.find(({ data }) => (data ?? "") !== ""));
}

/** Answers a question of the gateway. */
async function reply(session: RawSession, question: Message, answer: object): Promise<void> {
  const { status } = await session.post({ jsonrpc: "2.0", id: question.id, ...answer });
  expect(status).toBe(202);
}

/** Posts a request, answers every question by `answer`, and returns the questions and the end. */
async function answering(
  session: RawSession,
  body: object,
  answer: (question: Message) => object,
): Promise<{ readonly questions: readonly Message[]; readonly done: Message }> {
  const { stream } = await session.openPost(body);
  const questions: Message[] = [];
  for (;;) {
    const message = await nextOn(stream);
    if (message.method === undefined) return { questions, done: message };
    questions.push(message);
    await reply(session, message, answer(message));
  }
}

/** What reached the child, as lines. */
async function linesOf(session: RawSession): Promise<readonly string[]> {
  return jsonOf(await session.call("seen")) as unknown as readonly string[];
}

describe("32. an input_required of a modern tool is asked on the POST stream, and the call completes with the answer", () => {
  for (const server of ["modern", "dual"]) {
    test(`32. by hand (${server})`, async () => {
      const session = await RawSession.open(gateway.mcp(server), FORMS);
      const body = toolCall("call", "ask", { rounds: 2 });
      const { questions, done } = await answering(session, body, () => ({ result: ADA }));
      expect(questions.map(({ method }) => method)).toEqual([FORM, FORM]);
      expect(questions[0]?.params?.["message"]).toBe("What is your name?");
      expect(new Set(questions.map(({ id }) => id)).size).toBe(2);
      expect(done.id).toBe("call");
      expect(jsonOf(done)).toEqual(ADA);
      expect(done.result).not.toHaveProperty("resultType");
      await session.end();
    });
  }

  test("32. several things at once, also in prompts and resources, and a state without a question", async () => {
    const capabilities = { elicitation: {}, sampling: {} };
    const session = await RawSession.open(url, { capabilities });
    const methods = [FORM, "sampling/createMessage"];
    const answer = ({ method }: Message): object => ({ result: method === FORM ? ADA : WORDS });
    const all = await answering(session, toolCall(1, "ask_all", { methods }), answer);
    expect(all.questions.map(({ method }) => method)).toEqual(methods);
    expect(jsonOf(all.done)).toEqual({ [FORM]: ADA, "sampling/createMessage": WORDS });

    const prompt = await answering(session, request(2, "prompts/get", { name: "ask" }), answer);
    expect(prompt.questions).toHaveLength(1);
    expect(prompt.done.result?.["messages"][0].content.text).toBe(JSON.stringify(ADA));
    const read = request(3, "resources/read", { uri: "modern://ask" });
    const resource = await answering(session, read, answer);
    expect(resource.done.result?.["contents"][0].text).toBe(JSON.stringify(ADA));
    expect(textOf(await session.call("come_back"))).toBe("welcome back");
    await session.end();
  });

  test("32. over HTTP+SSE and by the official clients", async () => {
    const sse = await RawSseSession.open(url);
    await sse.initialize({ capabilities: { elicitation: {} } });
    await sse.post(toolCall(1, "ask"));
    const question = await sse.next();
    expect(question.method).toBe(FORM);
    await sse.post({ jsonrpc: "2.0", id: question.id, result: ADA });
    expect(jsonOf(await sse.next())).toEqual(ADA);
    await sse.close();

    const handlers = {
      elicitation: () => ({ action: "accept", content: { name: "Ada" } }) as const,
    };
    for (const connect of [connectV1, connectV2]) {
      const { client } = await connect(url, { handlers });
      const result = await client.callTool({ name: "ask", arguments: { rounds: 3 } });
      expect(JSON.parse(textOfResult(result) ?? "")).toEqual(ADA);
      await client.close();
    }
  });

  test("32. a client that cannot be asked gets a result that is an error", async () => {
    const session = await RawSession.open(url);
    const refused = await session.call("ask");
    expect(refused.result).toMatchObject({ isError: true });
    expect(textOf(refused)).toContain("elicitation");
  });
});

test("33. a requestState with exotic bytes is retried as it was written", async () => {
  const session = await RawSession.open(url, FORMS);
  // JSON texts. Not by String.raw, which some runtimes write otherwise beyond ASCII.
  const states = [
    '"\\u00e9 é \\/ / \\" \\\\ \\u2028 \\ud83d\\ude00 😀 \\b\\u0007"',
    '"\\ud800 alone"',
    '""',
    `"${"x".repeat(100_000)}"`,
  ];
  for (const state of states) {
    const body = toolCall("raw", "ask_raw", { state });
    const { done } = await answering(session, body, () => ({ result: ADA }));
    expect(jsonOf(done)).toEqual(ADA);
    const line = (await linesOf(session)).findLast((one) => one.includes('"inputResponses"'));
    // Not toContain: a failure would print it.
    expect(line?.includes(`"requestState":${state}`)).toBe(true);
  }
});

test("34. URL mode mints an elicitationId for a 2025-11-25 client, and ends the call of an older one as isError", async () => {
  const capabilities = { elicitation: { form: {}, url: {} } };
  const session = await RawSession.open(url, { capabilities });
  const ids: unknown[] = [];
  for (const id of [1, 2]) {
    const accept = { result: { action: "accept" } };
    const { questions, done } = await answering(session, toolCall(id, "ask_url"), () => accept);
    const [question] = questions;
    expect(question?.params).toMatchObject({ mode: "url", url: "https://example.com/in" });
    ids.push(question?.params?.["elicitationId"]);
    expect(jsonOf(done)).toEqual({ action: "accept" });
  }
  expect(ids.every((id) => typeof id === "string" && id.length > 0)).toBe(true);
  expect(new Set(ids).size).toBe(2);

  for (const older of [
    { revision: "2025-06-18", capabilities },
    { revision: "2025-06-18", ...FORMS },
    FORMS,
  ]) {
    const other = await RawSession.open(url, older);
    expect((await other.call("ask_url")).result).toMatchObject({ isError: true });
  }
});

test("35. a question that is answered with an error ends a tool call as isError, prompts and resources as -32603", async () => {
  const session = await RawSession.open(url, { capabilities: { elicitation: {}, sampling: {} } });
  const refuse = (): object => ({ error: { code: -1, message: "no" } });
  const tool = await answering(session, toolCall(1, "ask"), refuse);
  expect(tool.done.result).toMatchObject({ isError: true });
  const prompt = await answering(session, request(2, "prompts/get", { name: "ask" }), refuse);
  expect(prompt.done.error?.code).toBe(-32603);
  const read = request(3, "resources/read", { uri: "modern://ask" });
  expect((await answering(session, read, refuse)).done.error?.code).toBe(-32603);

  // Of two questions the other is withdrawn.
  const { stream } = await session.openPost(
    toolCall(4, "ask_all", { methods: [FORM, "sampling/createMessage"] }),
  );
  const [first, second] = [await nextOn(stream), await nextOn(stream)];
  await reply(session, first, refuse());
  const rest = (await stream.rest()).filter(({ data }) => (data ?? "") !== "").map(messageOf);
  expect(rest.map(({ method, id }) => method ?? id)).toEqual(["notifications/cancelled", 4]);
  expect(rest[0]?.params?.["requestId"]).toBe(second.id);
  expect(rest[1]?.result).toMatchObject({ isError: true });
});

test("36. the session's log level is in `_meta` of every request, and decides what it hears", async () => {
  const session = await RawSession.open(url);
  const levelSeen = async (): Promise<unknown> =>
    jsonOf(await session.call("meta"))[`${META}logLevel`] as unknown;
  expect(await levelSeen()).toBe("info");
  await session.request("logging/setLevel", { level: "debug" });
  expect(await levelSeen()).toBe("debug");
  const { messages } = await session.post(toolCall("log", "log", { level: "debug", text: "hear" }));
  expect(messages.map(({ params, id }) => params?.["data"] ?? id)).toEqual(["hear", "log"]);

  // Another session of the same child has its own.
  const other = await RawSession.open(url);
  expect(jsonOf(await other.call("meta"))[`${META}logLevel`]).toBe("info");
  await session.request("logging/setLevel", { level: "error" });
  expect(await levelSeen()).toBe("error");
  const bad = await session.request("logging/setLevel", { level: "loud" });
  expect(bad.error?.code).toBe(-32602);
});

test("37. a subscribed resource's updates arrive without subscriptionId, and none after unsubscribe", async () => {
  const session = await RawSession.open(gateway.mcp("quiet"));
  const stream = await session.stream();
  const uri = "modern://item/37";
  const touched = { method: "notifications/resources/updated", params: { uri } };
  expect((await session.request("resources/subscribe", { uri })).result).toEqual({});
  await session.call("touch", { uri });
  const updated = await nextOn(stream);
  expect(updated).toMatchObject(touched);
  expect(JSON.stringify(updated)).not.toContain(SUBSCRIPTION_ID);
  // A second one joins it; each update still comes once.
  const other = "modern://item/other";
  await session.request("resources/subscribe", { uri: other });
  await session.call("touch", { uri });
  await session.call("touch", { uri: other });
  expect(await nextOn(stream)).toMatchObject(touched);
  expect((await nextOn(stream)).params).toEqual({ uri: other });

  expect((await session.request("resources/unsubscribe", { uri })).result).toEqual({});
  await session.call("touch", { uri });
  await session.call("changed", { what: "tools" });
  const next = await nextOn(stream);
  expect(next.method).toBe("notifications/tools/list_changed");
  expect(JSON.stringify(next)).not.toContain(SUBSCRIPTION_ID);
  await session.end();
});

describe("38. an array outputSchema is wrapped as `result` in lists and calls, and refs still resolve", () => {
  test("38. by hand", async () => {
    const session = await RawSession.open(url);
    const { result } = await session.request("tools/list");
    const schemaOf = (name: string): Members =>
      (result?.["tools"] as Members[]).find((tool) => tool["name"] === name)?.["outputSchema"];
    expect(schemaOf("list_of")).toEqual({
      type: "object",
      properties: { result: { type: "array", items: { type: "number" } } },
      required: ["result"],
    });
    const tree = schemaOf("tree_of");
    expect(tree["type"]).toBe("object");
    expect(tree["$schema"]).toBe("https://json-schema.org/draft/2020-12/schema");
    const wrapped = tree["properties"].result as Members;
    const leaf = resolve(tree, wrapped["items"].$ref as string);
    expect(leaf).toMatchObject({ type: "object", properties: { next: {} } });
    expect(resolve(tree, leaf["properties"].next.$ref as string)).toBe(wrapped);

    expect((await session.call("list_of")).result?.["structuredContent"]).toEqual({
      result: [1, 2, 3],
    });
    expect((await session.call("tree_of")).result?.["structuredContent"]).toEqual({
      result: [{ next: [{}] }],
    });
  });

  test("38. for the official client, which holds values to their schemas", async () => {
    for (const connect of [connectV1, connectV2]) {
      const { client } = await connect(url);
      await client.listTools();
      const { structuredContent } = await client.callTool({ name: "tree_of" });
      expect(structuredContent).toEqual({ result: [{ next: [{}] }] });
      await client.close();
    }
  });
});

test("39. ping and setLevel are answered with exactly {}", async () => {
  const session = await RawSession.open(url);
  const uri = "modern://item";
  for (const [method, params] of [
    ["ping", {}],
    ["logging/setLevel", { level: "warning" }],
    ["resources/subscribe", { uri }],
    ["resources/unsubscribe", { uri }],
  ] as const) {
    const { status, text } = await session.post(request("x", method, params));
    expect([method, status, text]).toEqual([method, 200, '{"jsonrpc":"2.0","id":"x","result":{}}']);
  }
  const lines = (await linesOf(session)).join();
  expect(lines).not.toContain('"ping"');
  expect(lines).not.toContain("logging/setLevel");
  await session.end();
});

test("40. what a legacy client has no right to say is gone or overwritten", async () => {
  const session = await RawSession.open(url, { capabilities: { sampling: {} }, name: "forty" });
  // Without a claim of a revision, which would make it a modern request.
  const meta = {
    [`${META}clientCapabilities`]: { elicitation: {}, sampling: {}, roots: {} },
    [`${META}clientInfo`]: { name: "forged", version: "9" },
    [`${META}logLevel`]: "emergency",
    [`${META}future`]: 1,
    "example.com/own": { kept: 1 },
  };
  const forged = {
    name: "meta",
    arguments: { inputResponses: "kept", requestState: "kept" },
    inputResponses: { name: ADA },
    requestState: "forged",
    task: { ttl: 1 },
    _meta: meta,
  };
  const shown = jsonOf(await session.request("tools/call", forged));
  expect(shown[`${META}protocolVersion`]).toBe("2026-07-28");
  expect(shown[`${META}clientCapabilities`]).toEqual({ sampling: {} });
  expect(shown[`${META}clientInfo`]).toEqual({ name: "forty", version: "1.0.0" });
  expect(shown[`${META}logLevel`]).toBe("info");
  expect(Object.keys(shown)).not.toContain(`${META}future`);
  expect(shown["example.com/own"]).toEqual({ kept: 1 });

  const line = (await linesOf(session)).findLast((one) => one.includes('"meta"')) ?? "{}";
  const { params } = JSON.parse(line) as Message;
  expect(Object.keys(params ?? {}).sort()).toEqual(["_meta", "arguments", "name"]);
  expect(params?.["arguments"]).toEqual({ inputResponses: "kept", requestState: "kept" });
});

/** The schema that a reference within the same document names. */
function resolve(root: Members, ref: string): Members {
  const keys = ref
    .replace(/^#\/?/, "")
    .split("/")
    .filter((key) => key !== "");
  return keys.reduce((at: Members, key) => at[key] as Members, root);
}
