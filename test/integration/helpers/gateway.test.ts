/**
 * The helpers themselves, against the real gateway: each way to connect works, and what must be
 * noticed is noticed. What the gateway does is tested elsewhere.
 */
import { expect, test } from "bun:test";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { alive } from "../../helpers/processes.ts";
import { jsonOf, textOf } from "../../helpers/raw-http.ts";
import { RawSession, RawSseSession } from "../../helpers/raw-session.ts";
import { connectV1, connectV1Sse, connectV2, textOfResult } from "../../helpers/sdk.ts";
import { until } from "../../helpers/wait.ts";

const hello = { name: "echo", arguments: { text: "hello" } };

test("every kind of client reaches a fixture, and nothing is left behind", async () => {
  await using gateway = await startGateway({ servers: { echo: fixtureServer("echo") } });

  const raw = await RawSession.open(gateway.mcp("echo"), { revision: "2025-06-18" });
  expect(textOf(await raw.call("echo", { text: "hello" }))).toBe("hello");
  expect(jsonOf(await raw.call("whoami"))["initializeCount"]).toBe(1);
  expect((await raw.end()).status).toBe(200);

  const sse = await RawSseSession.open(gateway.sse("echo"));
  expect(await sse.initialize()).toHaveProperty("protocolVersion", "2024-11-05");
  expect(textOf(await sse.request("1", "tools/call", hello))).toBe("hello");
  await sse.close();

  const connections = await Promise.all([
    connectV1(gateway.mcp("echo")),
    connectV1Sse(gateway.sse("echo")),
    connectV2(gateway.mcp("echo")),
  ]);
  for (const { client } of connections) {
    expect(textOfResult(await client.callTool(hello))).toBe("hello");
    await client.close();
  }

  const started = gateway.processes();
  expect(started.length).toBeGreaterThan(0);
  expect((await gateway.stop()).exitCode).toBe(0);
  expect(started.filter(alive)).toEqual([]);
  expect(existsSync(gateway.folder)).toBe(false);
});

test("a question of a server reaches the handler of an SDK client", async () => {
  await using gateway = await startGateway({
    servers: { asks: fixtureServer("asks-for-input", { roots: "forward" }) },
  });
  const handlers = {
    sampling: () =>
      ({ role: "assistant", model: "m", content: { type: "text", text: "42" } }) as const,
    elicitation: () => ({ action: "accept", content: { name: "Ada" } }) as const,
    roots: () => ({ roots: [{ uri: "file:///somewhere" }] }),
  };
  const url = gateway.mcp("asks");
  for (const connect of [connectV1, connectV2]) {
    const { client } = await connect(url, { handlers });
    const ask = async (method: string) =>
      textOfResult(await client.callTool({ name: "ask", arguments: { method } }));
    expect(await ask("sampling/createMessage")).toContain("42");
    expect(await ask("elicitation/create")).toContain("Ada");
    expect(await ask("roots/list")).toContain("file:///somewhere");
    await client.close();
  }
});

test("a gateway that does not start is told with its words", async () => {
  await expect(startGateway({ config: "{ no config" })).rejects.toThrow(
    /it ended with 78[^]*config\.json/,
  );
});

test("a gateway that dies is no good end", async () => {
  const gateway = await startGateway({ servers: {} });
  gateway.signal("SIGKILL");
  await gateway.ended();
  await expect(gateway.stop()).rejects.toThrow("it ended with");
});

test("a process that lives on is noticed, and ended", async () => {
  const folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-helper-"));
  const script = "trap 'exit 0' TERM; sleep 60 & echo Listening on http://127.0.0.1:1; wait";
  const careless = new RunningGateway(["sh", "-c", script], folder, {});
  await careless.listening(10_000);
  const [sleeper = 0] = careless.processes();
  await expect(careless.stop()).rejects.toThrow(`processes live on: ${sleeper}`);
  await until(() => !alive(sleeper));
});
