/** Where settings come from, seen in what is served: flags, environment, file; and what is not read. */
import { describe, expect, test } from "bun:test";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fixtureServer } from "../helpers/fixtures.ts";
import { freePort } from "./free-port.ts";
import { get, jsonOf, post, request, textOf } from "../helpers/raw-http.ts";
import { RawSession, RawSseSession } from "../helpers/raw-session.ts";
import { makeFolder, run, serve } from "../helpers/run-program.ts";
import { until } from "../helpers/wait.ts";

const binary = true;
const free = ["--port", "0"];

test("flags beat the environment, the environment beats the file", async () => {
  const file = (host: string) => ({ mcpServers: {}, proxy: { host, port: 0 } });
  const files = { "config.json": file("127.0.0.4") };
  const env = { HOST: "127.0.0.3" };
  for (const [args, more, host] of [
    [["--host", "127.0.0.2"], { files, env }, "127.0.0.2"],
    [[], { files, env }, "127.0.0.3"],
    [[], { files }, "127.0.0.4"],
  ] as const) {
    await using gateway = await serve(args, { binary, ...more });
    expect(new URL(gateway.url).hostname).toBe(host);
    expect((await get(`${gateway.url}/health`)).status).toBe(200);
  }
});

test("PORT is the port, unless --port says another", async () => {
  const port = freePort();
  await using first = await serve([], { binary, env: { PORT: String(port) } });
  expect(first.port).toBe(port);
  await using second = await serve(free, { binary, env: { PORT: String(port) } });
  expect(second.port).not.toBe(port);
});

test("--config beats CONFIG_FILE, that beats CONFIG_PATH, that beats ./config.json", async () => {
  const named = (name: string) => ({ mcpServers: { [name]: fixtureServer("echo") } });
  const files = {
    "flag.json": named("flag"),
    "file.json": named("file"),
    "path.json": named("path"),
    "config.json": named("found"),
  };
  const CONFIG_FILE = "file.json";
  const CONFIG_PATH = "path.json";
  for (const [args, env, winner] of [
    [["--config", "flag.json"], { CONFIG_FILE, CONFIG_PATH }, "flag"],
    [[], { CONFIG_FILE, CONFIG_PATH }, "file"],
    [[], { CONFIG_FILE: "", CONFIG_PATH }, "path"],
    [[], {}, "found"],
  ] as const) {
    await using gateway = await serve([...args, ...free], { binary, env, files });
    expect(gateway.stdout).toContain(`${gateway.url}/${winner}/mcp`);
    expect((await get(`${gateway.url}/listmcp`)).json).toHaveProperty("count", 1);
  }
});

/** Serves everybody, also under public names. */
const openFiles = {
  "config.json": {
    mcpServers: { demo: fixtureServer("echo") },
    proxy: { auth: { allowInsecure: true } },
  },
};

test("an address that others reach asks who is calling; that it does not is warned about", async () => {
  const env = { HOST: "0.0.0.0" };
  await using guarded = await serve(free, { binary, env });
  expect(guarded.url).toStartWith("http://127.0.0.1:");
  await guarded.untilLogged(/INFO .*authentication is on: the address 0\.0\.0\.0 can be reached/);
  expect((await post(guarded.mcp("demo"), request(1, "ping"))).status).toBe(401);
  expect((await get(`${guarded.url}/listmcp`)).status).toBe(401);
  expect((await get(`${guarded.url}/health`)).status).toBe(200);

  await using gateway = await serve(free, { binary, env, files: openFiles });
  expect(gateway.url).toStartWith("http://127.0.0.1:");
  await gateway.untilLogged(/WARNING .*0\.0\.0\.0 without authentication/);
  expect((await post(gateway.mcp("demo"), request(1, "ping"))).status).toBe(200);

  await using closed = await serve(free, { binary });
  await closed.untilLogged(/demo server/);
  expect(closed.stderr).not.toContain("authentication");
});

