/**
 * Roots by policy: none (default), configured ones, and those of the client; what the child is told
 * at its `initialize`, and who answers `roots/list`.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type EntryKeys, fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { jsonOf, notification } from "../../helpers/raw-http.ts";
import { RawSession } from "../../helpers/raw-session.ts";
import { until } from "../../helpers/wait.ts";
import { ALL, nextOf, reply, startCall } from "./asker.ts";
import { received, withMethod } from "./seen.ts";

const CHANGED = "notifications/roots/list_changed";
let gateway: RunningGateway;

beforeAll(async () => {
  const asks = (keys: EntryKeys = {}) => fixtureServer("asks-for-input", keys);
  const eager = { env: { ASK_ON_INITIALIZED: "roots/list" } };
  gateway = await startGateway({
    servers: {
      none: asks(),
      forward: asks({ roots: "forward" }),
      eager: asks({ roots: "forward", ...eager }),
      fixed: asks({ roots: ["/srv/data", "file:///srv/more"] }),
      fixedshared: asks({ roots: ["/srv/data"], instances: "shared", ...eager }),
    },
  });
});
afterAll(() => gateway.stop());

const open = (server: string, capabilities: object = ALL) =>
  RawSession.open(gateway.mcp(server), { capabilities });
const ask = async (session: RawSession) =>
  jsonOf(await session.call("ask", { method: "roots/list" }));
const declared = async (session: RawSession) => jsonOf(await session.call("declared"));

test("none: a child is told of no roots and cannot ask for any", async () => {
  const session = await open("none");
  expect(await declared(session)).toEqual({
    protocolVersion: "2025-11-25",
    capabilities: { sampling: {}, elicitation: {} },
    clientInfo: { name: "raw-client", version: "1.0.0" },
  });
  expect((await ask(session))["error"]).toMatchObject({ code: -32601 });
  expect((await session.post(notification(CHANGED))).status).toBe(202);
  expect(withMethod(await received(session), CHANGED)).toEqual([]);
});

test("none: roots alone give a client no child of its own", async () => {
  const [one, two] = [await open("none", { roots: {} }), await open("none", {})];
  const pids = [await one.call("whoami"), await two.call("whoami")].map((answer) => jsonOf(answer));
  expect(pids[0]?.["pid"]).toBe(pids[1]?.["pid"]);
});

test("forward: the client is asked, and its changes are told", async () => {
  const session = await open("forward", { roots: { listChanged: true } });
  expect((await declared(session))["capabilities"]).toEqual({ roots: { listChanged: true } });
  const stream = await startCall(session, "ask", { method: "roots/list" });
  const roots = [{ uri: "file:///home/a", name: "a" }];
  await reply(session, (await nextOf(stream)).id, { result: { roots } });
  expect(jsonOf(await nextOf(stream))).toEqual({ result: { roots } });
  await session.post(notification(CHANGED));
  expect(withMethod(await received(session), CHANGED)).toHaveLength(1);
});

test("forward: a child that asks as soon as it is initialized is answered", async () => {
  const session = await open("eager");
  const stream = await session.stream();
  const question = await nextOf(stream);
  expect(question.method).toBe("roots/list");
  await reply(session, question.id, { result: { roots: [] } });
  const heard = async () => jsonOf(await session.call("answers"))[0] as unknown;
  expect(await until(heard)).toEqual({ method: "roots/list", answer: { result: { roots: [] } } });
  await stream.close();
});

test("a list: the gateway answers, for a child of its own and for a shared one", async () => {
  const roots = [{ uri: "file:///srv/data" }, { uri: "file:///srv/more" }];
  const own = await open("fixed");
  expect(await ask(own)).toEqual({ result: { roots } });
  expect((await declared(own))["capabilities"]).toEqual({
    sampling: {},
    elicitation: {},
    roots: {},
  });
  await own.post(notification(CHANGED));
  expect(withMethod(await received(own), CHANGED)).toEqual([]);
  const plain = await open("fixed", {});
  expect(await ask(plain)).toEqual({ result: { roots } });
  expect((await declared(plain))["capabilities"]).toEqual({ roots: {} });
});

test("a list: a shared child that asks at once is answered before any client comes", async () => {
  const session = await open("fixedshared");
  const heard = async () => jsonOf(await session.call("answers"))[0] as unknown;
  expect(await until(heard)).toEqual({
    method: "roots/list",
    answer: { result: { roots: [{ uri: "file:///srv/data" }] } },
  });
});
