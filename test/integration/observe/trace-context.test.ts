/** W3C trace context: from the HTTP request, or from the client's own `_meta`, to the child. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { startGateway, type RunningGateway } from "../../helpers/gateway.ts";
import { modernCall, postModern } from "../../helpers/modern.ts";
import { jsonOf, toolCall, type Members } from "../../helpers/raw-http.ts";
import { RawSession, RawSseSession } from "../../helpers/raw-session.ts";

const PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const headers = { traceparent: PARENT, tracestate: "vendor=1" };

let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({
    servers: {
      shared: fixtureServer("echo", { instances: "shared" }),
      own: fixtureServer("echo", { instances: "session" }),
      modern: fixtureServer("modern-only"),
    },
  });
});
afterAll(() => gateway.stop());

/** The `_meta` of the last call of `seen` that reached the child. */
function metaOf(message: Parameters<typeof jsonOf>[0]): Members {
  const lines = jsonOf(message) as unknown as readonly string[];
  const calls = lines
    .map((line) => JSON.parse(line) as { method?: string; params?: Members })
    .filter(({ method }) => method === "tools/call");
  return (calls.at(-1)?.params?.["_meta"] ?? {}) as Members;
}

test.each(["shared", "own", "modern"])("a legacy client's headers reach %s", async (server) => {
  const session = await RawSession.open(gateway.mcp(server));
  const posted = await session.post(toolCall(1, "seen"), session.options({ headers }));
  expect(metaOf(posted.messages.at(-1))).toMatchObject(headers);
});

test("over HTTP+SSE too", async () => {
  const session = await RawSseSession.open(gateway.sse("shared"));
  await session.initialize();
  await session.post(toolCall(1, "seen"), { headers });
  expect(metaOf(await session.next())).toMatchObject(headers);
  await session.close();
});

test.each(["shared", "modern"])("a modern client's headers reach %s", async (server) => {
  const posted = await postModern(gateway.mcp(server), modernCall(1, "seen"), { headers });
  expect(metaOf(posted.messages.at(-1))).toMatchObject(headers);
});

test.each(["shared", "modern"])("its own `_meta` is stronger, for %s", async (server) => {
  const meta = { traceparent: PARENT.replace("4bf9", "aaaa"), tracestate: "mine=1" };
  const body = modernCall(1, "seen", {}, { meta });
  const posted = await postModern(gateway.mcp(server), body, { headers });
  expect(metaOf(posted.messages.at(-1))).toMatchObject(meta);
});

test("what is no trace context is not handed on", async () => {
  const session = await RawSession.open(gateway.mcp("shared"));
  const wrong = { traceparent: "00-xyz", tracestate: "vendor=1" };
  const posted = await session.post(toolCall(1, "seen"), session.options({ headers: wrong }));
  const meta = metaOf(posted.messages.at(-1));
  expect(meta["traceparent"]).toBeUndefined();
  expect(meta["tracestate"]).toBeUndefined();
});