describe("names", () => {
  test.each([
    [[], { DOMAIN: "example.test" }, "mcp.example.test"],
    [["--domain", "example.test"], { DOMAIN: "other.test" }, "mcp.example.test"],
    [[], { DOMAIN: "example.test", MCP_DOMAIN: "tools.test" }, "tools.test"],
  ] as const)("%j %j serves below %s", async (args, env, domain) => {
    await using gateway = await serve([...args, ...free], { binary, env, files: openFiles });
    const { url } = gateway;
    expect(gateway.stdout).toContain(`https://demo.${domain}/mcp  https://demo.${domain}/sse`);

    const atSubdomain = { host: `demo.${domain}` };
    const session = await RawSession.open(`${url}/mcp`, { headers: atSubdomain });
    expect(textOf(await session.call("echo", { text: "sub" }))).toBe("sub");
    expect((await get(`${url}/health`, { headers: atSubdomain })).status).toBe(200);
    expect((await get(`${url}/health`, { headers: { host: domain } })).status).toBe(200);
    expect((await get(`${url}/health`, { headers: { host: "demo.mcp.evil.test" } })).status).toBe(
      403,
    );
  });

  test("PUBLIC_URL with a path is where servers are said to be, and where they are", async () => {
    const env = { PUBLIC_URL: "https://tunnel.test/tools/" };
    await using gateway = await serve(free, { binary, env, files: openFiles });
    expect(gateway.stdout).toContain("https://tunnel.test/tools/demo/mcp");
    const headers = { host: "tunnel.test" };
    const session = await RawSession.open(`${gateway.url}/tools/demo/mcp`, { headers });
    expect(textOf(await session.call("echo", { text: "far" }))).toBe("far");
    const old = await RawSseSession.open(`${gateway.url}/tools/demo/sse`, { headers });
    expect(old.endpoint).toStartWith("/tools/demo/messages?");
    await old.close();
  });
});

describe("log levels", () => {
  const lines = (log: string, who: string) =>
    log.split("\n").filter((line) => line.includes(` [${who}] `));

  test.each([
    [[], {}, { gateway: true, demo: true }],
    [[], { LOG_LEVEL_SYSTEM: "ERROR" }, { gateway: false, demo: true }],
    [[], { LOG_LEVEL_MCP: "ERROR" }, { gateway: true, demo: false }],
    [["--log-level", "ERROR"], { LOG_LEVEL_MCP: "TRACE" }, { gateway: false, demo: false }],
    [["--log-level", "info"], { LOG_LEVEL_SYSTEM: "ERROR" }, { gateway: true, demo: true }],
  ] as const)("%j %j", async (args, env, expected) => {
    const gateway = await serve([...args, ...free], { binary, env });
    await post(gateway.mcp("demo"), request(1, "ping"));
    await gateway.stop();
    const { stderr } = gateway;
    expect(lines(stderr, "gateway").some((line) => line.includes("stopping"))).toBe(
      expected.gateway,
    );
    expect(lines(stderr, "demo").length > 0).toBe(expected.demo);
    const isCallShown = expected.demo && !args.some((arg) => arg === "info");
    expect(stderr.includes("Method: ping")).toBe(isCallShown);
  });
});

