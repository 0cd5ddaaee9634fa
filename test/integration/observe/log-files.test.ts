/** The log folder of a real gateway: which line is in which file, and a folder that cannot be written. */
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { startGateway, type RunningGateway } from "../../helpers/gateway.ts";
import { post, request, toolCall } from "../../helpers/raw-http.ts";
import { modernRequest, postModern } from "../../helpers/modern.ts";
import { RawSession } from "../../helpers/raw-session.ts";
import { SOON_MS, until } from "../../helpers/wait.ts";

const SECRET = "correct-horse-battery";
const KEY = "mgk_Zm9vYmFyYmF6";

const root = mkdtempSync(join(tmpdir(), "log-files-"));
let folder = "";
let count = 0;
let gateway: RunningGateway | undefined;

beforeEach(() => {
  folder = join(root, String(++count));
});
afterEach(async () => {
  await gateway?.[Symbol.asyncDispose]();
  gateway = undefined;
});
afterAll(() => rmSync(root, { recursive: true }));

async function start(
  env: Readonly<Record<string, string>> = {},
  proxy: object = {},
): Promise<RunningGateway> {
  const servers = {
    one: fixtureServer("echo", { env: { API_SECRET: SECRET } }),
    two: fixtureServer("echo"),
  };
  gateway = await startGateway({ servers, proxy, env: { LOG_DIR: folder, ...env } });
  return gateway;
}

