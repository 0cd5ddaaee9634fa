/** `prefetch` installs ahead of time; `health` asks the gateway that runs. */
import { describe, expect, test } from "bun:test";
import { startGateway } from "../../helpers/gateway.ts";
import { Registry, serverPackage } from "../../helpers/registry.ts";
import { run } from "../../helpers/run-program.ts";
import { Machine, npx, whereOf } from "./self-gateway.ts";

describe("prefetch", () => {
  const servers = {
    a: npx("@test/server@^1"),
    b: { command: "bunx", args: ["-p", "@test/server", "test-server"] },
    c: { command: "uvx", args: ["x"] },
    left: { ...npx("@test/server"), runtime: "system" },
  };
  const prefetch = (machine: Machine, entries: object, ...args: readonly string[]) =>
    run(["prefetch", "--config", "c.json", ...args], {
      files: { "c.json": { mcpServers: entries } },
      env: { HOME: machine.home, DATA_DIR: machine.data, BUN_CONFIG_HTTP_RETRY_COUNT: "0" },
    });

  test("installs what npx and bunx would, and says which version; no network is needed then", async () => {
    const registry = new Registry([serverPackage("1.2.0"), serverPackage("2.0.0")]);
    await using machine = new Machine(registry);
    const { exitCode, stdout } = await prefetch(machine, servers);
    expect(stdout).toBe(
      "a: @test/server 1.2.0\nb: @test/server 2.0.0\nc: nothing to install\nleft: nothing to install\n",
    );
    expect(exitCode).toBe(0);
    await registry[Symbol.asyncDispose]();
    await using gateway = await machine.start({ a: servers.a, b: servers.b });
    expect((await whereOf(gateway, "a"))["version"]).toBe("1.2.0");
    expect((await whereOf(gateway, "b"))["version"]).toBe("2.0.0");
  });

  test("keeps what is there, unless --update says otherwise", async () => {
    await using registry = new Registry([serverPackage("1.2.0")]);
    await using machine = new Machine(registry);
    expect((await prefetch(machine, { a: servers.a })).exitCode).toBe(0);
    registry.publish(serverPackage("1.3.0"));
    expect((await prefetch(machine, { a: servers.a })).stdout).toBe("a: @test/server 1.2.0\n");
    const updated = await prefetch(machine, { a: servers.a }, "--update");
    expect(updated.stdout).toBe("a: @test/server 1.3.0\n");
  });

  test("ends with 1 when one cannot be installed, and installs the others", async () => {
    await using registry = new Registry([serverPackage("1.2.0")]);
    await using machine = new Machine(registry);
    const entries = { a: servers.a, no: npx("@test/nothing") };
    const { exitCode, stdout } = await prefetch(machine, entries);
    expect(stdout).toMatch(
      /^a: @test\/server 1\.2\.0\nno: failed\. Cannot install @test\/nothing: .* \[INSTALL_FAILED\]\n/,
    );
    expect(exitCode).toBe(1);
  });

  test("ends with 78 for a wrong file", async () => {
    const { exitCode, stderr } = await run(["prefetch", "--config", "c.json"], {
      files: { "c.json": "{" },
    });
    expect(stderr).toContain("c.json:1");
    expect(exitCode).toBe(78);
  });
});

describe("health", () => {
  test("is 0 while a gateway answers where the same settings have it, else 1", async () => {
    const gateway = await startGateway({ config: { mcpServers: {} } });
    const env = { HOST: "0.0.0.0", PORT: String(gateway.port) };
    const alive = await run(["health"], { env });
    expect(alive.stdout).toContain(`http://127.0.0.1:${gateway.port}/health: 200`);
    expect(alive.exitCode).toBe(0);
    const ready = await run(["health", "--ready"], { env });
    expect(ready.stdout).toContain("/readyz: 200");
    // A file that is broken by now is no fault of the gateway that runs.
    const files = { "config.json": "{" };
    expect((await run(["health"], { env, files })).exitCode).toBe(0);
    await gateway.stop();
    const dead = await run(["health"], { env });
    expect(dead.stderr).toMatch(/does not answer: .* \[NO_GATEWAY\]\n$/);
    expect(dead.exitCode).toBe(1);
  });

  test("the port may come from the file", async () => {
    await using gateway = await startGateway({ config: { mcpServers: {} } });
    const files = { "config.json": { mcpServers: {}, proxy: { port: gateway.port } } };
    const { stdout } = await run(["health"], { files });
    expect(stdout).toContain(`:${gateway.port}/health: 200`);
    expect(stdout).toContain("healthy");
  });
});