test("neither .env nor bunfig.toml of the working folder is read", async () => {
  const files = {
    ".env": "PORT=1\nDOMAIN=from-dotenv.test\n",
    ".env.production": "PORT=1\n",
    "bunfig.toml": 'preload = ["./preload.ts"]\n',
    "preload.ts": 'require("node:fs").appendFileSync("preloaded", "x");',
    "tsconfig.json": "{ broken",
    "package.json": "{ broken",
    "plain.ts": "console.log(process.env.DOMAIN);",
  };
  // The bait works: a bare runtime swallows both.
  const folder = makeFolder({ ...files, "package.json": "{}", "tsconfig.json": "{}" });
  const bare = Bun.spawn([process.execPath, "plain.ts"], {
    cwd: folder,
    env: {},
    stdio: ["ignore", "pipe", "ignore"],
  });
  expect(await bare.stdout.text()).toBe("from-dotenv.test\n");
  expect(existsSync(join(folder, "preloaded"))).toBe(true);
  rmSync(folder, { recursive: true });

  const { stdout } = await run(["check", "--verbose"], { binary, files });
  expect(stdout).toMatch(/^port +8080 +\(default\)$/m);
  expect(stdout).toMatch(/^domain +localhost +\(default\)$/m);

  await using gateway = await serve(free, { binary, files });
  const session = await RawSession.open(gateway.mcp("demo"));
  expect(textOf(await session.call("echo", { text: "hello" }))).toBe("hello");
  // The guardian and the demo are this executable too, and for a moment the era probe of the demo.
  expect(gateway.processes().length).toBeGreaterThanOrEqual(2);
  expect(existsSync(join(gateway.folder, "preloaded"))).toBe(false);
});

test("a child gets nothing of the gateway's own environment but the way to programs", async () => {
  const env = {
    TZ: "UTC",
    SECRET_TOKEN: "hidden",
    PUBLIC_URL: "https://tunnel.test",
    BUN_OPTIONS: "--smol",
    BUN_CONFIG_VERBOSE_FETCH: "false",
    DEVELOPER_NAME: "ada",
  };
  const files = {
    "config.json": {
      mcpServers: {
        plain: fixtureServer("echo", { env: { OWN: "1" } }),
        named: fixtureServer("echo", { inheritEnv: ["DEVELOPER_*"] }),
        all: fixtureServer("echo", { inheritEnv: true }),
      },
      proxy: { auth: { allowInsecure: true } },
    },
  };
  await using gateway = await serve(free, { binary, env, files });
  const seen = async (server: string) => {
    const session = await RawSession.open(gateway.mcp(server));
    const { REMOTE_MCP_PROXY_CHILD: _mark, ...rest } = jsonOf(await session.call("env"));
    return Object.keys(rest).sort();
  };
  const always = ["HOME", "PATH", "TZ"];
  expect(await seen("plain")).toEqual([...always, "OWN"].sort());
  expect(await seen("named")).toEqual([...always, "DEVELOPER_NAME"].sort());
  const notBun = Object.keys(env).filter((name) => !name.startsWith("BUN_"));
  expect(await seen("all")).toEqual(["HOME", "PATH", ...notBun].sort());
});

test("--inherit-env opens the environment of a one-server form by name", async () => {
  const env = { SECRET_TOKEN: "hidden", API_KEY: "wanted", BUN_OPTIONS: "--smol" };
  const { command, args } = fixtureServer("echo");
  const start = async (names: readonly string[]) => {
    await using gateway = await serve([...names, ...free, "--", command, ...args], {
      binary,
      env,
    });
    const session = await RawSession.open(`${gateway.url}/mcp`);
    return Object.keys(jsonOf(await session.call("env")));
  };
  expect(await start([])).not.toContain("API_KEY");
  const named = await start(["--inherit-env", "API_KEY"]);
  expect(named).toContain("API_KEY");
  expect(named).not.toContain("SECRET_TOKEN");
  const all = await start(["--inherit-env", "*"]);
  expect(all).toContain("SECRET_TOKEN");
  expect(all).not.toContain("BUN_OPTIONS");
});

test("DATA_DIR is where folders of servers are; without it the user's state folder", async () => {
  const keeper = { command: "sh", args: ["-c", 'echo "$0" >"$0"; cat', "${SERVER_DATA}/kept"] };
  const files = { "config.json": { mcpServers: { keeper } } };
  for (const [env, place] of [
    [{ DATA_DIR: "here" }, "here"],
    [{}, ".local/state/remote-mcp-proxy"],
  ] as const) {
    await using gateway = await serve(free, { binary, env, files });
    const kept = join(gateway.folder, place, "servers/keeper/kept");
    await until(() => existsSync(kept), { what: `the server writes ${kept}` });
  }
});