function textOf(name: string): string {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

function untilWritten(name: string, pattern: RegExp, deadlineMs = SOON_MS): Promise<string> {
  const find = () =>
    textOf(name)
      .split("\n")
      .find((line) => pattern.test(line));
  return until(find, { what: `${name} has ${pattern.source}`, deadlineMs });
}

async function say(running: RunningGateway, server: string, text: string): Promise<void> {
  const session = await RawSession.open(running.mcp(server));
  await session.call("stderr", { text });
}

describe("which line is in which file", () => {
  test("the gateway, each server and each server's stderr have their own, and stderr has all", async () => {
    const running = await start();
    await say(running, "one", "words of one");
    await say(running, "two", "words of two");
    const request = await untilWritten("mcp-one.log", /Method: tools\/call/);
    expect(request).toMatch(
      / INFO {4}\[one\] Method: tools\/call, ID: \d+, SessionID: [0-9a-f]{8}, .*result in [\d.]+ ms$/,
    );
    await untilWritten("mcp-one.stderr.log", /words of one/);
    await untilWritten("mcp-two.stderr.log", /words of two/);
    await untilWritten("mcp-one.log", /starting → ready/);
    await running.stop();
    expect(readdirSync(folder).sort()).toEqual([
      "mcp-one.log",
      "mcp-one.stderr.log",
      "mcp-two.log",
      "mcp-two.stderr.log",
      "system.log",
    ]);
    expect(textOf("system.log")).toMatch(/\[gateway\] stopping: SIGTERM/);
    expect(textOf("system.log").trimEnd()).toMatch(/\[gateway\] stopped$/);
    expect(textOf("system.log")).not.toMatch(/\[one\]|\[two\]/);
    // Bodies are at TRACE only, and what is on stderr has a file of its own.
    expect(textOf("mcp-one.log")).not.toMatch(/words of|\[two\]/);
    expect(textOf("mcp-one.stderr.log")).not.toMatch(/words of two/);
    for (const line of [/words of one/, /words of two/, /Method: tools\/call/, /stopped$/m]) {
      expect(running.stderr).toMatch(line);
    }
  });

  test("JSON: every line of every file and of stderr is an object with its facts", async () => {
    const running = await start({ LOG_FORMAT: "json" });
    await say(running, "one", "words");
    await untilWritten("mcp-one.log", /tools\/call/);
    await running.stop();
    const lines = [...readdirSync(folder).map(textOf), running.stderr]
      .flatMap((text) => text.split("\n"))
      .filter((line) => line !== "");
    const objects = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const settled = objects.find((one) => one["method"] === "tools/call");
    expect(settled).toMatchObject({
      level: "INFO",
      server: "one",
      event: "request.settled",
      era: "legacy",
      outcome: "result",
      id: expect.any(String),
      session: expect.stringMatching(/^[0-9a-f]{8}$/),
      durationMs: expect.any(Number),
    });
  });

  test("no secret and no token in any of them, at TRACE", async () => {
    const running = await start({ LOG_LEVEL_MCP: "TRACE" });
    const headers = { authorization: "Bearer Zm9vYmFyYmF6MTIz", "x-api-key": KEY };
    const session = await RawSession.open(running.mcp("one"), { headers });
    const text = `${SECRET} ${KEY} Authorization: Bearer Zm9vYmFyYmF6MTIz`;
    await session.call("stderr", { text });
    await session.call("echo", { text });
    await untilWritten("mcp-one.stderr.log", /redacted/);
    await untilWritten("mcp-one.log", / TRACE {3}\[one\] shared sent: .*"name":"echo".*redacted/);
    await untilWritten("mcp-one.log", / TRACE {3}\[one\] shared received: result .*redacted/);
    await running.stop();
    for (const all of [...readdirSync(folder).map(textOf), running.stderr]) {
      expect(all).not.toContain(SECRET);
      expect(all).not.toContain(KEY);
      expect(all).not.toContain("Zm9vYmFyYmF6");
      expect(all).not.toContain(session.id);
    }
  });

  test("what a server writes on stderr is in its file whatever the level", async () => {
    const running = await start({ LOG_LEVEL_MCP: "ERROR" });
    await say(running, "one", "quiet words");
    await untilWritten("mcp-one.stderr.log", /quiet words/);
    await running.stop();
    expect(running.stderr).not.toContain("quiet words");
    expect(existsSync(join(folder, "mcp-one.log"))).toBe(false);
  });
});

describe("every request ends in one line", () => {
  test("also the first of a session, those of either era, and those that are refused", async () => {
    const running = await start();
    const url = running.mcp("one");
    const session = await RawSession.open(url);
    await session.post(request("mine", "tools/list"));
    await session.post(toolCall("failing", "refuse"));
    await post(url, request("lost", "tools/list"), { session: "no-such-session" });
    await postModern(url, modernRequest("new", "tools/list"));
    await postModern(url, modernRequest("headless", "tools/list"), { method: null });
    await running.stop();
    const lines = running.stderr.split("\n").filter((line) => line.includes("Method: "));
    const ending = (id: string) => lines.filter((line) => line.includes(`, ID: "${id}",`));
    const rows: readonly [id: string, line: RegExp][] = [
      ["mine", /Method: tools\/list, ID: "mine", SessionID: [0-9a-f]{8}, Era: legacy, result in /],
      [
        "failing",
        /Method: tools\/call, .* SessionID: [0-9a-f]{8}, Era: legacy, Tool: "refuse", error in /,
      ],
      ["lost", /Method: tools\/list, .* SessionID: none, Era: legacy, refused in /],
      ["new", /Method: tools\/list, .* SessionID: none, Era: modern, result in /],
      ["headless", /Method: tools\/list, .* SessionID: none, Era: modern, refused in /],
    ];
    for (const [id, line] of rows) {
      expect(ending(id)).toHaveLength(1);
      expect(ending(id)[0]).toMatch(line);
    }
    const opened = lines.filter((line) => line.includes("Method: initialize"));
    expect(opened).toHaveLength(1);
    expect(opened[0]).toMatch(/ID: 0, SessionID: [0-9a-f]{8}, Era: legacy, result in /);
  });
});

describe("how long files live", () => {
  test("set aside by size, and only so many are kept", async () => {
    const running = await start({}, { logMaxFileBytes: 1_024, logMaxFiles: 2 });
    const session = await RawSession.open(running.mcp("one"));
    for (let line = 0; line < 60; line++) {
      await session.call("stderr", { text: `${line} ${"x".repeat(200)}` });
    }
    const kept = () =>
      readdirSync(folder).filter((name) => /^mcp-one\.stderr-.*\.\d+\.log$/.test(name));
    await until(() => kept().length > 0, { what: "files are set aside" });
    await running.stop();
    // The count is kept by the tidying at the next start, too.
    const again = await start({}, { logMaxFileBytes: 1_024, logMaxFiles: 2 });
    await until(() => kept().length === 2, { what: "two are kept" });
    await again.stop();
    for (const name of kept()) expect(textOf(name).length).toBeLessThanOrEqual(1_024);
  });

  test("files older than their retention go, younger ones and those of others stay", async () => {
    mkdirSync(folder, { recursive: true });
    const hoursAgo = (hours: number) => Date.now() / 1000 - hours * 3600;
    const old = {
      "system-2026-01-01.1.log": 23,
      "system-2026-01-01.2.log": 25,
      "mcp-one-2026-01-01.1.log": 11,
      "mcp-one-2026-01-01.2.log": 13,
      "mcp-removed.log": 13,
      "mcp-removed.stderr.log": 1,
      "notes.log": 9999,
      "mcp.txt": 9999,
    };
    for (const [name, hours] of Object.entries(old)) {
      writeFileSync(join(folder, name), "x\n");
      utimesSync(join(folder, name), hoursAgo(hours), hoursAgo(hours));
    }
    const running = await start();
    await untilWritten("system.log", /listening|demo|ready|./);
    await until(() => !existsSync(join(folder, "system-2026-01-01.2.log")));
    await running.stop();
    const left = Object.keys(old).filter((name) => existsSync(join(folder, name)));
    expect(left.sort()).toEqual([
      "mcp-one-2026-01-01.1.log",
      "mcp-removed.stderr.log",
      "mcp.txt",
      "notes.log",
      "system-2026-01-01.1.log",
    ]);
  });

  test("LOG_RETENTION_MCP is kept while the gateway runs", async () => {
    const running = await start({ LOG_RETENTION_MCP: "1s" });
    await say(running, "one", "short-lived");
    await untilWritten("mcp-one.stderr.log", /short-lived/);
    const all = () => readdirSync(folder).filter((name) => name.startsWith("mcp-one.stderr"));
    await until(() => all().length === 0, { what: "the file is gone", deadlineMs: 20_000 });
    expect(existsSync(join(folder, "system.log"))).toBe(true);
    await say(running, "one", "and again");
    await untilWritten("mcp-one.stderr.log", /and again/);
  }, 60_000);

  test("a folder of yesterday begins a new day", async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "system.log"), "2026-01-01T00:00:00.000Z INFO    [gateway] old\n");
    const running = await start();
    await untilWritten("system-2026-01-01.1.log", /\[gateway\] old/);
    await running.stop();
    expect(textOf("system.log")).not.toContain("old\n");
  });
});

