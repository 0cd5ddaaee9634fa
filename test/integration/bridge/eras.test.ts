/**
 * Which era a child is opened in: the numbered one-line tests of the protocol design about probes,
 * verdicts and cold starts (27 to 30).
 */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openingParams } from "../../../src/codec/client-capabilities.ts";
import { createSystemClock } from "../../../src/runtime/system-clock.ts";
import { probeEra } from "../../../src/upstream/era-probe.ts";
import { jsonBytes } from "../../../src/wire/message.ts";
import { fixturePath, fixtureServer } from "../../helpers/fixtures.ts";
import { startGateway } from "../../helpers/gateway.ts";
import { META, ModernClient, seenBy, shownBy, wordsOf } from "../../helpers/modern.ts";
import { alive } from "../../helpers/processes.ts";
import { jsonOf, post } from "../../helpers/raw-http.ts";
import { initializeRequest, RawSession } from "../../helpers/raw-session.ts";
import { serverConfig } from "../../helpers/server-config.ts";
import { until } from "../../helpers/wait.ts";
import { createHarness } from "../supervisor/harness.ts";

const { supervisor, events } = createHarness();
const folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-eras-"));
afterAll(async () => {
  await supervisor.shutdown("the tests are over");
  rmSync(folder, { recursive: true, force: true });
});

test("27. a child that exits on server/discover is legacy, and the serving process never sees server/discover", async () => {
  await using gateway = await startGateway({ servers: { rmcp: fixtureServer("rmcp-like") } });
  const one = new ModernClient(gateway.mcp("rmcp"));
  const discovered = await one.request("server/discover");
  expect(discovered.result["_meta"][`${META}serverInfo`].name).toBe("rmcp-like");
  const pid = wordsOf(await one.call("pid"));
  await gateway.untilLogged(/"rmcp" is not known to speak 2026-07-28: it ended \(1\)/);

  expect(wordsOf(await one.call("echo", { text: "still here" }))).toBe("still here");
  expect(wordsOf(await one.call("pid"))).toBe(pid);
  const methods = (await seenBy(one)).map(({ method }) => method);
  expect(methods.slice(0, 2)).toEqual(["initialize", "notifications/initialized"]);
  expect(methods).not.toContain("server/discover");
});

describe("28. a child that is silent on server/discover is legacy", () => {
  test("28. by the verdict of the probe", async () => {
    const before = events.length;
    const verdict = await probeEra({
      server: serverConfig({
        command: process.execPath,
        args: [fixturePath("silent-on-discover")],
      }),
      opening: jsonBytes(openingParams("modern", "{}", { name: "gateway", version: "1" })),
      supervisor,
      clock: createSystemClock(),
      emit: (event) => events.push(event),
      maxJsonDepth: 64,
      totalMs: 400,
    });
    expect(verdict).toMatchObject({ modern: false, isCertain: true });
    expect(verdict.reason).toContain("no answer within 400 ms");
    const pids = events
      .slice(before)
      .flatMap((event) => (event.kind === "child.spawned" ? [event.pid] : []));
    expect(pids).toHaveLength(1);
    expect(pids.filter(alive)).toEqual([]);
  });

  test("28. and it serves both eras while nobody knows yet", async () => {
    await using gateway = await startGateway({
      servers: { silent: fixtureServer("silent-on-discover") },
    });
    const one = new ModernClient(gateway.mcp("silent"));
    expect(wordsOf(await one.call("echo", { text: "modern" }))).toBe("modern");
    const session = await RawSession.open(gateway.mcp("silent"));
    expect(jsonOf(await session.call("seen"))[0]).toContain('"initialize"');
    expect((await seenBy(one)).map(({ method }) => method)).not.toContain("server/discover");
  });
});

test("29. a dual-era child runs as two processes for a modern and then a legacy client, and neither sees the other's opening", async () => {
  const dataFolder = join(folder, "29");
  const options = { servers: { dual: fixtureServer("dual-era") }, env: { DATA_DIR: dataFolder } };
  const run = async (): Promise<void> => {
    await using gateway = await startGateway(options);
    const url = gateway.mcp("dual");
    const one = new ModernClient(url);
    const modern = await until(async () => {
      const shown = shownBy(await one.call("whoami"));
      return shown["era"] === "modern" && shown;
    });
    const session = await RawSession.open(url);
    const legacy = jsonOf(await session.call("whoami"));
    expect(legacy["era"]).toBe("legacy");
    expect(legacy["pid"]).not.toBe(modern["pid"]);

    const modernLines = JSON.stringify(await seenBy(one));
    expect(modernLines).not.toContain('"initialize"');
    expect(modernLines).not.toContain("notifications/initialized");
    const legacyLines = JSON.stringify(jsonOf(await session.call("seen")));
    expect(legacyLines).not.toContain("server/discover");
    expect(legacyLines).not.toContain(META);
    // Both are still the same processes.
    expect(shownBy(await one.call("whoami"))).toEqual(modern);
    expect(jsonOf(await session.call("whoami"))).toEqual(legacy);
  };
  await run();
  // The second time the verdict is known from the start.
  await run();
});

test("29. a server that refuses `initialize` as modern only is opened so at once, for clients of both eras", async () => {
  await using gateway = await startGateway({ servers: { modern: fixtureServer("modern-only") } });
  const url = gateway.mcp("modern");
  const [session, answer] = await Promise.all([
    RawSession.open(url),
    new ModernClient(url).call("whoami"),
  ]);
  expect(jsonOf(await session.call("whoami"))).toEqual(shownBy(answer));
  await gateway.untilLogged(/starting → ready/);
  expect(gateway.stderr).not.toContain("backoff");
  expect(gateway.stderr.match(/starting → ready/g)).toHaveLength(1);
});

describe("30. with a cached verdict a slow child costs server/discover nothing", () => {
  test("30. it is answered at once, and never with 5xx", async () => {
    const held = join(folder, "30.held");
    const options = {
      servers: { slow: fixtureServer("held-start", { env: { HELD_BY: held } }) },
      env: { DATA_DIR: join(folder, "30") },
    };
    const first = await startGateway(options);
    const before = await new ModernClient(first.mcp("slow")).request("server/discover");
    await first.untilLogged(/"slow" is not known to speak 2026-07-28/);
    await new ModernClient(first.mcp("slow")).request("tools/list");
    await first.stop();

    writeFileSync(held, "");
    await using second = await startGateway(options);
    const one = new ModernClient(second.mcp("slow"));
    const deadlineMs = 3000;
    try {
      const { status, result } = await one.request("server/discover", {}, {}, { deadlineMs });
      expect([status, result]).toEqual([200, before.result]);
      const listed = await one.request("tools/list", {}, {}, { deadlineMs });
      expect(listed.result["tools"]).toMatchObject([{ name: "first" }]);
      const opened = await post(one.url, initializeRequest(), { deadlineMs });
      expect(opened.messages[0]?.result?.["serverInfo"]).toMatchObject({ name: "held-start" });
    } finally {
      rmSync(held, { force: true });
    }
    expect(wordsOf(await one.call("first"))).toBe("called");
  });
});
