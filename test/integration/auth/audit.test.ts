/** Who called what is in the log: one line for each call, with the person and the tool. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { startGateway } from "../../helpers/gateway.ts";
import { postModern, modernCall } from "../../helpers/modern.ts";
import { RawSession } from "../../helpers/raw-session.ts";
import { post, toolCall } from "../../helpers/raw-http.ts";
import { run } from "../../helpers/run-program.ts";
import { until } from "../../helpers/wait.ts";

test("T45 each call leaves one line with its person, server and tool, whatever it answers", async () => {
  const users = { ada: { admin: true }, ben: { servers: ["echo"] } };
  await using gateway = await startGateway({
    servers: { echo: fixtureServer("echo"), kept: fixtureServer("echo", { toolNames: "keep" }) },
    proxy: { auth: { required: true, users } },
  });
  const env = {
    DATA_DIR: join(gateway.folder, "data"),
    CONFIG_FILE: join(gateway.folder, "config.json"),
  };
  const keyOf = async (user: string): Promise<string> => {
    const { stdout } = await run(["key", "add", "--user", user, "--json"], { env });
    return `Bearer ${(JSON.parse(stdout) as { key: string }).key}`;
  };
  const [ada, ben] = [await keyOf("ada"), await keyOf("ben")];
  const session = await RawSession.open(gateway.mcp("echo"), { headers: { authorization: ada } });
  await session.call("echo", { text: "by ada" });
  await session.call("fail");
  const headers = { authorization: ben };
  await post(gateway.mcp("echo"), toolCall(77, "add", { a: 1, b: 2 }), { headers });
  await postModern(gateway.mcp("echo"), modernCall("m1", "echo", { text: "by ben" }), { headers });
  await post(gateway.mcp("kept"), toolCall(78, "echo"), { headers: { authorization: ada } });
  // Ben may not use it: there is no call, and a refusal without its name.
  expect((await post(gateway.mcp("kept"), toolCall(79, "echo"), { headers })).status).toBe(404);

  const calls = (): readonly string[] =>
    gateway.stderr.split("\n").filter((line) => line.includes("Method: tools/call"));
  await until(() => calls().length >= 5);
  const seen = calls().map((line) =>
    / \[(\w+)\] .*User: (\w+), Tool: "(\w+)", (\w+) in/.exec(line)?.slice(1),
  );
  expect(seen).toEqual([
    ["echo", "ada", "echo", "result"],
    ["echo", "ada", "fail", "result"],
    ["echo", "ben", "add", "result"],
    ["echo", "ben", "echo", "result"],
    ["kept", "ada", "echo", "result"],
  ]);
  expect(gateway.stderr).not.toContain("by ada");
});
