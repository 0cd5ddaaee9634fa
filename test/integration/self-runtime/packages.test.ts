/** How packages are installed, kept, renewed and made again, from a registry of the test's own. */
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunningGateway } from "../../helpers/gateway.ts";
import { alive } from "../../helpers/processes.ts";
import { RawSession } from "../../helpers/raw-session.ts";
import { Registry, serverPackage } from "../../helpers/registry.ts";
import { gate, until } from "../../helpers/wait.ts";
import { Machine, npx, whereOf } from "./self-gateway.ts";

const DAY_MS = 24 * 60 * 60_000;
const asksBack = { capabilities: { sampling: {} } };

interface Lock {
  readonly release: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly checkedAtMs: number;
}

function lockOf(machine: Machine, server: string): Lock {
  const [place = ""] = machine.places(server);
  return JSON.parse(readFileSync(join(place, "lock.json"), "utf8")) as Lock;
}

/** As if the registry had been asked that long ago. */
function age(machine: Machine, server: string, ms: number): void {
  const [place = ""] = machine.places(server);
  const lock = { ...lockOf(machine, server), checkedAtMs: Date.now() - ms };
  writeFileSync(join(place, "lock.json"), JSON.stringify(lock));
}

async function versionOf(gateway: RunningGateway, server: string): Promise<unknown> {
  return (await whereOf(gateway, server))["version"];
}

describe("once", () => {
  test("whoever starts at the same time waits for the same installation", async () => {
    await using registry = new Registry([serverPackage("1.0.0")]);
    await using machine = new Machine(registry);
    const entry = { ...npx("@test/server"), instances: "session" };
    await using gateway = await machine.start({ a: entry });
    const open = () => RawSession.open(gateway.mcp("a"), asksBack);
    const sessions = await Promise.all(Array.from({ length: 6 }, open));
    expect(new Set(sessions.map(({ id }) => id)).size).toBe(6);
    expect(registry.asked.filter((path) => path.endsWith(".tgz"))).toHaveLength(1);
    expect(gateway.stderr.match(/installing @test\/server/g)).toHaveLength(1);
  });

  test("a later start needs no registry, and a session no second look", async () => {
    const registry = new Registry([serverPackage("1.0.0")]);
    await using machine = new Machine(registry);
    const servers = { a: npx("@test/server@latest") };
    {
      await using gateway = await machine.start(servers);
      expect(await versionOf(gateway, "a")).toBe("1.0.0");
    }
    await registry[Symbol.asyncDispose]();
    await using again = await machine.start(servers);
    expect(await versionOf(again, "a")).toBe("1.0.0");
    expect(again.stderr).not.toContain("installing");
  });

  test("what is started differently is another installation", async () => {
    await using registry = new Registry([serverPackage("1.0.0"), serverPackage("2.0.0")]);
    await using machine = new Machine(registry);
    {
      await using gateway = await machine.start({ a: npx("@test/server@1") });
      expect(await versionOf(gateway, "a")).toBe("1.0.0");
    }
    await using gateway = await machine.start({ a: npx("@test/server@2") });
    expect(await versionOf(gateway, "a")).toBe("2.0.0");
    expect(machine.places("a")).toHaveLength(2);
  });
});

