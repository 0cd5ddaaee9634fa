/** The executable as it is shipped: files of the log and `/metrics` need no file beside it. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startGateway } from "../helpers/gateway.ts";
import { parsePrometheus, valueIn } from "../helpers/prometheus.ts";
import { RawSession } from "../helpers/raw-session.ts";
import { until } from "../helpers/wait.ts";

test("writes its log to files and shows its metrics", async () => {
  const folder = { LOG_DIR: "logs", LOG_FORMAT: "json" };
  await using gateway = await startGateway({ binary: true, env: folder });
  const session = await RawSession.open(gateway.mcp("demo"));
  await session.call("echo", { text: "x" });
  const read = (name: string): string => {
    const path = join(gateway.folder, "logs", name);
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  };
  const line = await until(() => {
    const lines = read("mcp-demo.log").split("\n");
    return lines.find((one) => one.includes('"method":"tools/call"'));
  });
  expect(JSON.parse(line)).toMatchObject({ server: "demo", outcome: "result", era: "legacy" });
  expect(read("system.log")).toContain('"event":"gateway.');
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const labels = { server: "demo", era: "legacy", method_class: "call", outcome: "result" };
  expect(valueIn(parsePrometheus(text), "remote_mcp_proxy_requests_total", labels)).toBe(1);
});
