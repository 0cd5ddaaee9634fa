/** The commands that look into a gateway that runs and steer it. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { gatewayCommand, startGateway } from "../../helpers/gateway.ts";
import { alive } from "../../helpers/processes.ts";
import { jsonOf, textOf, toolCall } from "../../helpers/raw-http.ts";
import { RawSession } from "../../helpers/raw-session.ts";
import { run } from "../../helpers/run-program.ts";
import { until } from "../../helpers/wait.ts";
import { command, commandJson, dataOf } from "./command.ts";

const echo = fixtureServer("echo");
const TEST_MS = 60_000;

describe("looking", () => {
  test(
    "status, tools and logs show what runs, for people and as JSON",
    async () => {
      await using gateway = await startGateway({
        servers: {
          echo,
          modern: fixtureServer("modern-only"),
          gone: { command: "no-such-program" },
        },
      });
      await RawSession.open(gateway.mcp("echo"));
      await gateway.untilLogged(/\[modern\].*→ ready/);
      const status = await command(gateway, "status");
      expect(status.exitCode).toBe(0);
      expect(status.stdout).toMatch(
        /^remote-mcp-proxy \S+, pid \d+, up \d+s, 1 session, \S+config\.json\n/,
      );
      expect(status.stdout).toMatch(/^echo +ready +\d+ +1 +0$/m);
      expect(status.stdout).toMatch(/^gone +failed .*no-such-program/m);
      const { servers, pid, draining } = await commandJson(gateway, "status");
      expect(pid).toBe(gateway.pid);
      expect(draining).toBe(false);
      expect(servers.map((one: { slug: string }) => one.slug)).toEqual(["echo", "modern", "gone"]);

      expect((await command(gateway, "tools", "echo")).stdout).toMatch(/^add +\[a\], \[b\] +add$/m);
      const tools = await commandJson(gateway, "tools", "modern");
      expect(tools["length"]).toBeGreaterThan(3);
      const none = await command(gateway, "tools", "gone");
      expect(none.exitCode).toBe(1);
      expect(none.stderr).toMatch(/no-such-program/);
      expect((await command(gateway, "tools", "nobody")).exitCode).toBe(1);

      const logs = await command(gateway, "logs", "echo", "-n", "5");
      expect(logs.stdout.trim().split("\n")).toHaveLength(5);
      expect(logs.stdout).not.toMatch(/\[(?!echo\])/);
      const all = await command(gateway, "logs");
      expect(all.stdout).toMatch(/\[modern\]/);
      expect(all.stdout).toMatch(/\[gone\]/);
      const asJson = await command(gateway, "logs", "echo", "-n", "2", "--json");
      for (const line of asJson.stdout.trim().split("\n"))
        expect(JSON.parse(line)).toMatchObject({ server: "echo", level: expect.any(String) });
    },
    TEST_MS,
  );

  test("logs -f goes on with each new line until the gateway stops", async () => {
    const gateway = await startGateway({ servers: { echo } });
    const session = await RawSession.open(gateway.mcp("echo"));
    const child = Bun.spawn([...gatewayCommand(), "logs", "-f", "-n", "0", "echo"], {
      env: { PATH: process.env["PATH"] ?? "", DATA_DIR: dataOf(gateway) },
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      let seen = "";
      const reading = (async () => {
        for await (const chunk of child.stdout) seen += new TextDecoder().decode(chunk);
      })();
      // Whether it listens already is seen by its first line.
      await until(async () => {
        await session.call("stderr", { text: "from now on" });
        return seen.includes("from now on");
      });
      await gateway.stop();
      await child.exited;
      await reading;
      expect(child.exitCode).toBe(0);
      expect(seen).toMatch(/\[echo\] session \S+ closed: the gateway stops/);
    } finally {
      child.kill();
    }
  });
});

describe("calling a tool", () => {
  test(
    "arguments take the types of the tool; the result is printed and the exit code says how it was",
    async () => {
      await using gateway = await startGateway({
        servers: { echo, modern: fixtureServer("modern-only") },
      });
      const outputs = [
        [["echo", "add", "a=2", "b=3"], "5\n"],
        [["echo", "echo", "text=5"], "5\n"],
        [["echo", "echo", "text=a=b:=c"], "a=b:=c\n"],
        [["echo", "echo", 'text:="quoted"'], "quoted\n"],
        [["echo", "progress", "steps=3"], "done\n"],
        [["echo", "big", "bytes=300000"], `${"x".repeat(300_000)}\n`],
        [["modern", "echo", "text=modern"], "modern\n"],
      ] as const;
      for (const [args, expected] of outputs) {
        const { exitCode, stdout, stderr } = await command(gateway, "call", ...args);
        expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
        expect(stdout).toBe(expected);
      }
      expect(await commandJson(gateway, "call", "echo", "add", "a=2", "b=3")).toMatchObject({
        content: [{ type: "text", text: "5" }],
      });
      const failures = [
        [["echo", "fail"], 1, /^$/, /^no\n$/],
        [["echo", "refuse", "message=not today"], 1, /not today \[CALL_FAILED\]$/m, /^$/],
        [["echo", "add", "a=two"], 2, /a: "two" is none of: number \[BAD_ARGUMENT\]/, /^$/],
        [["echo", "add", "a"], 2, /"a" is no argument: write key=value/, /^$/],
        [
          ["echo", "nothing"],
          1,
          /has no tool "nothing"; it has: echo, add.* \[NO_SUCH_TOOL\]/,
          /^$/,
        ],
        [["nobody", "echo"], 1, /No such server.* \[unknown_server\]/, /^$/],
      ] as const;
      for (const [args, code, stderr, stdout] of failures) {
        const end = await command(gateway, "call", ...args);
        expect(end.stderr).toMatch(stderr);
        expect(end.stdout).toMatch(stdout);
        expect(end.exitCode).toBe(code);
      }
      // It leaves no session behind.
      expect((await commandJson(gateway, "status"))["sessions"]).toBe(0);
    },
    TEST_MS,
  );
});

describe("steering", () => {
  test(
    "restart: another process, the sessions go on; a session with a child of its own ends",
    async () => {
      await using gateway = await startGateway({
        servers: { echo, own: fixtureServer("echo", { instances: "session" }) },
      });
      const session = await RawSession.open(gateway.mcp("echo"));
      const before = Number(jsonOf(await session.call("whoami"))["pid"]);
      const restarted = await commandJson(gateway, "restart", "echo");
      expect(restarted["state"]).toBe("ready");
      expect(restarted["pid"]).not.toBe(before);
      expect(alive(before)).toBe(false);
      expect(jsonOf(await session.call("whoami"))["pid"]).toBe(restarted["pid"]);

      const own = await RawSession.open(gateway.mcp("own"));
      const call = own.call("slow", { ms: 60_000 });
      await until(
        async () => (await commandJson(gateway, "status"))["servers"][1].load.unanswered > 0,
      );
      expect((await command(gateway, "restart", "own")).stdout).toMatch(/^own: /);
      expect((await call).error?.message).toMatch(/restarted by its operator/);
      expect((await own.post(toolCall(1, "echo"))).status).toBe(404);
    },
    TEST_MS,
  );

  test(
    "stop: nobody starts it, also no change of its entry, until it is started",
    async () => {
      await using gateway = await startGateway({ servers: { echo, other: echo } });
      const session = await RawSession.open(gateway.mcp("echo"));
      const pid = Number(jsonOf(await session.call("whoami"))["pid"]);
      const running = session.call("slow", { ms: 60_000 });
      await until(
        async () => (await commandJson(gateway, "status"))["servers"][0].load.unanswered > 0,
      );
      expect((await command(gateway, "stop", "echo")).stdout).toBe("echo: stopped\n");
      expect((await running).error?.message).toMatch(/stopped by its operator/);
      expect(alive(pid)).toBe(false);
      const refusal = (await session.call("echo", { text: "x" })).error;
      expect(refusal?.message).toMatch(/Server "echo" is stopped by its operator/);
      expect(refusal?.data?.["gateway"]).toMatchObject({ code: "UPSTREAM_UNAVAILABLE" });
      const opening = RawSession.open(gateway.mcp("echo"));
      expect(String(await opening.catch((error: unknown) => error))).toMatch(
        /stopped by its operator/,
      );

      const changed = { echo: fixtureServer("echo", { args: ["changed"] }), other: echo };
      writeFileSync(join(gateway.folder, "config.json"), JSON.stringify({ mcpServers: changed }));
      await gateway.untilLogged(/replaced echo/);
      expect((await commandJson(gateway, "status"))["servers"][0].state).toBe("stopped");

      expect((await command(gateway, "start", "echo")).stdout).toMatch(/^echo: ready, pid \d+\n$/);
      const next = await RawSession.open(gateway.mcp("echo"));
      expect(textOf(await next.call("echo", { text: "back" }))).toBe("back");
    },
    TEST_MS,
  );

  test("a server that does not start ends restart with 1 and its reason", async () => {
    await using gateway = await startGateway({ servers: { gone: { command: "no-such-program" } } });
    const { exitCode, stdout } = await command(gateway, "restart", "gone");
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^gone: failed \(.*no-such-program.* \[SERVER_STATE\]$/m);
    expect((await command(gateway, "restart", "nobody")).exitCode).toBe(1);
  });

  test("reload says what has changed, and 78 for a file that is wrong", async () => {
    await using gateway = await startGateway({ servers: { echo } });
    const path = join(gateway.folder, "config.json");
    expect((await command(gateway, "reload")).stdout).toMatch(/no server has changed/);
    const secret = { command: "x", args: "wrong" };
    writeFileSync(path, JSON.stringify({ mcpServers: { other: echo, echo: secret } }));
    const report = await until(async () => {
      const { stdout } = await command(gateway, "reload");
      return stdout.includes("kept as it was") ? stdout : undefined;
    });
    expect(report).toMatch(/kept as it was: echo \(mcpServers\.echo\.args/);
    writeFileSync(path, "{");
    const refused = await command(gateway, "reload");
    expect(refused.exitCode).toBe(78);
    expect(refused.stdout).toMatch(
      /config\.json:1:\d+: error: .* \[CONFIG_SYNTAX\]\n[^]*everything stays as it was/,
    );
  });
});

test("without a gateway, and with a wrong word, the exit codes say so", async () => {
  const nobody = await run(["status"], { env: { DATA_DIR: "/nonexistent" } });
  expect(nobody.exitCode).toBe(69);
  expect(nobody.stderr).toBe(
    "error: cannot reach /nonexistent/admin.sock: no gateway runs with this data folder. Name the folder as the gateway has it, with DATA_DIR or --config, or its socket with --socket. [NO_GATEWAY]\n",
  );
  for (const args of [["restart"], ["status", "--wrong"], ["logs", "-n", "many"]])
    expect((await run(args)).exitCode).toBe(2);
});

test("the config file of the gateway leads to its data folder", async () => {
  await using gateway = await startGateway({
    servers: { echo },
    proxy: { dataDir: "kept" },
    env: { DATA_DIR: "" },
  });
  const config = join(gateway.folder, "config.json");
  const child = Bun.spawn([...gatewayCommand(), "status", "--config", config], {
    cwd: gateway.folder,
    env: { PATH: process.env["PATH"] ?? "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  expect(await child.stdout.text()).toMatch(/^echo +/m);
  expect(await child.exited).toBe(0);
});
