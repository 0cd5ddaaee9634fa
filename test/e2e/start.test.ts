/** The executable's first minutes: with nothing, with a file, with the example, with one server. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { fixturePath, fixtureServer } from "../helpers/fixtures.ts";
import { get, jsonOf, post, request, textOf } from "../helpers/raw-http.ts";
import { RawSession, RawSseSession } from "../helpers/raw-session.ts";
import { run, serve } from "../helpers/run-program.ts";
import { until } from "../helpers/wait.ts";

const binary = true;
const free = ["--port", "0"];
/** What the issue allows from `npm start` to the first answer; here without the build. */
const FIRST_ANSWER_MS = 55_000;

async function serversOf(url: string): Promise<string[]> {
  const { servers } = (await get(`${url}/listmcp`)).json as { servers: { slug: string }[] };
  return servers.map(({ slug }) => slug);
}

test("it is the version of package.json", async () => {
  for (const flag of ["--version", "-V"]) {
    const { exitCode, stdout } = await run([flag], { binary });
    expect(stdout).toBe(`${packageJson.version}\n`);
    expect(exitCode).toBe(0);
  }
});

test("with nothing at all it serves a demo, and says so", async () => {
  await using gateway = await serve(free, { binary });
  const rows = gateway.stdout.split("\n").map((line) => line.split(/ {2,}/));
  expect(rows).toEqual([
    ["SERVER", "STATE", "STREAMABLE HTTP", "SSE"],
    ["demo", "starting", gateway.mcp("demo"), gateway.sse("demo")],
    [`Listening on ${gateway.url}`],
    [""],
  ]);
  expect(gateway.url).toStartWith("http://127.0.0.1:");
  await gateway.untilLogged(
    /no config file found: serving the built-in demo server.*--config FILE/,
  );

  const session = await RawSession.open(gateway.mcp("demo"));
  expect(session.initializeResult["serverInfo"].version).toBe(packageJson.version);
  expect(textOf(await session.call("echo", { text: "hello" }))).toBe("hello");
});

test("a config.json in the working folder is found", async () => {
  const files = { "config.json": { mcpServers: { here: fixtureServer("echo") } } };
  await using gateway = await serve(free, { binary, files });
  expect(await serversOf(gateway.url)).toEqual(["here"]);
  expect(gateway.stderr).not.toContain("demo");
});

test("the example's servers start through npx and list their tools in time", async () => {
  const beginMs = performance.now();
  const example = readFileSync(join(import.meta.dirname, "../../config.example.json"), "utf8");
  // npm keeps what it downloaded in the home folder of the person.
  const env = { HOME: process.env["HOME"] ?? "/", DATA_DIR: "kept", LOG_LEVEL_SYSTEM: "DEBUG" };
  const files = { "example.json": example };
  const args = ["serve", "--config", "example.json", ...free];
  await using gateway = await serve(args, { binary, files, env });
  const toolsOf = async (server: string): Promise<string[]> => {
    const { messages } = await until(
      async () => {
        const answer = await post(gateway.mcp(server), request(1, "tools/list"));
        return answer.messages[0]?.result === undefined ? undefined : answer;
      },
      { deadlineMs: FIRST_ANSWER_MS, what: `${server} lists its tools` },
    );
    return messages[0]?.result?.["tools"].map(({ name }: { name: string }) => name);
  };
  const [everything, memory, thinking] = await Promise.all(
    ["everything", "memory", "sequential-thinking"].map(toolsOf),
  );
  expect(performance.now() - beginMs).toBeLessThan(FIRST_ANSWER_MS);
  expect(everything).toContain("echo");
  expect(memory).toContain("create_entities");
  expect(thinking).toEqual(["sequentialthinking"]);

  // The example keeps what the memory learns under DATA_DIR, and not beside its code.
  const session = await RawSession.open(gateway.mcp("memory"));
  const entities = [{ name: "Ada", entityType: "person", observations: ["wrote a program"] }];
  await session.call("create_entities", { entities });
  const kept = join(gateway.folder, "kept/servers/memory/memory.jsonl");
  expect(readFileSync(kept, "utf8")).toContain('"Ada"');
}, 90_000);

test.each([
  ["--stdio", ["--stdio", `${process.execPath} '${fixturePath("echo")}' "two words"`]],
  ["--", ["--", process.execPath, fixturePath("echo"), "two words"]],
  ["serve … --", ["serve", "--", process.execPath, fixturePath("echo"), "two words"]],
])("%s serves one server at the root too", async (_, words) => {
  // A file that lies there is none of its business.
  const files = { "config.json": "{ broken" };
  const dashes = words.indexOf("--");
  const args = words.toSpliced(dashes < 0 ? words.length : dashes, 0, ...free);
  await using gateway = await serve(args, { binary, files });
  const { url } = gateway;
  expect(gateway.stdout).toContain(`${url}/echo/mcp`);
  expect(gateway.stdout).toContain(`${url}/mcp`);
  expect(gateway.stdout).toContain(`${url}/sse`);

  const session = await RawSession.open(`${url}/mcp`);
  expect(jsonOf(await session.call("whoami"))["args"]).toEqual(["two words"]);
  const named = await RawSession.open(gateway.mcp("echo"));
  expect(textOf(await named.call("echo", { text: "by name" }))).toBe("by name");

  const old = await RawSseSession.open(`${url}/sse`);
  await old.initialize();
  const call = { name: "echo", arguments: { text: "old" } };
  expect(textOf(await old.request(1, "tools/call", call))).toBe("old");
  const sessionId = new URL(old.postUrl).searchParams.get("sessionId") ?? "";
  const other = await post(`${url}/message?sessionId=${sessionId}`, request(2, "ping"));
  expect(other.status).toBe(202);
  expect((await old.next()).id).toBe(2);
  await old.close();
});
