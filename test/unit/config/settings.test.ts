/** Flags beat environment beat file beat default, and every value knows where it came from. */
import { describe, expect, test } from "bun:test";
import type { GatewayConfig } from "../../../src/config/model.ts";
import { VARIABLES, type Flags } from "../../../src/config/settings.ts";
import { problemsOf, read, type Given } from "./read.ts";

const mcpServers = { a: { command: "x" } };

type Reader = (config: GatewayConfig) => unknown;

interface Row {
  readonly setting: string;
  readonly get: Reader;
  readonly preset: unknown;
  readonly file: readonly [value: unknown, expected: unknown];
  readonly variable?: readonly [name: (typeof VARIABLES)[number], text: string, expected: unknown];
  readonly flag?: readonly [key: keyof Flags, name: string, text: string, expected: unknown];
}

const rows: readonly Row[] = [
  {
    setting: "host",
    get: ({ host }) => host,
    preset: "127.0.0.1",
    file: ["0.0.0.0", "0.0.0.0"],
    variable: ["HOST", "::1", "::1"],
    flag: ["host", "--host", "[::]", "::"],
  },
  {
    setting: "port",
    get: ({ port }) => port,
    preset: 8_080,
    file: [1, 1],
    variable: ["PORT", "2", 2],
    flag: ["port", "--port", "0", 0],
  },
  {
    setting: "domain",
    get: ({ domain }) => domain,
    preset: "localhost",
    file: ["Example.ORG.", "example.org"],
    variable: ["DOMAIN", "b.org", "b.org"],
    flag: ["domain", "--domain", "c.org", "c.org"],
  },
  {
    setting: "mcpDomain",
    get: ({ mcpDomain }) => mcpDomain,
    preset: "mcp.localhost",
    file: ["m.org", "m.org"],
    variable: ["MCP_DOMAIN", "n.org", "n.org"],
  },
  {
    setting: "publicUrl",
    get: ({ publicUrl }) => publicUrl,
    preset: undefined,
    file: ["https://X.org/p/", "https://x.org/p"],
    variable: ["PUBLIC_URL", "http://y.org:81", "http://y.org:81"],
  },
  {
    setting: "dataDir",
    get: ({ dataDir }) => dataDir,
    preset: "/home/me/.local/state/remote-mcp-proxy",
    file: ["rel/x", "/w/rel/x"],
    variable: ["DATA_DIR", "/data", "/data"],
  },
  {
    setting: "logLevelSystem",
    get: ({ logLevelSystem }) => logLevelSystem,
    preset: "INFO",
    file: ["warn", "WARNING"],
    variable: ["LOG_LEVEL_SYSTEM", "Trace", "TRACE"],
    flag: ["logLevel", "--log-level", "error", "ERROR"],
  },
  {
    setting: "logLevelMcp",
    get: ({ logLevelMcp }) => logLevelMcp,
    preset: "DEBUG",
    file: ["WARNING", "WARNING"],
    variable: ["LOG_LEVEL_MCP", "info", "INFO"],
    flag: ["logLevel", "--log-level", "error", "ERROR"],
  },
];

describe.each(rows)("$setting", ({ setting, get, preset, file, variable, flag }) => {
  const from = ({ provenance }: ReturnType<typeof read>) =>
    provenance.find((one) => one.setting === setting)?.from;
  const env = { HOME: "/home/me" };
  const proxy = { [setting]: file[0] };

  test("has its default", () => {
    const loaded = read({ config: { mcpServers }, env });
    expect(loaded.config && get(loaded.config)).toEqual(preset);
    if (preset !== undefined) expect(from(loaded)).toStartWith("default");
  });

  test("comes from the file", () => {
    const loaded = read({ config: { mcpServers, proxy }, env });
    expect(problemsOf(loaded)).toEqual([]);
    expect(loaded.config && get(loaded.config)).toEqual(file[1]);
    expect(from(loaded)).toBe("/w/config.json:8");
  });

  test("comes from the environment before the file, unless it is set to nothing", () => {
    if (variable === undefined) return;
    const [name, text, expected] = variable;
    const loaded = read({ config: { mcpServers, proxy }, env: { ...env, [name]: text } });
    expect(loaded.config && get(loaded.config)).toEqual(expected);
    expect(from(loaded)).toBe(name);
    const empty = read({ config: { mcpServers, proxy }, env: { ...env, [name]: " " } });
    expect(empty.config && get(empty.config)).toEqual(file[1]);
  });

  test("comes from its flag before all else", () => {
    if (flag === undefined) return;
    const [key, name, text, expected] = flag;
    const variables = variable === undefined ? {} : { [variable[0]]: variable[1] };
    const flags = { [key]: text };
    const loaded = read({ config: { mcpServers, proxy }, env: { ...env, ...variables }, flags });
    expect(loaded.config && get(loaded.config)).toEqual(expected);
    expect(from(loaded)).toBe(name);
  });
});

