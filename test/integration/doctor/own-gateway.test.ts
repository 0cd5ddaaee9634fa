/** The doctor on our own gateway: it finds nothing wrong, by subdomain and by path, with token and key. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { testAuthority } from "../../helpers/auth/authority.ts";
import { Browser } from "../../helpers/auth/browser.ts";
import { connect } from "../../helpers/auth/oauth-client.ts";
import { startSecureGateway } from "../../helpers/auth/secure-gateway.ts";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { startGateway } from "../../helpers/gateway.ts";
import { run } from "../../helpers/run-program.ts";
import { walkUrl } from "./way.ts";

const way = {
  ca: testAuthority().caFile,
  resolve: ["echo.mcp.test=127.0.0.1", "other.mcp.test=127.0.0.1", "mcp.test=127.0.0.1"],
};

test("with authentication nothing is wrong from the name to a call", async () => {
  await using secure = await startSecureGateway({ servers: { echo: fixtureServer("echo") } });
  const { tokens } = await connect(new Browser(), secure.mcp("echo"));
  const call = { call: "echo", arguments: '{"text":"hello"}' };
  const byToken = await walkUrl(secure.mcp("echo"), { ...way, ...call, token: tokens.access });
  expect(byToken.complaints).toEqual([]);
  expect(byToken.findings.at(-1)).toMatchObject({ step: "call", level: "ok" });

  const env = { DATA_DIR: join(secure.gateway.folder, "data") };
  const { key } = JSON.parse((await run(["key", "add", "--json"], { env })).stdout);
  const byKey = await walkUrl(secure.pathMcp("echo"), { ...way, token: key });
  expect(byKey.complaints).toEqual([]);
  // What it left behind is one client for each walk, which nobody uses.
  expect(byKey.findings.filter(({ step }) => step === "registration")).toHaveLength(1);

  const stranger = await walkUrl(secure.mcp("other"), way);
  expect(stranger.exitCode).toBe(1);
  // Nobody learns at the door which servers there are.
  expect(stranger.complaints[0]).toMatch(
    /^wrong registration: .*404.*there may be none of that name/,
  );
});

test("on this machine without authentication only that is said", async () => {
  await using gateway = await startGateway({ servers: { echo: fixtureServer("echo") } });
  const { exitCode, complaints } = await walkUrl(gateway.mcp("echo"), {});
  expect(complaints.map((one) => one.split(":")[0])).toEqual([
    "warning address",
    "skipped connection",
  ]);
  expect(exitCode).toBe(0);
});
