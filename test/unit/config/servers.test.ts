/** The block mcpServers: what runs, what is left out, what is said about it. */
import { describe, expect, test } from "bun:test";
import type { ServerConfig } from "../../../src/config/model.ts";
import { problemsOf, read } from "./read.ts";

function only(entry: unknown, given = {}): ServerConfig {
  const { config, problems } = read({ config: { mcpServers: { one: entry } }, ...given });
  const server = config?.servers[0];
  if (server === undefined) throw new Error(JSON.stringify(problems));
  return server;
}

const HEALTH: ServerConfig["health"] = {
  probeIntervalMs: 30_000,
  probeTimeoutMs: 10_000,
  probeFailures: 3,
  maxRestarts: 3,
  restartWindowMs: 300_000,
  restartCoolDownMs: 300_000,
  alertMemoryBytes: 500 * 1024 * 1024,
  alertCpuPercent: 80,
};

describe("a good entry", () => {
  test("gets every default", () => {
    expect(only({ command: "npx" })).toEqual({
      name: "one",
      slug: "one",
      command: "npx",
      args: [],
      env: { PATH: "/bin", HOME: "/home/me" },
      secrets: [],
      cwd: undefined,
      runAs: undefined,
      runtime: "auto",
      installScripts: false,
      installTimeoutMs: 300_000,
      instances: "auto",
      isolation: "user",
      toolNames: "snake_case",
      tools: { allow: undefined, deny: [] },
      roots: "none",
      legacyStateless: true,
      era: "auto",
      modern: "bridge",
      leases: 0,
      clientCapabilities: "match",
      maxInFlight: 64,
      maxQueue: 1_024,
      maxInstances: 64,
      startTimeoutMs: 30_000,
      requestTimeoutMs: 300_000,
      optionalListTimeoutMs: 10_000,
      maxLineBytes: 67_108_864,
      startOn: "boot",
      idleTimeoutMs: 0,
      required: false,
      health: HEALTH,
    });
  });

  test("has the gateway's settings of health and life unless it has its own", () => {
    const proxy = {
      startOn: "demand",
      idleTimeout: "10m",
      health: { probeInterval: "1m", alertMemory: "1GiB", maxRestarts: 5 },
    };
    const health = { probeInterval: 0, alertCpu: 200, restartCoolDown: "1m" };
    const mcpServers = {
      own: { command: "a", startOn: "boot", idleTimeout: 0, required: true, health },
      plain: { command: "b" },
    };
    const loaded = read({ config: { mcpServers, proxy } });
    expect(problemsOf(loaded)).toEqual([]);
    const [own, plain] = loaded.config?.servers ?? [];
    const general = {
      ...HEALTH,
      probeIntervalMs: 60_000,
      alertMemoryBytes: 2 ** 30,
      maxRestarts: 5,
    };
    expect(plain).toMatchObject({
      startOn: "demand",
      idleTimeoutMs: 600_000,
      required: false,
      health: general,
    });
    expect(own).toMatchObject({
      startOn: "boot",
      idleTimeoutMs: 0,
      required: true,
      health: { ...general, probeIntervalMs: 0, alertCpuPercent: 200, restartCoolDownMs: 60_000 },
    });
  });

  test.each([
    [{ args: ["-y", "x"] }, { args: ["-y", "x"] }],
    [{ cwd: "sub" }, { cwd: "sub" }],
    [{ instances: "session" }, { instances: "session" }],
    [{ toolNames: "keep" }, { toolNames: "keep" }],
    [{ tools: { allow: ["a*"], deny: ["b"] } }, { tools: { allow: ["a*"], deny: ["b"] } }],
    [{ roots: "forward" }, { roots: "forward" }],
    [{ roots: ["/a b", "file:///c"] }, { roots: ["file:///a%20b", "file:///c"] }],
    [{ legacyStateless: false }, { legacyStateless: false }],
    [
      { maxInFlight: 1, maxQueue: 0, maxInstances: 2 },
      { maxInFlight: 1, maxQueue: 0, maxInstances: 2 },
    ],
    [{ startTimeout: "2m" }, { startTimeoutMs: 120_000 }],
    [{ startTimeout: 1_500 }, { startTimeoutMs: 1_500 }],
    [
      { requestTimeout: "1h", optionalListTimeout: "1s" },
      { requestTimeoutMs: 3_600_000, optionalListTimeoutMs: 1_000 },
    ],
    [{ maxLineBytes: "1MiB" }, { maxLineBytes: 1_048_576 }],
    [
      { env: { A: "${HOME}/x" } },
      { env: { PATH: "/bin", HOME: "/home/me", A: "/home/me/x" }, secrets: ["/home/me/x"] },
    ],
    [{ args: ["${file:/f}"] }, { args: ["content"], secrets: ["content"] }],
    [{ startTimeout: "${SLOW:-45s}" }, { startTimeoutMs: 45_000 }],
    // Other clients' keys mean nothing, also when they hold what is unknown here.
    [
      { alwaysAllow: ["x"], autoApprove: [], description: "${NOPE}", type: "stdio" },
      { command: "npx" },
    ],
    [{ headers: { Authorization: "${NOPE}" } }, { command: "npx" }],
  ])("%j", (keys, expected) => {
    const files = { "/f": "content\n" };
    const loaded = read({ config: { mcpServers: { one: { command: "npx", ...keys } } }, files });
    expect(problemsOf(loaded)).toEqual([]);
    expect(loaded.config?.servers[0]).toMatchObject(expected);
  });

  test("takes its defaults of instances and toolNames from proxy", () => {
    const { config } = read({
      config: {
        mcpServers: { a: { command: "x" }, b: { command: "x", instances: "auto" } },
        proxy: { instances: "shared", toolNames: "keep" },
      },
    });
    expect(config?.servers.map((one) => [one.instances, one.toolNames])).toEqual([
      ["shared", "keep"],
      ["auto", "keep"],
    ]);
  });

  test("names a folder of its own only when it uses it", () => {
    const entry = (arg: string) => ({ command: "x", args: [arg] });
    const { config, folders } = read({
      config: {
        mcpServers: { "My Memory": entry("${SERVER_DATA}/m"), other: entry("$${SERVER_DATA}") },
      },
      env: { DATA_DIR: "state" },
    });
    expect(folders).toEqual([
      { server: "my-memory", path: "/w/state/servers/my-memory", owner: undefined },
    ]);
    expect(config?.servers.map(({ args }) => args[0])).toEqual([
      "/w/state/servers/my-memory/m",
      "${SERVER_DATA}",
    ]);
  });

  test("that runs as a user of its own lives in a folder of its own", () => {
    const of = (more: object) => read({ config: { mcpServers: { a: { command: "x", ...more } } } });
    const { config, folders } = of({ runAs: "1001" });
    const owner = { uid: 1001, gid: 1001 };
    expect(config?.servers[0]).toMatchObject({ runAs: owner, env: { HOME: folders[0]?.path } });
    expect(folders).toMatchObject([{ server: "a", owner }]);
    const both = of({ runAs: "1001:100", env: { HOME: "/home/x" } }).config?.servers[0];
    expect(both).toMatchObject({ runAs: { uid: 1001, gid: 100 }, env: { HOME: "/home/x" } });
  });

  test("is frozen, with all that is in it", () => {
    const { config } = read({ config: { mcpServers: { a: { command: "x", args: ["y"] } } } });
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config?.servers[0]?.args)).toBe(true);
  });

  test("keeps the order of the file, also for names that look like numbers", () => {
    const text =
      '{"mcpServers": {"b": {"command":"x"}, "2": {"command":"x"}, "1": {"command":"x"}}}';
    expect(read({ config: text }).config?.servers.map(({ name }) => name)).toEqual(["b", "2", "1"]);
  });
});

