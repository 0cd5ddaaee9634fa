/**
 * `subscriptions/listen` of modern clients: the numbered one-line tests of the protocol design about
 * marks, shared subscriptions and restarts (52, 53, 55).
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import {
  modernRequest,
  ModernClient,
  nextMessage,
  openModern,
  seenBy,
  shownBy,
  SUBSCRIPTION_ID,
  wordsOf,
} from "../../helpers/modern.ts";
import type { Message } from "../../helpers/raw-http.ts";
import { until } from "../../helpers/wait.ts";

const LISTS = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
const ACKNOWLEDGED = "notifications/subscriptions/acknowledged";
const UPDATED = "notifications/resources/updated";

let gateway: RunningGateway;

beforeAll(async () => {
  const echo = fixtureServer("echo", { era: "legacy" });
  gateway = await startGateway({
    servers: {
      echo,
      counted: echo,
      crashing: echo,
      modern: fixtureServer("modern-only", { era: "modern" }),
    },
  });
});
afterAll(() => gateway.stop());

function client(server: string): ModernClient {
  return new ModernClient(gateway.mcp(server));
}

function markOf(message: Message): unknown {
  return message.params?.["_meta"]?.[SUBSCRIPTION_ID] as unknown;
}

for (const server of ["echo", "modern"]) {
  test(`52. the acknowledgement of a listen is first, and every frame carries its id with its type (${server})`, async () => {
    const one = client(server);
    const uri = "echo://counter";
    const listens = await Promise.all([
      one.listen("abc", { ...LISTS, resourceSubscriptions: [uri] }),
      one.listen(7, { toolsListChanged: true }),
      one.listen("7", { promptsListChanged: true }),
      one.listen(0, {}),
    ]);
    expect(listens.map(({ acknowledged }) => [acknowledged.method, markOf(acknowledged)])).toEqual([
      [ACKNOWLEDGED, "abc"],
      [ACKNOWLEDGED, 7],
      [ACKNOWLEDGED, "7"],
      [ACKNOWLEDGED, 0],
    ]);
    const [all, tools, prompts, none] = listens;
    expect(all?.acknowledged.params?.["notifications"]).toEqual({
      ...LISTS,
      resourceSubscriptions: [uri],
    });
    expect(tools?.acknowledged.params?.["notifications"]).toEqual({ toolsListChanged: true });
    if (server === "echo") {
      await until(async () => wordsOf(await one.call("touch", { uri })) === "told");
    } else await one.call("touch", { uri });
    for (const what of ["tools", "prompts", "resources"]) await one.call("changed", { what });

    const heard = async (count: number, listen = all): Promise<unknown[]> => {
      const got: unknown[] = [];
      while (listen !== undefined && got.length < count) {
        const message = await nextMessage(listen.stream);
        got.push([message.method, markOf(message), message.params?.["uri"]]);
      }
      return got;
    };
    const changed = (what: string): string => `notifications/${what}/list_changed`;
    expect(await heard(4)).toEqual([
      [UPDATED, "abc", uri],
      [changed("tools"), "abc", undefined],
      [changed("prompts"), "abc", undefined],
      [changed("resources"), "abc", undefined],
    ]);
    expect(await heard(1, tools)).toEqual([[changed("tools"), 7, undefined]]);
    expect(await heard(1, prompts)).toEqual([[changed("prompts"), "7", undefined]]);

    // Nobody hears what was not asked for: the next change is the next message.
    await one.call("changed", { what: "tools" });
    expect(await heard(1, tools)).toEqual([[changed("tools"), 7, undefined]]);
    await Promise.all(listens.map(({ stream }) => stream.close()));
    await none?.stream.close();
  });
}

test("52. a listen without a filter, or with a wrong one, is -32602", async () => {
  const one = client("echo");
  for (const params of [
    {},
    { notifications: [] },
    { notifications: { toolsListChanged: "yes" } },
  ]) {
    const { message } = await one.request("subscriptions/listen", params);
    expect(message.error?.code).toBe(-32602);
  }
});

test("53. of two listens on one URI the first to close leaves the child subscribed, the last does not", async () => {
  const one = client("counted");
  const uri = "echo://item/53";
  const subscribed = async (): Promise<unknown> =>
    shownBy(await one.call("whoami"))["subscribed"] as unknown;
  const count = async (method: string): Promise<number> =>
    (await seenBy(one)).filter((message) => message.method === method).length;

  // By what the first alone follows it is seen when the gateway knows that it has left.
  const alone = "echo://item/alone";
  const first = await one.listen("first", { resourceSubscriptions: [uri, alone] });
  const second = await one.listen("second", { resourceSubscriptions: [uri] });
  await until(async () => (await count("resources/subscribe")) === 2);

  await first.stream.close();
  await until(async () => (await count("resources/unsubscribe")) === 1);
  expect(await subscribed()).toEqual([uri]);
  expect(wordsOf(await one.call("touch", { uri }))).toBe("told");
  expect(await nextMessage(second.stream)).toMatchObject({ method: UPDATED, params: { uri } });

  await second.stream.close();
  await until(async () => (await count("resources/unsubscribe")) === 2);
  expect(await subscribed()).toEqual([]);
  expect(await count("resources/subscribe")).toBe(2);
});

test("55. a child that crashes under a listen is subscribed again when it is back, and its lists are told as changed", async () => {
  const one = client("crashing");
  const uri = "echo://item/55";
  const filter = { ...LISTS, resourceSubscriptions: [uri] };
  const listen = await one.listen("through", filter);
  const pid = shownBy(await one.call("whoami"))["pid"] as number;
  const crashed = await one.call("crash");
  expect(crashed.message.error?.code).toBe(-32603);

  const changes = new Set<string>();
  while (changes.size < 3) {
    const message = await nextMessage(listen.stream, 20_000);
    expect(markOf(message)).toBe("through");
    changes.add(String(message.method));
  }
  expect([...changes].sort()).toEqual(
    ["prompts", "resources", "tools"].map((what) => `notifications/${what}/list_changed`),
  );
  const after = await until(async () => {
    const shown = shownBy(await one.call("whoami"));
    return (shown["subscribed"] as unknown[]).length > 0 && shown;
  });
  expect(after).toMatchObject({ subscribed: [uri] });
  expect(after["pid"]).not.toBe(pid);
  await one.call("touch", { uri });
  expect(await nextMessage(listen.stream)).toMatchObject({ method: UPDATED, params: { uri } });
  await listen.stream.close();
});

test("55. a listen on a modern child that crashes ends without a result, and a new one works", async () => {
  const one = client("modern");
  const filter = { notifications: { toolsListChanged: true } };
  const stream = await openModern(one.url, modernRequest("abrupt", "subscriptions/listen", filter));
  expect((await nextMessage(stream)).method).toBe(ACKNOWLEDGED);
  await one.call("exit", { code: 1 });
  expect(await stream.rest()).toEqual([]);
  const next = await one.listen("next", { toolsListChanged: true });
  expect(next.acknowledged.method).toBe(ACKNOWLEDGED);
  await next.stream.close();
});

test("52. a listen that the server ends has the graceful result", async () => {
  const one = client("modern");
  const listen = await one.listen("ended", { toolsListChanged: true });
  await one.call("end_listens");
  const last = await nextMessage(listen.stream);
  expect(last.id).toBe("ended");
  expect(last.result).toMatchObject({
    resultType: "complete",
    _meta: { [SUBSCRIPTION_ID]: "ended" },
  });
  expect(await listen.stream.rest()).toEqual([]);
});