describe("the same start gives the same code", () => {
  const dependency = (version: string) => ({
    name: "dep",
    version,
    files: { "index.js": `module.exports = "${version}";` },
  });
  const own = serverPackage("1.0.0");
  const source = own.files?.["server.js"] ?? "";
  const withDependency = serverPackage("1.0.0", {
    manifest: { bin: "server.js", dependencies: { dep: "^1.0.0" } },
    files: {
      "server.js": source
        .replace("const where", 'const dep = require("dep");\nconst where')
        .replace("version, argv", "version, dep, argv"),
    },
  });

  test("a lost folder is made again from the lock, with dependencies that have moved on", async () => {
    await using registry = new Registry([withDependency, dependency("1.0.0")]);
    await using machine = new Machine(registry);
    const servers = { a: npx("@test/server") };
    {
      await using gateway = await machine.start(servers);
      expect((await whereOf(gateway, "a"))["dep"]).toBe("1.0.0");
    }
    registry.publish(dependency("1.1.0"));
    registry.publish({ ...withDependency, version: "1.0.1" });
    const [place = ""] = machine.places("a");
    rmSync(join(place, lockOf(machine, "a").release), { recursive: true });
    rmSync(join(machine.data, "packages", "cache"), { recursive: true });
    await using gateway = await machine.start(servers);
    const where = await whereOf(gateway, "a");
    expect([where["version"], where["dep"]]).toEqual(["1.0.0", "1.0.0"]);
  });

  test("a lock file that is none is no obstacle", async () => {
    await using registry = new Registry([own]);
    await using machine = new Machine(registry);
    const servers = { a: npx("@test/server") };
    await machine
      .start(servers)
      .then((gateway) => versionOf(gateway, "a").then(() => gateway.stop()));
    const [place = ""] = machine.places("a");
    for (const text of ["", "{", "[]", '{"format":"remote-mcp-proxy/packages","version":1}']) {
      writeFileSync(join(place, "lock.json"), text);
      await using gateway = await machine.start(servers);
      expect(await versionOf(gateway, "a")).toBe("1.0.0");
    }
  });
});

describe("renewed behind the start", () => {
  test("a range is asked for again once a day; the newer version runs from the next start on", async () => {
    await using registry = new Registry([serverPackage("1.0.0")]);
    await using machine = new Machine(registry);
    const servers = { a: npx("@test/server@^1.0.0") };
    await (await machine.start(servers)).stop();
    await (async () => {
      await using gateway = await machine.start(servers);
      expect(await versionOf(gateway, "a")).toBe("1.0.0");
    })();
    registry.publish(serverPackage("1.5.0"));
    registry.publish(serverPackage("2.0.0"));
    age(machine, "a", DAY_MS + 1000);
    {
      await using gateway = await machine.start(servers);
      expect(await versionOf(gateway, "a")).toBe("1.0.0");
      await gateway.untilLogged(/@test\/server 1\.5\.0 is installed, and runs from its next start/);
      expect(await versionOf(gateway, "a")).toBe("1.0.0");
    }
    const asked = registry.asked.length;
    await using gateway = await machine.start(servers);
    expect(await versionOf(gateway, "a")).toBe("1.5.0");
    expect(registry.asked.length).toBe(asked);
  });

  test.each([
    ["asked for less than a day ago", "@test/server", DAY_MS - 60_000],
    ["exact", "@test/server@1.0.0", 10 * DAY_MS],
  ])("one that is %s is not asked for", async (_, word, ageMs) => {
    await using registry = new Registry([serverPackage("1.0.0")]);
    await using machine = new Machine(registry);
    const servers = { a: npx(word), marker: npx("@test/server@latest") };
    {
      await using gateway = await machine.start(servers);
      await versionOf(gateway, "a");
      await versionOf(gateway, "marker");
    }
    registry.publish(serverPackage("1.1.0"));
    age(machine, "a", ageMs);
    age(machine, "marker", 2 * DAY_MS);
    await using gateway = await machine.start(servers);
    expect(await versionOf(gateway, "a")).toBe("1.0.0");
    // The other one, which is renewed at the same time, tells that the time has come and gone.
    await gateway.untilLogged(/server "marker": @test\/server 1\.1\.0 is installed/);
    expect(gateway.stderr).not.toContain('server "a": @test/server 1.1.0');
    expect(lockOf(machine, "a").versions).toEqual({ "@test/server": "1.0.0" });
  });

  test.each(["down", "corrupt"] as const)(
    "a registry that is %s changes nothing",
    async (fault) => {
      await using registry = new Registry([serverPackage("1.0.0")]);
      await using machine = new Machine(registry);
      const servers = { a: npx("@test/server") };
      {
        await using gateway = await machine.start(servers);
        await versionOf(gateway, "a");
      }
      const before = lockOf(machine, "a");
      registry.publish(serverPackage("1.1.0"));
      registry.fault = fault;
      age(machine, "a", 2 * DAY_MS);
      {
        await using gateway = await machine.start(servers);
        await gateway.untilLogged(/WARNING.*server "a" stays at @test\/server 1\.0\.0: /, 60_000);
        expect(await versionOf(gateway, "a")).toBe("1.0.0");
      }
      const after = lockOf(machine, "a");
      expect(after.release).toBe(before.release);
      // Once a day is enough for a registry that is down, too.
      expect(Date.now() - after.checkedAtMs).toBeLessThan(DAY_MS / 2);
    },
    90_000,
  );
});

