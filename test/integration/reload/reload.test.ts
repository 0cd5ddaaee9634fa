/**
 * The configuration is read again while the gateway serves: what has changed changes, and nobody else
 * notices.
 */
import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { startGateway } from "../../helpers/gateway.ts";
import { alive } from "../../helpers/processes.ts";
import { get, jsonOf, messageOf, post, textOf, toolCall } from "../../helpers/raw-http.ts";
import { initializeRequest, RawSession, RawSseSession } from "../../helpers/raw-session.ts";
import { until } from "../../helpers/wait.ts";
import { configFileOf, rewrite, untilRead } from "./config-file.ts";

const echo = fixtureServer("echo");
const late = fixtureServer("late-answers");

async function pidOf(session: RawSession): Promise<number> {
  return Number(jsonOf(await session.call("whoami"))["pid"]);
}

async function states(url: string): Promise<Readonly<Record<string, string>>> {
  const { json } = await get(`${url}/listmcp`, { accept: null });
  const { servers } = json as { servers: readonly { slug: string; state: string }[] };
  return Object.fromEntries(servers.map(({ slug, state }) => [slug, state]));
}

describe("servers by difference", () => {
  test("one is added, one goes; the others keep process, session, stream and call", async () => {
    await using gateway = await startGateway({
      servers: { stays: late, steady: echo, goes: echo },
    });
    const session = await RawSession.open(gateway.mcp("stays"));
    const stream = await session.stream();
    const old = await RawSseSession.open(gateway.sse("steady"));
    await old.initialize();
    const pids = [await pidOf(await RawSession.open(gateway.mcp("steady")))];
    const held = session.call("hold", { text: "held through the change" });
    await until(async () => textOf(await session.call("held")) === "1");
    const leaver = await RawSession.open(gateway.mcp("goes"));
    const leaverPid = await pidOf(leaver);

    const said = await rewrite(gateway, { stays: late, steady: echo, comes: echo });
    expect(said).toBe(
      "configuration read again (the file has changed): started comes; stopped goes",
    );
    const comes = await RawSession.open(gateway.mcp("comes"));
    expect(textOf(await comes.call("echo", { text: "new" }))).toBe("new");
    expect((await post(gateway.mcp("goes"), toolCall(1, "echo"))).status).toBe(404);
    expect((await leaver.post(toolCall(1, "echo"))).status).toBe(404);
    expect(alive(leaverPid)).toBe(false);

    expect(textOf(await session.call("release"))).toBe("1");
    expect(textOf(await held)).toBe("held through the change");
    expect(stream.ended).toBe(false);
    expect((await old.request(1, "ping")).result).toEqual({});
    expect(await pidOf(await RawSession.open(gateway.mcp("steady")))).toBe(pids[0] ?? 0);
    expect(Object.keys(await states(gateway.url))).toEqual(["stays", "steady", "comes"]);
    expect(gateway.stderr).not.toMatch(/\[st(?:ays|eady)\] (?!probe).*(?:ended|closed)/);
    await stream.close();
    await old.close();
  });

  test("a call of a server that goes ends with its name and the reason", async () => {
    await using gateway = await startGateway({
      servers: { goes: late, other: echo },
      proxy: { limits: { drain: "100ms" } },
    });
    const session = await RawSession.open(gateway.mcp("goes"));
    const stream = await session.stream();
    const held = session.call("hold", { text: "never" });
    const loose = post(gateway.mcp("goes"), toolCall("loose", "hold", { text: "never" }));
    await until(async () => textOf(await session.call("held")) === "2");
    await rewrite(gateway, { other: echo });
    const text = /Server "goes" was removed from the configuration/;
    expect((await held).error?.message).toMatch(text);
    expect((await loose).messages[0]?.error?.message).toMatch(text);
    // Nothing but the priming event was ever on it, and now it has ended.
    expect((await stream.rest()).filter(({ data }) => data !== "")).toEqual([]);
    expect(await states(gateway.url)).toEqual({ other: "ready" });
  });

  test("a call of a server that goes may end in the time that a stop gives it", async () => {
    await using gateway = await startGateway({
      servers: { goes: echo, other: echo },
      proxy: { limits: { drain: "60s", shutdown: "61s" } },
    });
    const session = await RawSession.open(gateway.mcp("goes"));
    const call = toolCall("long", "progress", { steps: 3, delayMs: 300 }, { progressToken: "t" });
    const { stream } = await session.openPost(call);
    await stream.find(({ data }) => data?.includes("notifications/progress") === true);
    await rewrite(gateway, { other: echo });
    const messages = (await stream.rest()).map(messageOf);
    expect(textOf(messages.at(-1))).toBe("done");
    expect((await session.post(toolCall(1, "echo"))).status).toBe(404);
  });

  test("a client that only opens its session hears of the end, over either transport", async () => {
    const folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-held-"));
    const heldBy = join(folder, "held");
    writeFileSync(heldBy, "");
    await using gateway = await startGateway({
      servers: { goes: fixtureServer("held-start", { env: { HELD_BY: heldBy } }), other: echo },
      proxy: { limits: { drain: "100ms" } },
    });
    const old = await RawSseSession.open(gateway.sse("goes"));
    expect((await old.post(initializeRequest({ revision: "2024-11-05" }, "old"))).status).toBe(202);
    const opening = post(gateway.mcp("goes"), initializeRequest({}, "new"));
    await gateway.untilLogged(/\[goes\] session \S+ opened \(streamable-http\)/);
    await rewrite(gateway, { other: echo });
    const text = /Server "goes" was removed from the configuration/;
    const answer = await old.next();
    expect(answer.id).toBe("old");
    expect(answer.error?.message).toMatch(text);
    expect(await old.stream.rest()).toEqual([]);
    expect((await opening).messages[0]).toMatchObject({ id: "new", error: { code: -32603 } });
    rmSync(folder, { recursive: true });
  });

  test("one that changed is another process, its predecessor gone before it starts", async () => {
    await using gateway = await startGateway({ servers: { one: echo, other: echo } });
    const session = await RawSession.open(gateway.mcp("one"));
    const pid = await pidOf(session);
    const said = await rewrite(gateway, {
      one: fixtureServer("echo", { args: ["second"] }),
      other: echo,
    });
    expect(said).toEndWith(": replaced one");
    // Sessions of the old process are unknown: clients open new ones by themselves.
    expect((await session.post(toolCall(1, "echo"))).status).toBe(404);
    const next = await RawSession.open(gateway.mcp("one"));
    const { pid: nextPid, args } = jsonOf(await next.call("whoami"));
    expect(args).toEqual(["second"]);
    expect(nextPid).not.toBe(pid);
    expect(alive(pid)).toBe(false);
    const log = gateway.stderr;
    const spawned = log.lastIndexOf(`pid ${nextPid}`);
    expect(log.indexOf(`pid ${pid} ended`)).toBeGreaterThan(0);
    expect(log.indexOf(`pid ${pid} ended`)).toBeLessThan(spawned);
  });

  test("whoever calls while a server changes hands waits and is served by the new one", async () => {
    const stubborn = fixtureServer("echo", { args: ["first"] });
    await using gateway = await startGateway({ servers: { one: stubborn } });
    await RawSession.open(gateway.mcp("one"));
    const before = gateway.stderr.length;
    const change = rewrite(gateway, { one: fixtureServer("echo", { args: ["second"] }) });
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        await until(() => index === 0 || gateway.stderr.length > before);
        return post(gateway.mcp("one"), toolCall(index, "echo", { text: `call ${index}` }));
      }),
    );
    await change;
    for (const [index, answer] of answers.entries()) {
      expect(answer.messages[0]?.id).toBe(index);
      const { error } = answer.messages[0] ?? {};
      if (error === undefined) expect(textOf(answer.messages[0])).toBe(`call ${index}`);
      else expect(error.message).toMatch(/another configuration/);
    }
    const last = await post(gateway.mcp("one"), toolCall("last", "whoami"));
    expect(jsonOf(last.messages[0])["args"]).toEqual(["second"]);
  });
});

