/** Where things live when nobody says: for a user, for a service of systemd, for any other service. */
import { describe, expect, test } from "bun:test";
import {
  configPlaces,
  credentialFile,
  dataPlace,
  logPlace,
  SERVICE_LOG_DIR,
} from "../../../src/config/places.ts";
import { read } from "./read.ts";

const unit = {
  STATE_DIRECTORY: "/var/lib/remote-mcp-proxy:/var/lib/other",
  LOGS_DIRECTORY: "/var/log/remote-mcp-proxy",
  CONFIGURATION_DIRECTORY: "/etc/remote-mcp-proxy",
  CREDENTIALS_DIRECTORY: "/run/credentials/remote-mcp-proxy.service",
};

test.each<[string, Record<string, string>, string | undefined, string, string]>([
  ["a user", {}, "/home/me", "/home/me/.local/state/remote-mcp-proxy", "default"],
  [
    "a user who says where",
    { XDG_STATE_HOME: "/state" },
    "/home/me",
    "/state/remote-mcp-proxy",
    "default, from XDG_STATE_HOME",
  ],
  ["systemd", unit, "/home/me", "/var/lib/remote-mcp-proxy", "STATE_DIRECTORY"],
  [
    "systemd above XDG",
    { ...unit, XDG_STATE_HOME: "/s" },
    undefined,
    "/var/lib/remote-mcp-proxy",
    "STATE_DIRECTORY",
  ],
  [
    "a service",
    {},
    undefined,
    "/var/lib/remote-mcp-proxy",
    "default of a service, which has no home folder",
  ],
  [
    "a service whose account has no home",
    {},
    "/nonexistent",
    "/var/lib/remote-mcp-proxy",
    "default of a service, which has no home folder",
  ],
  [
    "a user of a container",
    {},
    "/",
    "/var/lib/remote-mcp-proxy",
    "default of a service, which has no home folder",
  ],
  [
    "a relative path of systemd, which is none",
    { STATE_DIRECTORY: "state" },
    "/home/me",
    "/home/me/.local/state/remote-mcp-proxy",
    "default",
  ],
])("data of %s", (_, env, homeFolder, path, from) => {
  expect(dataPlace({ env, homeFolder })).toEqual({ path, from });
});

describe("DATA_DIR above all", () => {
  const mcpServers = { a: { command: "x" } };
  test.each([
    [{ DATA_DIR: "/d", ...unit }, "/p", "/d", "DATA_DIR"],
    [{ DATA_DIR: "rel", ...unit }, "/p", "/w/rel", "DATA_DIR"],
    [unit, "/p", "/p", "/w/config.json:"],
    [{ DATA_DIR: "", ...unit }, undefined, "/var/lib/remote-mcp-proxy", "STATE_DIRECTORY"],
  ])("%j, proxy.dataDir %p", (env, inFile, dataDir, from) => {
    const proxy = inFile === undefined ? {} : { dataDir: inFile };
    const { config, provenance } = read({ config: { mcpServers, proxy }, env });
    expect(config?.dataDir).toBe(dataDir);
    expect(provenance.find(({ setting }) => setting === "dataDir")?.from).toStartWith(from);
  });

  test.each([
    [{ LOG_DIR: "/l", ...unit }, undefined, "/l"],
    [unit, undefined, "/var/log/remote-mcp-proxy"],
    [{ HOME: "/home/me" }, undefined, undefined],
  ])("the same of logs: %j", (env, homeFolder, logDir) => {
    const given = homeFolder === undefined ? {} : { homeFolder };
    expect(read({ config: { mcpServers }, env, ...given }).config?.logDir).toBe(logDir as string);
  });
});

test("logs are files of a service only where somebody made the folder, never of a user", () => {
  const service = { env: {}, homeFolder: undefined };
  expect(logPlace(service, SERVICE_LOG_DIR)?.path).toBe("/var/log/remote-mcp-proxy");
  expect(logPlace(service, undefined)).toBeUndefined();
  expect(logPlace({ env: {}, homeFolder: "/home/me" }, SERVICE_LOG_DIR)).toBeUndefined();
  expect(logPlace({ env: { XDG_STATE_HOME: "/s" }, homeFolder: "/" }, SERVICE_LOG_DIR)).toBe(
    undefined,
  );
});

describe("the config file is looked for", () => {
  const pathsOf = (env: Record<string, string>, homeFolder?: string) =>
    configPlaces({ env, homeFolder }, "/w").map(({ path }) => path);
  const everywhere = [
    "/etc/remote-mcp-proxy/config.json",
    "/config/config.json",
    "/app/config.json",
  ];
  test.each<[string, Record<string, string>, string | undefined, readonly string[]]>([
    [
      "for a user",
      {},
      "/home/me",
      ["/w/config.json", "/home/me/.config/remote-mcp-proxy/config.json", ...everywhere],
    ],
    [
      "for a user who says where",
      { XDG_CONFIG_HOME: "/c" },
      "/home/me",
      ["/w/config.json", "/c/remote-mcp-proxy/config.json", ...everywhere],
    ],
    ["for a service", {}, undefined, ["/w/config.json", ...everywhere]],
    [
      "for systemd, what it hands over first",
      unit,
      undefined,
      [
        "/run/credentials/remote-mcp-proxy.service/config.json",
        "/etc/remote-mcp-proxy/config.json",
        "/w/config.json",
        ...everywhere,
      ],
    ],
  ])("%s", (_, env, homeFolder, paths) => {
    expect(pathsOf(env, homeFolder)).toEqual([...paths]);
  });
});

describe("${credential:NAME}", () => {
  const entry = { command: "x", env: { TOKEN: "${credential:github.token}" } };
  const path = "/run/credentials/remote-mcp-proxy.service/github.token";

  test("is what systemd handed over, and a secret", () => {
    const { servers } = read({
      config: { mcpServers: { a: entry } },
      env: unit,
      files: { [path]: "t0ken\n" },
    });
    expect(servers[0]?.env["TOKEN"]).toBe("t0ken");
    expect(servers[0]?.secrets).toContain("t0ken");
  });

  test.each([
    ["without systemd", {}, "${credential:github.token}", "CREDENTIALS_DIRECTORY is not set"],
    ["that it was not given", unit, "${credential:other}", "other, which does not exist"],
    ["that is a path", unit, "${credential:../x}", "needs the credential ../x"],
    ["that is a path, hidden", unit, "${credential:..}", "needs the credential .."],
  ])("%s is an error with what to do", (_, env, value, message) => {
    const config = { mcpServers: { a: { command: "x", env: { TOKEN: value } } } };
    const { problems, servers } = read({ config, env });
    expect(servers).toEqual([]);
    expect(problems[0]?.message).toContain(message);
    expect(problems[0]?.hint).toBeString();
  });

  test("its file is that of the first folder", () => {
    expect(credentialFile({ CREDENTIALS_DIRECTORY: "/a:/b" }, "x")).toBe("/a/x");
  });
});
