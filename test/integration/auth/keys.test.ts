/** API keys at work: made and ended by the command beside a gateway that runs, seen in what they open. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addKey, keyCommand, type TestKey } from "../../helpers/auth/keys.ts";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { get, jsonOf, post, request, textOf } from "../../helpers/raw-http.ts";
import { RawSession } from "../../helpers/raw-session.ts";
import { until } from "../../helpers/wait.ts";

let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({
    servers: { one: fixtureServer("echo"), "Two!": fixtureServer("echo") },
    proxy: {
      auth: {
        required: true,
        users: { ada: { admin: true }, bob: { servers: ["one"] } },
      },
    },
  });
});
afterAll(() => gateway.stop());

const ping = request(1, "ping");
const statusOf = async (server: string, headers: Readonly<Record<string, string>>) =>
  (await post(gateway.mcp(server), ping, { headers })).status;

describe("a key", () => {
  test("opens what its person may use, in either header", async () => {
    const { key, headers } = await addKey(gateway);
    expect(await statusOf("one", headers)).toBe(200);
    expect(await statusOf("two", { "x-api-key": key })).toBe(200);
    expect(await statusOf("two", { authorization: `bearer ${key}` })).toBe(200);
    const session = await RawSession.open(gateway.mcp("one"), { headers });
    expect(textOf(await session.call("echo", { text: "in" }))).toBe("in");
  });

  test("T18 opens nothing in the URL, nor in a cookie or by another scheme", async () => {
    const { key } = await addKey(gateway);
    for (const name of ["access_token", "api_key", "key", "token"])
      expect((await post(`${gateway.mcp("one")}?${name}=${key}`, ping)).status).toBe(401);
    for (const [name, value] of [
      ["cookie", `access_token=${key}`],
      ["authorization", key],
      ["authorization", `Basic ${btoa(`ada:${key}`)}`],
      ["authorization", `Bearer ${key} x`],
      ["authorization", `Bearer ${key},`],
      ["x-api-key", `Bearer ${key}`],
    ] as const)
      expect([name, value, await statusOf("one", { [name]: value })]).toEqual([name, value, 401]);
  });

  test("of somebody else's making opens nothing", async () => {
    const { key } = await addKey(gateway);
    const last = key.at(-1) === "A" ? "B" : "A";
    for (const wrong of [key.slice(0, -1) + last, key.slice(0, 30), `${key}0`, "mgk_", "x"])
      expect([wrong, await statusOf("one", { authorization: `Bearer ${wrong}` })]).toEqual([
        wrong,
        401,
      ]);
  });

  test("that is narrowed shows no more of the other servers than of one that is not there", async () => {
    const { headers } = await addKey(gateway, "--user", "ada", "--servers", "Two!");
    expect(await statusOf("two", headers)).toBe(200);
    const [other, none] = await Promise.all([
      post(gateway.mcp("one"), ping, { headers }),
      post(gateway.mcp("none"), ping, { headers }),
    ]);
    expect([other.status, none.status]).toEqual([404, 404]);
    expect(other.text).toBe(none.text);
    const names = (of: Headers): string[] => [...of.keys()].sort();
    expect(names(other.headers)).toEqual(names(none.headers));
    for (const server of ["one", "none"]) {
      const health = await get(`${gateway.url}/servers/${server}/health`, { headers });
      expect(health.status).toBe(404);
    }
  });

  test("does not open more than its person may use", async () => {
    const { headers } = await addKey(gateway, "--user", "bob", "--servers", "one,two");
    expect([await statusOf("one", headers), await statusOf("two", headers)]).toEqual([200, 404]);
  });

  test("is no more from the request after it was revoked on, also in an open session", async () => {
    const { id, headers } = await addKey(gateway);
    const session = await RawSession.open(gateway.mcp("one"), { headers });
    expect(textOf(await session.call("echo", { text: "still" }))).toBe("still");
    expect(await keyCommand(gateway, ["revoke", id])).toBe(`revoked ${id}\n`);
    expect((await session.post(ping)).status).toBe(401);
    expect(await statusOf("one", headers)).toBe(401);
  });

  test("ends at its time", async () => {
    const { headers } = await addKey(gateway, "--expires", "3s");
    expect(await statusOf("one", headers)).toBe(200);
    await until(async () => (await statusOf("one", headers)) === 401, { what: "the key ends" });
  });
});

describe("the gateway itself", () => {
  test("is for keys with admin rights", async () => {
    const [plain, admin] = await Promise.all([addKey(gateway), addKey(gateway, "--admin")]);
    for (const [method, path] of [
      ["GET", "/listmcp"],
      ["GET", "/listtools/one"],
      ["GET", "/listtools/none"],
      ["POST", "/cleanup"],
    ] as const) {
      const as = (key: TestKey) => fetch(gateway.url + path, { method, headers: key.headers });
      const refused = await as(plain);
      expect([path, refused.status]).toEqual([path, 403]);
      expect(refused.headers.get("www-authenticate")).toStartWith(
        'Bearer error="insufficient_scope", error_description="',
      );
      expect(await refused.text()).not.toContain("one");
      expect([path, (await as(admin)).status]).toEqual([path, path.endsWith("none") ? 404 : 200]);
    }
  });

  test("is not for a person whom the configuration does not make an admin", async () => {
    expect(keyCommand(gateway, ["add", "--user", "bob", "--admin"])).rejects.toThrow("[NO_ADMIN]");
  });
});

test("what is asked for without a name, or with a wrong one, is said", async () => {
  const failure = (...args: string[]) => keyCommand(gateway, ["add", ...args]).catch(String);
  expect(await failure("--user", "eve")).toContain("[NO_SUCH_PERSON]");
  expect(await failure("--servers", "one,tow")).toContain("[NO_SUCH_SERVER]");
  expect(await failure("--expires", "soon")).toContain("[BAD_USAGE]");
  expect(await failure("--user", "eve")).toContain('nobody called "eve"; there is ada, bob');
  expect(await failure("--servers", "one,tow")).toContain("no such server: tow. Served are: one");
  expect(await failure("--expires", "soon")).toContain("--expires must be a duration such as 90d");
  expect(await failure("--expires", "2020-01-01")).toContain("lies in the past");
  expect(await keyCommand(gateway, ["revoke", "nothing"]).catch(String)).toContain(
    'there is no key "nothing" [NO_SUCH_KEY]',
  );
});

test("the list tells keys apart without giving any away, and when they were used", async () => {
  const folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-keys-"));
  try {
    const place = { folder };
    const DATA_DIR = join(folder, "data");
    const proxy = { auth: { required: true } };
    await Bun.write(join(folder, "config.json"), JSON.stringify({ mcpServers: {}, proxy }));
    const used = await addKey(place, "--note", "for the robot", "--expires", "2100-01-01");
    const unused = await addKey(place, "--admin");
    const own = await startGateway({
      servers: { one: fixtureServer("echo") },
      proxy,
      env: { DATA_DIR },
    });
    const answer = await post(own.mcp("one"), ping, { headers: used.headers });
    const { stderr } = own;
    await own.stop();
    expect(answer.status).toBe(200);

    const shown = await keyCommand(place, ["list"]);
    const listed = JSON.parse(await keyCommand(place, ["list", "--json"])) as object[];
    expect(listed).toMatchObject([
      {
        id: used.id,
        user: "owner",
        servers: "all",
        isAdmin: false,
        note: "for the robot",
        expiresAt: "2100-01-01T23:59:59.999Z",
        lastUsedAt: expect.stringMatching(/^20\d\d-/),
      },
      { id: unused.id, isAdmin: true, expiresAt: null, lastUsedAt: null },
    ]);
    expect(shown).toMatch(/^2?\w+ +owner +all {2,}.* 2100-01-01 23:59Z +20.* for the robot$/m);

    const files = readdirSync(DATA_DIR).filter((name) => name.startsWith("auth."));
    expect(files).toContain("auth.sqlite");
    const kept = files.map((name) => readFileSync(join(DATA_DIR, name), "latin1")).join("");
    for (const text of [shown, JSON.stringify(listed), stderr, kept])
      for (const { key } of [used, unused]) {
        expect(text).not.toContain(key);
        expect(text).not.toContain(key.slice(15));
      }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("T19 what opens the gateway never reaches a server", async () => {
  const { key, headers } = await addKey(gateway);
  const session = await RawSession.open(gateway.mcp("one"), {
    headers: { ...headers, "x-api-key": key },
  });
  await session.call("echo", { text: "seen" });
  const seen = JSON.stringify([
    jsonOf(await session.call("seen")),
    jsonOf(await session.call("env")),
  ]);
  expect(seen).toContain("initialize");
  expect(seen).not.toContain(key.slice(0, 14));
});
