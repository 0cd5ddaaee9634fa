/** `npx`, `bunx`, `node` and `bun` on a machine that has none of them. */
import { describe, expect, test } from "bun:test";
import { existsSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parentOf } from "../../helpers/processes.ts";
import { Registry, serverPackage } from "../../helpers/registry.ts";
import { Machine, npx, whereOf } from "./self-gateway.ts";

describe("a package", () => {
  test("is installed, runs as one process, and is given its arguments", async () => {
    await using registry = new Registry([serverPackage("1.0.0")]);
    await using machine = new Machine(registry);
    await using gateway = await machine.start({ a: npx("@test/server@^1", "--flag", "two words") });
    const where = await whereOf(gateway, "a");
    expect(where["version"]).toBe("1.0.0");
    expect(where["bun"]).toBeString();
    expect(where["argv"].slice(2)).toEqual(["--flag", "two words"]);
    expect(where["cwd"]).toBe(realpathSync(machine.work));
    // No npm, no shell: the process of the server is the gateway's own child.
    expect(parentOf(where["pid"])).toBe(gateway.pid);
    expect(where["argv"][1]).toStartWith(join(machine.data, "packages"));
    expect(gateway.stderr).toContain(`server "a" runs on the built-in runtime: there is no npx`);
  });

  test.each([
    ["bunx", ["@test/server", "x"]],
    ["bun", ["x", "@test/server", "x"]],
    ["npx", ["-p", "@test/server", "test-server", "x"]],
    ["npx", ["--yes", "--package=@test/server", "--", "test-server", "x"]],
    ["/usr/local/bin/npx-that-is-not-there/npx", ["-y", "@test/server@latest", "x"]],
  ])("is started by %s %j", async (command, args) => {
    await using registry = new Registry([serverPackage("1.0.0")]);
    await using machine = new Machine(registry);
    await using gateway = await machine.start({ a: { command, args } });
    const where = await whereOf(gateway, "a");
    expect(where["argv"].slice(2)).toEqual(["x"]);
  });

  test("starts other programs of its own: by its path, and as node", async () => {
    const source = `
      const { spawnSync } = require("node:child_process");
      const code = "console.log(typeof Bun, process.env.PLANTED)";
      const run = (program) => spawnSync(program, ["-e", code], { encoding: "utf8" }).stdout.trim();
      const texts = [run(process.execPath), run("node")];
      const { createInterface } = require("node:readline");
      createInterface({ input: process.stdin }).on("line", (line) => {
        const { id, method, params } = JSON.parse(line);
        const result = method === "initialize"
          ? { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "n", version: "1" } }
          : { content: [{ type: "text", text: JSON.stringify(texts) }] };
        if (id !== undefined) console.log(JSON.stringify({ jsonrpc: "2.0", id, result }));
      });`;
    await using machine = new Machine();
    writeFileSync(join(machine.work, "s.cjs"), source);
    writeFileSync(join(machine.work, ".env"), "PLANTED=1\n");
    await using gateway = await machine.start({ a: { command: "node", args: ["s.cjs"] } });
    const texts = await whereOf(gateway, "a");
    expect(texts).toEqual(["object undefined", "object undefined"] as never);
  });
});

/** The test server as a file, not a package. */
function writeServer(machine: Machine): void {
  const { files = {} } = serverPackage("1.0.0");
  writeFileSync(join(machine.work, "server.js"), files["server.js"] ?? "");
  writeFileSync(
    join(machine.work, "package.json"),
    '{"version":"9.9.9","scripts":{"server.js":"exit 1"}}',
  );
}

describe("a file", () => {
  test.each([
    ["node", ["server.js", "x"]],
    ["node", ["--enable-source-maps", "./server.js", "x"]],
    ["node", ["server", "x"]],
    ["bun", ["./server.js", "x"]],
    ["bun", ["run", "./server.js", "x"]],
    ["npx", ["-y", "tsx", "server.js", "x"]],
  ])("is run by %s %j", async (command, args) => {
    await using machine = new Machine();
    writeServer(machine);
    await using gateway = await machine.start({ a: { command, args } });
    const where = await whereOf(gateway, "a");
    expect(where["version"]).toBe("9.9.9");
    expect(where["argv"].slice(2)).toEqual(["x"]);
    expect(parentOf(where["pid"])).toBe(gateway.pid);
  });
});

