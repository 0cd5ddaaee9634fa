/**
 * A child that the kernel kills for lack of memory is told apart from one that somebody has killed:
 * the gateway in a memory control group of its own (version 2 or 1), as in a container with a limit.
 * Needs root, or a control group that was delegated.
 */
import { expect, test } from "bun:test";
import { readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { fixtureServer } from "../helpers/fixtures.ts";
import { gatewayCommand, RunningGateway } from "../helpers/gateway.ts";
import { makeMemoryGroup } from "../helpers/memory-group.ts";
import { get } from "../helpers/raw-http.ts";
import { RawSession } from "../helpers/raw-session.ts";
import { makeFolder } from "../helpers/run-program.ts";
import { SOON_MS, until } from "../helpers/wait.ts";

/** Room for the gateway and a child that eats nothing. */
const LIMIT_BYTES = 400 * 1024 * 1024;

test("a child that took too much memory went down by that, and by nothing else", async () => {
  const group = makeMemoryGroup(`remote-mcp-proxy-test-${process.pid}`, LIMIT_BYTES);
  const config = {
    mcpServers: { eats: fixtureServer("eats"), echo: fixtureServer("echo") },
    proxy: { health: { alertMemory: 0 } },
  };
  const folder = makeFolder({ "config.json": config });
  const enter = ["sh", "-c", `echo $$ > '${group}/cgroup.procs'; exec "$@"`, "sh"];
  const gateway = new RunningGateway([...enter, ...gatewayCommand(), "--port", "0"], folder, {
    PATH: process.env["PATH"] ?? "",
    HOME: folder,
    DATA_DIR: join(folder, "data"),
  });
  const causeOf = async (server: string): Promise<unknown> => {
    const { json } = await get(`${gateway.url}/health/servers/${server}`);
    const { history } = json as { history: readonly { to: string; kind: string }[] };
    return history.find(({ to }) => to === "backoff");
  };
  try {
    await gateway.listening(SOON_MS);
    await gateway.untilLogged(/\[eats\].*→ ready/);
    await gateway.untilLogged(/\[echo\].*→ ready/);
    const session = await RawSession.open(gateway.mcp("eats"));
    const { error } = await session.call("eat", { megabytes: 1_000 });
    expect(error?.message).toContain("was ended by SIGKILL");
    expect(await until(() => causeOf("eats"))).toMatchObject({
      kind: "out-of-memory",
      signal: "SIGKILL",
      cause: "ended by SIGKILL: the kernel was out of memory",
    });
    // The same signal from elsewhere is no lack of memory.
    const { json } = await get(`${gateway.url}/health/servers/echo`);
    const { instances } = json as { instances: readonly { pid: number }[] };
    process.kill(instances[0]?.pid ?? 0, "SIGKILL");
    expect(await until(() => causeOf("echo"))).toMatchObject({ kind: "signal", signal: "SIGKILL" });
    await gateway.stop();
  } finally {
    await until(() => readFileSync(join(group, "cgroup.procs"), "utf8") === "");
    rmdirSync(group);
  }
});