describe("values that depend on others", () => {
  test.each([
    [{ DOMAIN: "example.org" }, "mcp.example.org"],
    [{ DOMAIN: "example.org", MCP_DOMAIN: "tools.example.org" }, "tools.example.org"],
  ])("%j: servers are below %s", (env, mcpDomain) => {
    expect(read({ config: { mcpServers }, env: { HOME: "/h", ...env } }).config?.mcpDomain).toBe(
      mcpDomain,
    );
  });

  test.each([
    [{ XDG_STATE_HOME: "/state" }, "/home/me", "/state/remote-mcp-proxy"],
    [{ XDG_STATE_HOME: "relative" }, "/home/me", "/home/me/.local/state/remote-mcp-proxy"],
  ])("%j: the data folder is %s %s", (env, homeFolder, dataDir) => {
    expect(read({ config: { mcpServers }, env, homeFolder }).config?.dataDir).toBe(dataDir);
  });

  test("without a home it is that of a service", () => {
    const given = { config: { mcpServers }, env: {}, homeFolder: undefined };
    expect(read(given).config?.dataDir).toBe("/var/lib/remote-mcp-proxy");
    expect(read({ ...given, env: { DATA_DIR: "/d" } }).config?.dataDir).toBe("/d");
  });

  test("TLS takes both files, from flags and file", () => {
    const proxy = { tls: { cert: "c.pem", key: "/k.pem" } };
    const tls = (given: object) => read({ config: { mcpServers, proxy }, ...given }).config?.tls;
    expect(tls({})).toEqual({ certFile: "/w/c.pem", keyFile: "/k.pem" });
    expect(tls({ flags: { tlsCert: "/d.pem" } })).toEqual({
      certFile: "/d.pem",
      keyFile: "/k.pem",
    });
    const half = read({ config: { mcpServers }, flags: { tlsKey: "/k.pem" } });
    expect(problemsOf(half)).toEqual(["- error --tls-key: needs --tls-cert too"]);
    expect(half.config).toBeUndefined();
  });

  test("strings of proxy are expanded", () => {
    const proxy = { host: "${BIND:-0.0.0.0}", port: "${P}", limits: { sessionIdle: "${I:-1m}" } };
    const { config } = read({ config: { mcpServers, proxy }, env: { HOME: "/h", P: "99" } });
    expect([config?.host, config?.port, config?.limits.sessionIdleMs]).toEqual([
      "0.0.0.0",
      99,
      60_000,
    ]);
  });

  test("allowed origins and hosts are written as browsers send them", () => {
    const proxy = {
      allowedOrigins: ["HTTPS://App.example.org/"],
      allowedHosts: ["Gate.LAN.", "::1"],
    };
    const { config } = read({ config: { mcpServers, proxy } });
    expect(config?.allowedOrigins).toEqual(["https://app.example.org"]);
    expect(config?.allowedHosts).toEqual(["gate.lan", "[::1]"]);
  });
});