describe("an entry that is wrong", () => {
  test.each([
    [{}, "command", "is missing"],
    [{ command: "" }, "command", "must not be empty"],
    [{ command: 5 }, "command", "must be a program"],
    [{ command: "x", args: "a b" }, "args", "must be a list"],
    [{ command: "x", args: ["a", 5] }, "args[1]", "must be a text in quotes, not a number"],
    [{ command: "x", env: { A: 1 } }, "env.A", "must be a text in quotes"],
    [{ command: "x", env: { "A=B": "1" } }, 'env["A=B"]', "must be the name of a variable"],
    [{ command: "x", env: { A: "${NOPE}" } }, "env.A", "needs the variable NOPE"],
    [{ command: "x", env: { A: "${file:/nope}" } }, "env.A", "needs the file /nope"],
    [{ command: "x", args: ["a\0"] }, "args[0]", "NUL"],
    [{ command: "x", cwd: "" }, "cwd", "must not be empty"],
    [{ command: "x", runAs: "root" }, "runAs", "must be a number of a user"],
    [{ command: "x", runAs: "0" }, "runAs", "must be a number of a user"],
    [{ command: "x", disabled: "yes" }, "disabled", "must be true or false"],
    [{ command: "x", instances: "many" }, "instances", 'must be "auto" or "shared" or "session"'],
    [{ command: "x", toolNames: true }, "toolNames", 'must be "snake_case" or "keep"'],
    [{ command: "x", tools: { allow: "a" } }, "tools.allow", "must be a list"],
    [{ command: "x", roots: "some" }, "roots", "must be "],
    [{ command: "x", roots: ["rel"] }, "roots[0]", "must be an absolute path"],
    [{ command: "x", maxInFlight: 0 }, "maxInFlight", "must be a whole number from 1"],
    [{ command: "x", maxInFlight: 1.5 }, "maxInFlight", "must be a whole number"],
    [{ command: "x", startTimeout: "soon" }, "startTimeout", "must be a duration"],
    [{ command: "x", startTimeout: "${NOPE}" }, "startTimeout", "needs the variable NOPE"],
    [{ command: "x", startTimeout: 0 }, "startTimeout", "must be from 1ms"],
    [{ command: "x", startTimeout: "100d" }, "startTimeout", "must be from 1ms to 24d"],
    [{ command: "x", maxLineBytes: "1TB" }, "maxLineBytes", "must be a size"],
    [{ command: "x", inheritEnv: "A" }, "inheritEnv", "must be true, false or a list"],
  ])("%j: %s %s", (entry, key, words) => {
    const config = { mcpServers: { bad: entry, good: { command: "x" } } };
    const loaded = read({ config });
    const errors = loaded.problems.filter(({ severity }) => severity === "error");
    expect(errors.map(({ path }) => path)).toEqual([`mcpServers.bad.${key}`.replace(".[", "[")]);
    expect(errors[0]?.message).toContain(words);
    expect(errors[0]?.server).toBe("bad");
    expect(errors[0]?.line).toBeGreaterThan(1);
    // It stops only itself, and the table says why.
    expect(loaded.config?.servers.map(({ name }) => name)).toEqual(["good"]);
    expect(loaded.config?.skipped[0]?.reason).toContain(words);
  });

  test.each([
    ["not an object", { bad: 5 }, "must be an object"],
    ["a reserved route", { health: { command: "x" } }, "reserved"],
    ["a reserved route in another form", { Well_Known: { command: "x" } }, "reserved"],
    ["an empty name", { "": { command: "x" } }, "empty name"],
    ["a name without a letter", { 日本: { command: "x" } }, "without a letter"],
    [
      "a slug that is taken",
      { a_b: { command: "x" }, "A-B": { command: "x" } },
      "wants the URL /a-b",
    ],
    ["a slug of an invalid entry", { a_b: {}, "a-b": { command: "x" } }, "wants the URL /a-b"],
  ])("%s", (_, servers, words) => {
    const { config, problems } = read({
      config: { mcpServers: { ...servers, good: { command: "x" } } },
    });
    expect(problems.map(({ message }) => message).join("\n")).toContain(words);
    expect(config?.servers.map(({ name }) => name)).toContain("good");
    expect(config?.skipped.map(({ reason }) => reason).join("\n")).toContain(words);
  });

  test("tells everything at once, in the order of the file", () => {
    const text = `{
  "mcpServers": {
    "a": { "command": 1 },
    "a": {
      "command": "x",
      "args": [1],
      "comand": 2
    },
    "b": { "command": "x", "command": "y" },
    "c": { "command": "\${NOPE}" },
  },
  "proxi": {}
}`;
    const loaded = read({ config: text });
    expect(problemsOf(loaded)).toEqual([
      "3 error mcpServers.a: comes once more below, and the last one counts",
      "6 error mcpServers.a.args[0]: must be a text in quotes, not a number",
      "7 warning mcpServers.a.comand: is not a known key; it is ignored",
      "9 error mcpServers.b.command: is there a second time",
      "10 error mcpServers.c.command: needs the variable NOPE, which is not set",
      "12 warning proxi: is not a known key; it is ignored",
    ]);
    expect(loaded.config?.servers).toEqual([]);
    expect(loaded.config?.skipped.map(({ name }) => name)).toEqual(["a", "a", "b", "c"]);
  });

  test("never shows a value that may be a secret", () => {
    const loaded = read({
      config: {
        mcpServers: { a: { command: "x", args: "${TOKEN}", env: { K: "${TOKEN} ${NOPE}" } } },
      },
      env: { TOKEN: "hunter2" },
    });
    expect(loaded.problems).toHaveLength(2);
    expect(JSON.stringify(loaded)).not.toContain("hunter2");
  });
});