describe("neither .env nor bunfig.toml of any folder is read", () => {
  const plant = (folder: string, marker: string): void => {
    const code = `require("node:fs").writeFileSync(${JSON.stringify(marker)}, "ran")`;
    writeFileSync(join(folder, "planted.cjs"), code);
    const preload = `preload = ["${join(folder, "planted.cjs")}"]\n`;
    writeFileSync(join(folder, "bunfig.toml"), preload);
    writeFileSync(join(folder, ".bunfig.toml"), preload);
    writeFileSync(join(folder, ".env"), "PLANTED=1\n");
    writeFileSync(join(folder, ".env.local"), "PLANTED=1\n");
  };

  test("by a server, from its folder, its home and its package", async () => {
    const planted = { ".env": "PLANTED=1\n", "bunfig.toml": 'preload = ["./planted.cjs"]\n' };
    const own = serverPackage("1.0.0");
    const code = 'require("node:fs").writeFileSync(__dirname + "/ran", "ran")';
    const files = { ...own.files, ...planted, "planted.cjs": code };
    await using registry = new Registry([{ ...own, files }]);
    await using machine = new Machine(registry);
    const marker = join(machine.folder, "marker");
    writeServer(machine);
    for (const folder of [machine.work, machine.home, machine.data]) plant(folder, marker);
    await using gateway = await machine.start({
      package: npx("@test/server"),
      node: { command: "node", args: ["server.js"] },
      bun: { command: "bun", args: ["run", "./server.js"] },
      "in-package": { ...npx("@test/server"), cwd: machine.data },
    });
    for (const server of ["package", "node", "bun", "in-package"]) {
      const where = await whereOf(gateway, server);
      expect(where["env"].PLANTED).toBeUndefined();
    }
    expect(existsSync(marker)).toBe(false);
  });

  test("by an installation: what they say of registries does not count", async () => {
    await using registry = new Registry([serverPackage("1.0.0")]);
    await using machine = new Machine(registry);
    const wrong = '[install]\nregistry = "http://127.0.0.1:1/"\n';
    for (const folder of [machine.work, machine.home, machine.data]) {
      for (const name of ["bunfig.toml", ".bunfig.toml"]) writeFileSync(join(folder, name), wrong);
      writeFileSync(join(folder, ".env"), "NPM_CONFIG_REGISTRY=http://127.0.0.1:1/\n");
    }
    await using gateway = await machine.start({ a: npx("@test/server") });
    expect((await whereOf(gateway, "a"))["version"]).toBe("1.0.0");
  });
});

test("of our own variables a server gets only those that make it run", async () => {
  await using registry = new Registry([serverPackage("1.0.0")]);
  await using machine = new Machine(registry);
  const entry = { ...npx("@test/server"), env: { OWN: "1" } };
  await using gateway = await machine.start(
    { a: entry },
    { env: { BUN_SECRET: "x", NPM_TOKEN: "x" } },
  );
  const { env } = await whereOf(gateway, "a");
  const names = Object.keys(env).filter((name) => !/^(_|PWD|SHLVL|OLDPWD)$/.test(name));
  expect(names.sort()).toEqual(
    [
      "BUN_BE_BUN",
      "BUN_OPTIONS",
      "HOME",
      "OWN",
      "PATH",
      expect.stringMatching(/REMOTE_MCP_PROXY|MARK/),
    ].sort() as never,
  );
});

test("a command line that is not understood fails with the reason; its neighbours run", async () => {
  await using registry = new Registry([serverPackage("1.0.0")]);
  await using machine = new Machine(registry);
  await using gateway = await machine.start({
    shell: { command: "npx", args: ["-c", "test-server | tee log"] },
    a: npx("@test/server"),
  });
  await gateway.untilLogged(/\[shell\].*→ failed.*-c, for which npx starts a shell/);
  expect((await whereOf(gateway, "a"))["version"]).toBe("1.0.0");
});