describe("what is wrong", () => {
  test("a file that is no JSON, that is gone or has no servers changes nothing and says so", async () => {
    await using gateway = await startGateway({ servers: { one: echo } });
    const session = await RawSession.open(gateway.mcp("one"));
    const pid = await pidOf(session);
    const path = configFileOf(gateway);
    expect(await rewrite(gateway, '{ "mcpServers": { "one": ')).toMatch(/^configuration not taken/);
    expect(gateway.stderr).toMatch(new RegExp(`ERROR.* ${path}:1:\\d+: error: `));
    expect(await untilRead(gateway, () => rmSync(path))).toMatch(/^configuration not taken/);
    await gateway.untilLogged(/config\.json does not exist/);
    expect(await rewrite(gateway, '{ "mcpServer": {} }')).toMatch(/^configuration not taken/);
    await gateway.untilLogged(/Rename "mcpServer" to "mcpServers"/);
    expect(await rewrite(gateway, { one: echo }, { port: "none" })).toMatch(/not taken/);
    expect(await pidOf(session)).toBe(pid);
    expect(await rewrite(gateway, { one: echo })).toEndWith(": no server has changed");
    expect(await pidOf(session)).toBe(pid);
  });

  test("a wrong entry leaves its server as it is and the others change", async () => {
    await using gateway = await startGateway({ servers: { one: echo, two: echo } });
    const session = await RawSession.open(gateway.mcp("one"));
    const pid = await pidOf(session);
    const two = fixtureServer("echo", { args: ["changed"] });
    const said = await rewrite(gateway, { one: { ...echo, args: "text" }, two });
    expect(said).toEndWith(": replaced two");
    await gateway.untilLogged(/server one goes on as it was.*mcpServers\.one\.args/);
    expect(await pidOf(session)).toBe(pid);
    expect(await states(gateway.url)).toMatchObject({ one: "ready" });
    // Corrected, it is the old entry again: nothing happens to it.
    expect(await rewrite(gateway, { one: echo, two })).toEndWith(": no server has changed");
    expect(await pidOf(session)).toBe(pid);
    expect(await rewrite(gateway, { two, one: { ...echo, disabled: true } })).toEndWith(
      "stopped one",
    );
    expect((await session.post(toolCall(1, "echo"))).status).toBe(404);
  });

  test("settings of the listener wait for the next start, and so does a data folder", async () => {
    await using gateway = await startGateway({
      config: { mcpServers: { one: { ...echo, cwd: "${SERVER_DATA}" } }, proxy: { port: 1 } },
      env: { DATA_DIR: "" },
    });
    const session = await RawSession.open(gateway.mcp("one"));
    const pid = await pidOf(session);
    const proxy = { port: 2, dataDir: "elsewhere", maxSessions: 3 };
    const said = await rewrite(
      gateway,
      { one: { ...echo, cwd: "${SERVER_DATA}" } },
      { port: proxy.port, dataDir: proxy.dataDir, limits: { maxSessions: proxy.maxSessions } },
    );
    expect(said).toEndWith(": no server has changed");
    await gateway.untilLogged(/in use only from the next start on: dataDir, limits/);
    expect(await pidOf(session)).toBe(pid);
  });
});

