/** `/metrics`, the rules and the scrape file, judged by the program that Prometheus brings for it. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { fixtureServer } from "../helpers/fixtures.ts";
import { startGateway } from "../helpers/gateway.ts";
import { RawSession } from "../helpers/raw-session.ts";

const repository = join(import.meta.dirname, "../..");

async function promtool(args: readonly string[], input = ""): Promise<string> {
  const child = Bun.spawn(["promtool", ...args], {
    cwd: repository,
    stdio: [Buffer.from(input), "pipe", "pipe"],
  });
  const [exitCode, stdout, stderr] = await Promise.all([
    child.exited,
    child.stdout.text(),
    child.stderr.text(),
  ]);
  const said = `${stdout}${stderr}`;
  expect(`${exitCode} ${said}`).toStartWith("0 ");
  return said;
}

test("the metrics of a running gateway, without a complaint of the linter", async () => {
  await using gateway = await startGateway({
    servers: { one: fixtureServer("echo"), noisy: fixtureServer("noisy-stdout") },
    proxy: { health: { sampleInterval: "1s" } },
  });
  const session = await RawSession.open(gateway.mcp("one"));
  await session.call("echo", { text: "x" });
  await session.call("crash").catch(() => undefined);
  await gateway.untilLogged(/\[one\] shared: starting → ready .*/);
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(await promtool(["check", "metrics"], text)).toBe("");
});

test("the rules, the scrape file, and when each alert fires", async () => {
  await promtool(["check", "rules", "docs/monitoring/alerts.yml"]);
  await promtool(["check", "config", "--syntax-only", "docs/monitoring/prometheus.yml"]);
  await promtool(["test", "rules", "test/fixtures/monitoring/alerts.test.yml"]);
});
