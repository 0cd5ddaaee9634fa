/** A child that writes nonsense without end keeps neither other callers nor the stop waiting. */
import { expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { startGateway } from "../../helpers/gateway.ts";
import { textOf } from "../../helpers/raw-http.ts";
import { RawSession } from "../../helpers/raw-session.ts";

test.each([
  ["lines of nonsense", ["noise"]],
  ["notifications for nobody", ['{"jsonrpc":"2.0","method":"notifications/progress","params":{}}']],
  ["answers to nobody", ['{"jsonrpc":"2.0","id":99,"result":{}}']],
])("%s", async (_, words) => {
  await using gateway = await startGateway({
    servers: { one: fixtureServer("echo"), flood: { command: "yes", args: words } },
  });
  await gateway.untilLogged(/\[flood\].*(skipped|dropped)/);
  const session = await RawSession.open(gateway.mcp("one"));
  for (let count = 0; count < 5; count++)
    expect(textOf(await session.call("echo", { text: `${count}` }))).toBe(`${count}`);
  expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
  const told = gateway.stderr
    .split("\n")
    .filter((line) => /\[flood\].*(skipped|dropped)/.test(line));
  // Some at once and then a few each second, not one for each of a million lines.
  expect(told.length).toBeLessThan(2000);
});