describe("an installation that fails", () => {
  test("says why, and is tried again", async () => {
    await using registry = new Registry([serverPackage("1.0.0")]);
    registry.fault = "down";
    await using machine = new Machine(registry);
    await using gateway = await machine.start({ a: npx("@test/server") });
    await gateway.untilLogged(
      /\[a\].*backoff.*Cannot install @test\/server: .*503.*prefetch/,
      60_000,
    );
    registry.fault = undefined;
    expect(await versionOf(gateway, "a")).toBe("1.0.0");
  }, 90_000);

  test.each([
    ["@test/nothing", /Cannot install @test\/nothing: .*404.*Correct the name/],
    ["@test/server@9", /Cannot install @test\/server@9: .*No version matching.*Correct the name/],
    ["@test/no-program", /Cannot install @test\/no-program: .*has no program to run/],
    ["@test/several", /Cannot install @test\/several: .*has several programs \(a, b\).*-p/],
  ])("%s", async (word, expected) => {
    await using registry = new Registry([
      serverPackage("1.0.0"),
      { name: "@test/no-program", version: "1.0.0" },
      { name: "@test/several", version: "1.0.0", manifest: { bin: { a: "a.js", b: "b.js" } } },
    ]);
    await using machine = new Machine(registry);
    await using gateway = await machine.start({ a: npx(word) });
    await gateway.untilLogged(expected);
    // Nothing half made is left.
    expect(
      machine
        .places("a")
        .flatMap((place) => [
          ...new Bun.Glob("*").scanSync({ cwd: place, dot: true, onlyFiles: false }),
        ]),
    ).toEqual([]);
  });

  test("is ended after installTimeout", async () => {
    await using registry = new Registry([serverPackage("1.0.0")]);
    const { passed, open } = gate();
    registry.held = passed;
    await using machine = new Machine(registry);
    const entry = { ...npx("@test/server"), installTimeout: "300ms" };
    await using gateway = await machine.start({ a: entry });
    await gateway.untilLogged(/\[a\].*backoff.*not done within \d+ ms/);
    open();
    expect(await versionOf(gateway, "a")).toBe("1.0.0");
  });

  test("takes no time from the start: who calls meanwhile is told", async () => {
    await using registry = new Registry([serverPackage("1.0.0")]);
    const { passed, open } = gate();
    registry.held = passed;
    await using machine = new Machine(registry);
    const entry = { ...npx("@test/server"), startTimeout: "2s" };
    await using gateway = await machine.start({ a: entry });
    expect(RawSession.open(gateway.mcp("a"))).rejects.toThrow(/is still being installed/);
    await gateway.untilLogged(/initialize/);
    open();
    expect(await versionOf(gateway, "a")).toBe("1.0.0");
    expect(gateway.stderr).not.toContain("backoff");
  });

  test("ends with the gateway, and leaves no process and no folder behind", async () => {
    await using registry = new Registry([serverPackage("1.0.0")]);
    const { passed, open } = gate();
    registry.held = passed;
    await using machine = new Machine(registry);
    const gateway = await machine.start({ a: npx("@test/server") });
    await until(() => registry.asked.length > 0, { what: "the installation is under way" });
    const processes = gateway.processes();
    expect(processes.length).toBeGreaterThan(0);
    const { tookMs } = await gateway.stop();
    open();
    expect(tookMs).toBeLessThan(8000);
    expect(processes.filter(alive)).toEqual([]);
    const [place = ""] = machine.places("a");
    expect([...new Bun.Glob("*").scanSync({ cwd: place, dot: true, onlyFiles: false })]).toEqual(
      [],
    );
  });

  test("what a killed gateway left half made is swept away, in time", async () => {
    await using registry = new Registry([serverPackage("1.0.0")]);
    await using machine = new Machine(registry);
    const servers = { a: npx("@test/server") };
    {
      await using gateway = await machine.start(servers);
      await versionOf(gateway, "a");
    }
    const [place = ""] = machine.places("a");
    const [old, young] = [join(place, ".unfinished-old"), join(place, ".unfinished-young")];
    for (const folder of [old, young]) mkdirSync(folder);
    const before = (Date.now() - 2 * 60 * 60_000) / 1000;
    utimesSync(old, before, before);
    age(machine, "a", 2 * DAY_MS);
    registry.publish(serverPackage("1.1.0"));
    await using gateway = await machine.start(servers);
    await gateway.untilLogged(/1\.1\.0 is installed/);
    expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
  });

  test("is said when the data folder cannot be written", async () => {
    await using registry = new Registry([serverPackage("1.0.0")]);
    await using machine = new Machine(registry);
    writeFileSync(join(machine.data, "packages"), "a file in the way");
    await using gateway = await machine.start({ a: npx("@test/server") });
    await gateway.untilLogged(
      /Cannot install @test\/server: .*packages.* cannot be written.*DATA_DIR/,
    );
  });
});