test("SIGHUP reads a configuration whose file is the same but whose secrets are not", async () => {
  const folder = join(process.env["TMPDIR"] ?? "/tmp", `remote-mcp-proxy-secret-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const secret = join(folder, "token");
  try {
    writeFileSync(secret, "first");
    const env = { TOKEN: `\${file:${secret}}` };
    await using gateway = await startGateway({ servers: { one: fixtureServer("echo", { env }) } });
    const before = await RawSession.open(gateway.mcp("one"));
    expect(jsonOf(await before.call("env"))["TOKEN"]).toBe("first");
    writeFileSync(secret, "second");
    const said = await untilRead(gateway, () => gateway.signal("SIGHUP"));
    expect(said).toBe("configuration read again (SIGHUP): replaced one");
    const after = await RawSession.open(gateway.mcp("one"));
    expect(jsonOf(await after.call("env"))["TOKEN"]).toBe("second");
    expect(await untilRead(gateway, () => gateway.signal("SIGHUP"))).toEndWith(
      "no server has changed",
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a server of the command line has nothing to read again, and says so", async () => {
  await using gateway = await startGateway({ args: ["--", ...[echo.command, ...echo.args]] });
  const said = await untilRead(gateway, () => gateway.signal("SIGHUP"));
  expect(said).toMatch(/not taken \(SIGHUP\), everything stays as it was/);
  await gateway.untilLogged(/given on the command line/);
});

test("secrets of a new configuration are not shown, nor those of the old one by who still leaves", async () => {
  // One of them is so short that it is a secret in the lines of its own server only.
  const [old, next] = ["s3cr3t", "new-s3cr3t-37ab"];
  const server = (token: string) => fixtureServer("echo", { env: { TOKEN: token } });
  await using gateway = await startGateway({ servers: { one: server(old) } });
  await rewrite(gateway, { one: server(next), two: server("another-s3cr3t-5c") });
  for (const [name, words] of [
    ["one", `once ${old}`],
    ["two", ""],
  ] as const) {
    const session = await RawSession.open(gateway.mcp(name));
    const { TOKEN } = jsonOf(await session.call("env"));
    await session.call("stderr", { text: `token ${String(TOKEN)} ${words}` });
    await gateway.untilLogged(new RegExp(`\\[${name}\\].*stderr: token `));
  }
  expect(gateway.stderr).not.toContain("s3cr3t");
});
