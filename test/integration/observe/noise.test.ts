/** A server that writes what is no message, as fast as it can: the others do not notice. */
import { expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { startGateway } from "../../helpers/gateway.ts";
import { parsePrometheus, valueIn } from "../../helpers/prometheus.ts";
import { textOf } from "../../helpers/raw-http.ts";
import { RawSession } from "../../helpers/raw-session.ts";

test("its lines are counted and a few are shown, while another server answers every call", async () => {
  await using gateway = await startGateway({
    servers: { good: fixtureServer("echo"), loud: fixtureServer("floods", { args: ["stdout"] }) },
  });
  const session = await RawSession.open(gateway.mcp("good"));
  await gateway.untilLogged(/\[loud\] shared: skipped \d+ lines on stdout/);
  for (let call = 0; call < 50; call++) {
    expect(textOf(await session.call("echo", { text: `call ${call}` }))).toBe(`call ${call}`);
  }
  const families = parsePrometheus(await (await fetch(`${gateway.url}/metrics`)).text());
  const lines = valueIn(families, "remote_mcp_proxy_stdout_noise_lines_total", { server: "loud" });
  const shown = gateway.stderr
    .split("\n")
    .filter((line) => line.includes("[loud] shared: skipped"));
  expect(lines).toBeGreaterThan(10_000);
  expect(shown.length).toBeLessThan(200);
}, 60_000);