describe("a folder that cannot be written", () => {
  const warnings = (running: RunningGateway): readonly string[] =>
    running.stderr.split("\n").filter((line) => line.includes("the log folder"));

  test("is said once, the log goes on, and the folder is used when it can be", async () => {
    writeFileSync(folder, "a file, no folder");
    const running = await start();
    await running.untilLogged(/WARNING \[gateway\] the log folder .* cannot be written/);
    await say(running, "one", "only on stderr");
    await running.untilLogged(/only on stderr/);
    unlinkSync(folder);
    // Nobody says anything more: it is tried again with the newest line.
    await untilWritten("mcp-one.stderr.log", /only on stderr/, 30_000);
    await say(running, "one", "in the file again");
    await untilWritten("mcp-one.stderr.log", /in the file again/);
    await running.untilLogged(/the log folder .* is written again: \d+ lines are on stderr only/);
    expect(warnings(running).length).toBe(2);
    expect(await running.stop()).toMatchObject({ exitCode: 0 });
  }, 60_000);

  test("a full disk is the same, and stops no request", async () => {
    mkdirSync(folder, { recursive: true });
    for (const name of ["system.log", "mcp-one.log", "mcp-one.stderr.log"]) {
      symlinkSync("/dev/full", join(folder, name));
    }
    const running = await start();
    await running.untilLogged(/the log folder .* cannot be written \(ENOSPC/);
    const session = await RawSession.open(running.mcp("one"));
    for (let call = 0; call < 20; call++) await session.call("stderr", { text: `call ${call}` });
    await running.untilLogged(/call 19/);
    expect(warnings(running).length).toBe(1);
  });
});
