/**
 * Number 58 of the protocol design's one-line tests: nothing is cut for being quiet. One wait of a
 * good minute serves all kinds of streams and waiting answers at once; the time is the child's own,
 * which answers two calls only then. The gateway has its default times.
 */
import { expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { startGateway } from "../../helpers/gateway.ts";
import { jsonOf, messageOf, openPost, textOf, toolCall } from "../../helpers/raw-http.ts";
import { RawSession, RawSseSession } from "../../helpers/raw-session.ts";

/** Longer than four keep-alive comments are apart, and than every idle time-out on the way. */
const QUIET_MS = 62_000;
const DEADLINE_MS = 75_000;

test(
  "58. streams that are quiet for 60 s stay open, and quiet calls are not cancelled",
  async () => {
    await using gateway = await startGateway({ servers: { echo: fixtureServer("echo") } });
    const url = gateway.mcp("echo");
    const slow = (id: number) => toolCall(id, "slow", { ms: QUIET_MS, text: `call ${id}` });

    const session = await RawSession.open(url);
    const standalone = await session.stream();
    const sse = await RawSseSession.open(gateway.sse("echo"));
    await sse.initialize();
    const startedMs = performance.now();
    const asJson = session.post(slow(1), {
      accept: "application/json",
      deadlineMs: DEADLINE_MS,
    });
    const stream = session.openPost(slow(2), { deadlineMs: DEADLINE_MS });
    const stateless = openPost(url, slow(3), { deadlineMs: DEADLINE_MS });
    await sse.post(slow(4));

    const posted = (await stream).stream;
    const other = (await stateless).stream;
    const [json, viaPost, viaStateless, viaSse] = await Promise.all([
      asJson,
      posted.find(({ data }) => data !== undefined && data !== "", DEADLINE_MS).then(messageOf),
      other.find(({ data }) => data !== undefined && data !== "", DEADLINE_MS).then(messageOf),
      sse.next(DEADLINE_MS),
      // Read beside the others, so that its comments are taken as they come.
      standalone.find(({ data }) => data === "", DEADLINE_MS),
    ]);
    expect(performance.now() - startedMs).toBeGreaterThan(60_000);
    expect(textOf(json.messages[0])).toBe("call 1");
    expect(json.headers.get("content-type")).toBe("application/json");
    expect([viaPost, viaStateless, viaSse].map(textOf)).toEqual(["call 2", "call 3", "call 4"]);

    // The stand-alone streams said nothing all the time, and still carry what comes.
    await session.call("changed");
    const late = await standalone.find(({ data }) => data !== undefined && data !== "");
    expect(messageOf(late).method).toBe("notifications/tools/list_changed");
    for (const reader of [posted, other, sse.stream, standalone]) {
      const comments = reader.comments.filter((comment) => comment.includes("keep-alive"));
      expect(comments.length).toBeGreaterThanOrEqual(3);
    }
    expect(standalone.comments.length).toBeGreaterThanOrEqual(4);

    const lines = jsonOf(await session.call("seen")) as unknown as readonly string[];
    expect(lines.filter((line) => line.includes("notifications/cancelled"))).toEqual([]);
    await sse.close();
  },
  DEADLINE_MS + 15_000,
);
