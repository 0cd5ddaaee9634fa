/**
 * What a child is given: a small environment without the gateway's secrets, what its entry adds,
 * folders of its own.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { jsonOf, type Members } from "../../helpers/raw-http.ts";
import { RawSession } from "../../helpers/raw-session.ts";

const GATEWAY_ENV = {
  LANG: "C.UTF-8",
  TZ: "UTC",
  GITHUB_TOKEN: "ghp_of-the-gateway",
  DEV_ONE: "1",
  DEV_TWO: "2",
  BUN_CONFIG_VERBOSE_FETCH: "",
};
/** Set for each child by the supervisor, which knows its trees by it. */
const MARK = "REMOTE_MCP_PROXY_CHILD";
let gateway: RunningGateway;

beforeAll(async () => {
  const data = "${SERVER_DATA}";
  gateway = await startGateway({
    env: GATEWAY_ENV,
    servers: {
      plain: fixtureServer("echo"),
      own: fixtureServer("echo", {
        env: { API_KEY: "k3y-of-the-server", COPY: "${GITHUB_TOKEN}", TZ: "Asia/Tokyo" },
      }),
      named: fixtureServer("echo", { inheritEnv: ["DEV_*", "NO_SUCH"] }),
      whole: fixtureServer("echo", { inheritEnv: true }),
      placed: fixtureServer("echo", {
        args: [`--store=${data}/store.json`, "$${PLAIN}"],
        env: { STORE: `${data}/deep` },
        cwd: data,
      }),
      other: fixtureServer("echo", { env: { STORE: data }, instances: "session" }),
    },
  });
});
afterAll(() => gateway.stop());

async function ask(server: string, tool: string): Promise<Members> {
  const session = await RawSession.open(gateway.mcp(server));
  return jsonOf(await session.call(tool));
}

async function envOf(server: string): Promise<Members> {
  const { [MARK]: mark, ...env } = await ask(server, "env");
  expect(mark).toBeString();
  return env;
}

function minimal(): Members {
  const { PATH = "", HOME = gateway.folder } = process.env;
  return { PATH, HOME, LANG: GATEWAY_ENV.LANG, TZ: GATEWAY_ENV.TZ };
}

test("T33 a child gets a small environment", async () => {
  expect(await envOf("plain")).toEqual(minimal());
});

test("its entry adds to it and wins", async () => {
  expect(await envOf("own")).toEqual({
    ...minimal(),
    API_KEY: "k3y-of-the-server",
    COPY: "ghp_of-the-gateway",
    TZ: "Asia/Tokyo",
  });
});

test("inheritEnv opens the gateway's environment by name, or wholly but for the runtime's", async () => {
  expect(await envOf("named")).toEqual({ ...minimal(), DEV_ONE: "1", DEV_TWO: "2" });
  const whole = await envOf("whole");
  expect(whole).toMatchObject({ GITHUB_TOKEN: "ghp_of-the-gateway", DEV_ONE: "1" });
  expect(Object.keys(whole).filter((name) => name.startsWith("BUN_"))).toEqual([]);
});

test("what a child writes to stderr is logged without the values of its entry", async () => {
  const session = await RawSession.open(gateway.mcp("own"));
  const text = "starting with k3y-of-the-server and ghp_of-the-gateway in Tokyo";
  await session.call("stderr", { text });
  await gateway.untilLogged(/stderr: starting with \[redacted\] and \[redacted\] in Tokyo/);
  for (const secret of ["k3y-of-the-server", "ghp_of-the-gateway"])
    expect(gateway.stdout + gateway.stderr).not.toContain(secret);
});

test("SERVER_DATA is a folder of the server's own, there before its start", async () => {
  const { args, cwd } = await ask("placed", "whoami");
  const folder = String(cwd);
  expect(folder).toStartWith(join(gateway.folder, "data"));
  expect(args).toEqual([`--store=${folder}/store.json`, "${PLAIN}"] as never);
  expect((await envOf("placed"))["STORE"]).toBe(join(folder, "deep"));
  const other = String((await envOf("other"))["STORE"]);
  expect(other).toStartWith(join(gateway.folder, "data"));
  expect(other).not.toBe(folder);
  for (const path of [folder, other]) {
    const stats = statSync(path);
    expect([stats.isDirectory(), (stats.mode & 0o777).toString(8)]).toEqual([true, "700"]);
  }
  // Without a folder named, a child works where the gateway does.
  expect((await ask("plain", "whoami"))["cwd"]).toBe(gateway.folder);
});