test("points to a key that is unknown, and to a value that is wrong", () => {
  const config = '{"mcpServers": {"a": {"comand": 1, "command": 2}}}';
  const places = read({ config }).problems.map(({ path, column }) => [path, column]);
  expect(places).toEqual([
    ["mcpServers.a.comand", config.indexOf('"comand"') + 1],
    ["mcpServers.a.command", config.indexOf("2") + 1],
  ]);
});

describe("an entry that is left out", () => {
  test.each([
    [{ command: "x", disabled: true }, "disabled"],
    [{ command: "x", enabled: false }, "disabled"],
    [{ disabled: true, args: 5 }, "disabled"],
    [{ type: "http", url: "https://x" }, "remote server (url)"],
    [{ url: "https://x", headers: { A: "${NOPE}" } }, "remote server (url)"],
  ])("%j: %s", (entry, reason) => {
    const loaded = read({ config: { mcpServers: { one: entry } } });
    expect(loaded.config?.skipped).toEqual([{ name: "one", reason }]);
    expect(loaded.problems.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  test("leaves its URL to another entry", () => {
    const servers = { "a-b": { command: "x", disabled: true }, a_b: { command: "x" } };
    expect(read({ config: { mcpServers: servers } }).config?.servers[0]?.name).toBe("a_b");
  });
});

describe("warnings", () => {
  test.each([
    [{ GitHub: { command: "x" } }, "is served at /github/mcp"],
    [{ brave_search: { command: "x" } }, "is served at /brave-search/mcp"],
    [{ a: { command: "x", timeout: 60 } }, "some clients mean seconds"],
    [{ a: { command: "x", url: "https://x" } }, 'the entry has a "command"'],
    [{ a: { command: "x", type: "sse" } }, 'the entry has a "command"'],
    [{ a: { command: "x", inheritEnv: ["NOPE"] } }, "names the variable NOPE"],
    [{ a: { command: "x", inheritEnv: ["BUN_X"] } }, "never handed down"],
    [{ a: { command: "x", disabled: true } }, "names no server to run"],
    [{}, "names no server to run"],
  ])("%j: %s", (mcpServers, words) => {
    const { config, problems } = read({ config: { mcpServers } });
    expect(problems.map(({ severity }) => severity)).toEqual(["warning"]);
    expect(problems[0]?.message).toContain(words);
    expect(config).toBeDefined();
  });

  test.each([
    ["mcpServers.a.comand", { mcpServers: { a: { command: "x", comand: 1 } } }, '"command"'],
    [
      "mcpServers.a.max_in_flight",
      { mcpServers: { a: { command: "x", max_in_flight: 1 } } },
      '"maxInFlight"',
    ],
    [
      "mcpServers.a.disabledTools",
      { mcpServers: { a: { command: "x", disabledTools: [] } } },
      '"deny" in "tools"',
    ],
    [
      "mcpServers.a.tools.alow",
      { mcpServers: { a: { command: "x", tools: { alow: [] } } } },
      '"allow"',
    ],
    ["proxy.prot", { mcpServers: { a: { command: "x" } }, proxy: { prot: 1 } }, '"port"'],
    [
      "proxy.maxSessions",
      { mcpServers: { a: { command: "x" } }, proxy: { maxSessions: 1 } },
      '"maxSessions" in "limits"',
    ],
    [
      "proxy.limits.maxSession",
      { mcpServers: { a: { command: "x" } }, proxy: { limits: { maxSession: 1 } } },
      '"maxSessions"',
    ],
    ["port", { mcpServers: { a: { command: "x" } }, port: 1 }, '"port" in "proxy"'],
    ["zzzzzz", { mcpServers: { a: { command: "x" } }, zzzzzz: 1 }, undefined],
  ])("the unknown key %s has its neighbour named", (path, config, words) => {
    const { problems } = read({ config });
    expect(problems.map((problem) => problem.path)).toEqual([path]);
    if (words === undefined) expect(problems[0]?.hint).toBeUndefined();
    else expect(problems[0]?.hint).toContain(words);
  });
});