describe("what is wrong in flags, variables and proxy is fatal", () => {
  const wrong: readonly (readonly [Given & { readonly proxy?: unknown }, string])[] = [
    [{ flags: { port: "abc" } }, "- error --port: must be a port"],
    [{ env: { HOME: "/h", PORT: "abc" } }, "- error PORT: must be a port"],
    [{ env: { HOME: "/h", PORT: "65536" } }, "- error PORT: must be a port"],
    [{ env: { HOME: "/h", HOST: "http://x" } }, "- error HOST: must be an address"],
    [{ env: { HOME: "/h", HOST: "127.0.0.1:80" } }, "- error HOST: must be an address"],
    [{ env: { HOME: "/h", DOMAIN: "https://x.org" } }, "- error DOMAIN: must be a domain"],
    [{ env: { HOME: "/h", PUBLIC_URL: "x.org" } }, "- error PUBLIC_URL: must be a URL"],
    [{ env: { HOME: "/h", PUBLIC_URL: "ftp://x.org" } }, "- error PUBLIC_URL: must be a URL"],
    [{ env: { HOME: "/h", PUBLIC_URL: "https://x.org/?a" } }, "- error PUBLIC_URL: must be a URL"],
    [{ env: { HOME: "/h", PUBLIC_URL: "https://u:p@x.org" } }, "- error PUBLIC_URL: must be a URL"],
    [{ env: { HOME: "/h", LOG_LEVEL_MCP: "LOUD" } }, "- error LOG_LEVEL_MCP: must be ERROR"],
    [{ flags: { logLevel: "LOUD" } }, "- error --log-level: must be ERROR"],
    [{ proxy: { port: 70_000 } }, "8 error proxy.port: must be a port"],
    [{ proxy: { port: "${NOPE}" } }, "8 error proxy.port: needs the variable NOPE"],
    [{ proxy: { host: 5 } }, "8 error proxy.host: must be a text"],
    [{ proxy: { dataDir: "${SERVER_DATA}" } }, "8 error proxy.dataDir: uses ${SERVER_DATA}"],
    [{ proxy: { allowedOrigins: ["*"] } }, "9 error proxy.allowedOrigins[0]: must be an origin"],
    [{ proxy: { allowedHosts: ["x:80"] } }, "9 error proxy.allowedHosts[0]: must be a host name"],
    [{ proxy: { tls: { cert: "c" } } }, "8 error proxy.tls.key: is missing"],
    [
      { proxy: { limits: { maxSessions: 0 } } },
      "9 error proxy.limits.maxSessions: must be a whole",
    ],
    [{ proxy: { limits: { drain: "9s" } } }, "9 error proxy.limits.drain: must not be longer"],
    [{ proxy: 5 }, "7 error proxy: must be an object"],
  ];
  test.each(wrong)("%j", ({ proxy, ...given }, words) => {
    const config = proxy === undefined ? { mcpServers } : { mcpServers, proxy };
    const loaded = read({ config, ...given });
    expect(problemsOf(loaded)).toHaveLength(1);
    expect(problemsOf(loaded)[0]).toStartWith(words);
    expect(loaded.config).toBeUndefined();
  });

  test.each([
    ["", "is empty"],
    ["[]", "must be an object"],
    ["{", "a closing } is missing"],
    ["{}", 'has no "mcpServers"'],
    ['{"servers": {}}', 'has no "mcpServers"'],
    ['{"mcpServers": []}', "must be an object"],
    ['{"mcpServers": null}', "must be an object"],
    ['{"mcpServers": {}, "mcpServers": {}}', "is there a second time"],
    ['{"mcpServers": {}, "proxy": {"port": 1, "port": 2}}', "is there a second time"],
  ])("the file %j", (config, words) => {
    const loaded = read({ config });
    const errors = loaded.problems.filter(({ severity }) => severity === "error");
    expect(errors[0]?.message).toContain(words);
    expect(errors[0]?.line).toBe(1);
    expect(loaded.config).toBeUndefined();
  });

  test("an address as domain is only a warning", () => {
    const loaded = read({ config: { mcpServers }, env: { HOME: "/h", DOMAIN: "192.168.1.5" } });
    expect(problemsOf(loaded)[0]).toStartWith("- warning domain");
    expect(loaded.config).toBeDefined();
  });
});
