/**
 * A server that starts slowly does not fail its clients: what the last run learnt is answered at
 * once, and what turns out different is announced (protocol.md 9.14, issue "Every era", 7).
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { openGet, post, request } from "../../helpers/raw-http.ts";
import { initializeRequest } from "../../helpers/raw-session.ts";

const MODERN = "2026-07-28";
const ENVELOPE = {
  "io.modelcontextprotocol/protocolVersion": MODERN,
  "io.modelcontextprotocol/clientCapabilities": {},
};

let folder: string;
let gateway: RunningGateway;
const held = (): string => join(folder, "held");

async function start(): Promise<RunningGateway> {
  const env = { HELD_BY: held(), TOOL_IN: join(folder, "tool") };
  return startGateway({
    servers: { slow: fixtureServer("held-start", { env, era: "legacy" }) },
    env: { DATA_DIR: join(folder, "data") },
  });
}

const toolNames = (message: { result?: unknown } | undefined): readonly string[] =>
  ((message?.result as { tools?: readonly { name: string }[] })?.tools ?? []).map(
    (one) => one.name,
  );

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-cold-"));
  const first = await start();
  const listed = await post(first.mcp("slow"), request(1, "tools/list"));
  expect(toolNames(listed.messages[0])).toEqual(["first"]);
  await first.stop();
  writeFileSync(held(), "");
  writeFileSync(join(folder, "tool"), "second");
  gateway = await start();
});
afterAll(async () => {
  rmSync(held(), { force: true });
  await gateway.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("initialize, server/discover and tools/list are answered while the server still starts", async () => {
  const url = gateway.mcp("slow");
  const opened = await post(url, initializeRequest({}));
  const session = opened.session ?? "";
  expect(opened.messages[0]?.result).toMatchObject({ serverInfo: { name: "held-start" } });
  const listed = await post(url, request(2, "tools/list"), { session });
  expect(toolNames(listed.messages[0])).toEqual(["first"]);

  const modern = { version: MODERN, headers: { "mcp-method": "server/discover" } };
  const discovered = await post(url, request(3, "server/discover", { _meta: ENVELOPE }), modern);
  expect(discovered.messages[0]?.result).toMatchObject({
    supportedVersions: [MODERN],
    resultType: "complete",
  });
  const health = await fetch(`${gateway.url}/servers/slow/health`);
  expect(await health.json()).toMatchObject({ state: "starting" });

  // Now it may start: it has another tool than the one that was told.
  const stream = await openGet(url, { session });
  rmSync(held());
  const told = await stream.stream.find((event) => event.data?.includes("list_changed") === true);
  expect(told.data).toContain("notifications/tools/list_changed");
  const again = await post(url, request(4, "tools/list"), { session });
  expect(toolNames(again.messages[0])).toEqual(["second"]);
  await stream.stream.close();
});
