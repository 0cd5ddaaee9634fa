/** Which file is read, and what is said when it cannot be. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig, makeServerFolders, type LoadInput } from "../../../src/config/load.ts";

const root = mkdtempSync(join(tmpdir(), "config-load-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A folder with files, each a config whose only server is named after it. */
function folderWith(...names: readonly string[]): string {
  const folder = mkdtempSync(join(root, "w-"));
  for (const name of names) {
    const server = name.replace(/\W/g, "-");
    writeFileSync(
      join(folder, name),
      JSON.stringify({ mcpServers: { [server]: { command: "x" } } }),
    );
  }
  return folder;
}

function load(workingFolder: string, given: Partial<LoadInput> = {}) {
  const base = { flags: {}, env: { HOME: "/home/me" }, selfCommand: ["/gateway"] };
  return loadConfig({ ...base, workingFolder, ...given });
}

describe("the file that counts", () => {
  const folder = folderWith("config.json", "flag.json", "file.json", "path.json");
  const env = { HOME: "/h", CONFIG_FILE: "file.json", CONFIG_PATH: "path.json" };
  test.each([
    ["--config", { flags: { config: "flag.json" }, env }, "flag-json"],
    ["CONFIG_FILE", { env }, "file-json"],
    ["CONFIG_PATH", { env: { ...env, CONFIG_FILE: "" } }, "path-json"],
    ["default", {}, "config-json"],
  ])("from %s", (from, given, server) => {
    const { config, provenance } = load(folder, given);
    expect(config?.servers[0]?.name).toBe(server);
    expect(provenance[0]).toMatchObject({ setting: "config", from });
    expect(config?.source).toMatchObject({ kind: "file", path: provenance[0]?.value });
  });

  test("a one-server form reads none", () => {
    const broken = folderWith();
    writeFileSync(join(broken, "config.json"), "{");
    expect(load(broken).config).toBeUndefined();
    expect(load(broken, { flags: { stdio: "x" } }).config?.source.kind).toBe("command-line");
  });

  test("without any it is the demo", () => {
    expect(load(folderWith()).config?.source).toEqual({ kind: "demo" });
  });
});

describe("a file that cannot be read is never the demo", () => {
  test.each([
    ["--config", { flags: { config: "no.json" } }],
    ["CONFIG_FILE", { env: { HOME: "/h", CONFIG_FILE: "no.json" } }],
    ["CONFIG_PATH", { env: { HOME: "/h", CONFIG_PATH: "/no/no.json" } }],
  ])("named by %s", (path, given) => {
    const { config, problems } = load(folderWith("config.json"), given);
    expect(config).toBeUndefined();
    expect(problems).toMatchObject([{ severity: "error", code: "CONFIG_UNREADABLE", path }]);
    expect(problems[0]?.message).toContain("no.json does not exist");
  });

  test("a folder in its place", () => {
    const folder = folderWith();
    mkdirSync(join(folder, "config.json"));
    const { config, problems } = load(folder);
    expect(config).toBeUndefined();
    expect(problems[0]?.message).toContain("is a folder");
    expect(problems[0]?.hint).toContain("Docker");
  });
});

test("reads ${file:…} from the working folder", () => {
  const folder = folderWith("config.json");
  writeFileSync(join(folder, "token"), "t0ken\n");
  writeFileSync(
    join(folder, "config.json"),
    '{"mcpServers": {"a": {"command": "x", "env": {"T": "${file:token}"}}, "b": {"command": "${file:no}"}}}',
  );
  const { config, problems } = load(folder);
  expect(config?.servers.map(({ env }) => env["T"])).toEqual(["t0ken"]);
  expect(problems[0]?.message).toContain("the file no, which does not exist");
});

test("TLS files must be there", () => {
  const folder = folderWith("config.json", "cert.pem");
  const flags = { tlsCert: "cert.pem", tlsKey: "key.pem" };
  const { config, problems } = load(folder, { flags });
  expect(config).toBeUndefined();
  expect(problems.map(({ code, message }) => [code, message])).toEqual([
    ["CONFIG_FILE_MISSING", `the file ${join(folder, "key.pem")} does not exist`],
  ]);
});

test("makes folders of servers for this user only, and does not mind that they are there", () => {
  const folder = folderWith();
  writeFileSync(
    join(folder, "config.json"),
    '{"mcpServers": {"a": {"command": "x", "args": ["${SERVER_DATA}"]}}}',
  );
  const { config, folders } = load(folder, { env: { HOME: "/h", DATA_DIR: "data" } });
  const path = join(folder, "data/servers/a");
  expect(config?.servers[0]?.args).toEqual([path]);
  expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
  makeServerFolders(folders);
  makeServerFolders(folders);
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

test("a file is found where systemd and XDG have it, and said where", () => {
  const [empty, etc, xdg, credentials] = [folderWith(), folderWith(), folderWith(), folderWith()];
  const put = (folder: string, name: string): void => {
    mkdirSync(folder, { recursive: true });
    const config = { mcpServers: { [name]: { command: "x" } } };
    writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  };
  const env: Record<string, string> = { HOME: join(xdg, "home") };
  const found = () => {
    const { config, provenance } = load(empty, { env });
    return [config?.servers[0]?.name, provenance[0]?.from];
  };
  put(join(xdg, "home/.config/remote-mcp-proxy"), "user");
  expect(found()).toEqual(["user", "default"]);
  put(join(xdg, "remote-mcp-proxy"), "xdg");
  env["XDG_CONFIG_HOME"] = xdg;
  expect(found()).toEqual(["xdg", "default, from XDG_CONFIG_HOME"]);
  put(empty, "here");
  expect(found()).toEqual(["here", "default"]);
  put(etc, "etc");
  env["CONFIGURATION_DIRECTORY"] = `${etc}:/nowhere`;
  expect(found()).toEqual(["etc", "CONFIGURATION_DIRECTORY"]);
  put(credentials, "secret");
  env["CREDENTIALS_DIRECTORY"] = credentials;
  expect(found()).toEqual(["secret", "CREDENTIALS_DIRECTORY"]);
});