describe("install scripts", () => {
  const scripted = serverPackage("1.0.0", {
    manifest: {
      bin: "server.js",
      scripts: { postinstall: "echo ran > $PWD/marker" },
      dependencies: { dep: "1.0.0" },
    },
  });
  const dep = {
    name: "dep",
    version: "1.0.0",
    manifest: { scripts: { install: "echo ran > $PWD/marker" } },
  };

  test.each([
    [false, [false, false]],
    [true, [true, true]],
  ])("run of every package, if installScripts is %p", async (installScripts, expected) => {
    await using registry = new Registry([scripted, dep]);
    await using machine = new Machine(registry);
    const entry = {
      ...npx("@test/server"),
      installScripts,
      env: { PATH: "/usr/bin:/bin" },
      runtime: "self",
    };
    await using gateway = await machine.start({ a: entry });
    await versionOf(gateway, "a");
    const [place = ""] = machine.places("a");
    const modules = join(place, lockOf(machine, "a").release, "node_modules");
    const markers = ["@test/server", "dep"].map((name) =>
      existsSync(join(modules, name, "marker")),
    );
    expect(markers).toEqual([...expected]);
  });
});

describe("registries", () => {
  test("that of ~/.npmrc counts, with its token", async () => {
    await using registry = new Registry([serverPackage("1.0.0")]);
    await using machine = new Machine();
    const host = registry.url.replace("http:", "");
    const npmrc = `registry=${registry.url}\n${host}:_authToken=\${NPM_TOKEN}\n`;
    writeFileSync(join(machine.home, ".npmrc"), npmrc);
    const env = { NPM_TOKEN: "s3cret-token" };
    await using gateway = await machine.start({ a: npx("@test/server") }, { env });
    expect(await versionOf(gateway, "a")).toBe("1.0.0");
    expect(registry.authorizations[0]).toBe("Bearer s3cret-token");
  });

  test.each(["npm_config_registry", "NPM_CONFIG_REGISTRY"])(
    "that of the entry's env counts more, as %s",
    async (name) => {
      await using general = new Registry([serverPackage("1.0.0")]);
      await using special = new Registry([serverPackage("7.0.0")]);
      await using machine = new Machine(general);
      await using gateway = await machine.start(
        { a: { ...npx("@test/server"), env: { [name]: special.url } }, b: npx("@test/server") },
        { env: { NPM_CONFIG_REGISTRY: general.url } },
      );
      expect(await versionOf(gateway, "a")).toBe("7.0.0");
      expect(await versionOf(gateway, "b")).toBe("1.0.0");
    },
  );

  test("that of the command line counts most", async () => {
    await using general = new Registry([serverPackage("1.0.0")]);
    await using special = new Registry([serverPackage("7.0.0")]);
    await using machine = new Machine(general);
    const args = [`--registry=${special.url}`, "-y", "@test/server"];
    await using gateway = await machine.start({ a: { command: "npx", args } });
    expect(await versionOf(gateway, "a")).toBe("7.0.0");
  });
});
