/** How the executable refuses: the exit code, and words that say what to do. */
import { expect, test } from "bun:test";
import { get } from "../helpers/raw-http.ts";
import { run, serve } from "../helpers/run-program.ts";
import { makeCertificate } from "./certificate.ts";

const binary = true;
const { cert, key } = makeCertificate();
const tlsFiles = { "c.pem": cert, "k.pem": key };
const tls = ["--tls-cert", "c.pem", "--tls-key", "k.pem"];

test.each([
  [["--nope"], {}, 2, "unknown option '--nope' [BAD_USAGE]\n"],
  [["some-server"], {}, 2, "To serve one server, write -- before it [BAD_USAGE]\n"],
  [["--"], {}, 2, "no command behind -- [BAD_USAGE]\n"],
  [["--config", "gone.json"], {}, 78, "gone.json does not exist"],
  [["--config", "gone.json"], {}, 78, " [CONFIG_UNREADABLE]\n"],
  [[], { CONFIG_FILE: "gone.json" }, 78, "gone.json does not exist"],
  [["--config", "wrong.json"], {}, 78, "wrong.json:3:12: error: "],
] as const)("%j %j ends with %d", async (args, env, code, words) => {
  const files = { "wrong.json": '{\n  "mcpServers": {},\n  "proxy": 7\n}\n' };
  const { exitCode, stdout, stderr } = await run(args, { binary, env, files });
  expect(stderr).toContain(words);
  expect(stdout).toBe("");
  expect(exitCode).toBe(code);
});

test("check and schema work in the executable", async () => {
  const wrong = await run(["check"], { binary, files: { "config.json": '{ "mcpServers": [] }' } });
  expect(wrong.stdout).toContain("config.json:1:17: error: mcpServers must be an object");
  expect(wrong.exitCode).toBe(78);
  const good = await run(["check", "--json"], { binary });
  expect(JSON.parse(good.stdout)).toMatchObject({ ok: true, servers: [{ server: "demo" }] });
  const schema = await run(["schema"], { binary });
  expect(JSON.parse(schema.stdout)).toHaveProperty("properties.mcpServers");
});

test("an entry that is wrong stops only itself", async () => {
  const files = {
    "config.json": { mcpServers: { wrong: { command: 7 }, gone: { command: "no-such-program" } } },
  };
  await using gateway = await serve(["--port", "0"], { binary, files });
  await gateway.untilLogged(/config\.json:1:\d+: error: mcpServers\.wrong\.command/);
  await gateway.untilLogged(/ERROR .*\[gone\].*no-such-program/);
  expect(gateway.stdout).toMatch(/^wrong +skipped/m);
  expect((await get(`${gateway.url}/health`)).status).toBe(200);
});

test.each([
  ["http beside http", [], []],
  ["https beside http", [], tls],
  ["http beside https", tls, []],
  ["https beside https", tls, tls],
])("a port that is in use is refused: %s", async (_, first, second) => {
  await using gateway = await serve(["--port", "0", ...first], { binary, files: tlsFiles });
  const port = String(gateway.port);
  const { exitCode, stdout, stderr } = await run(["--port", port, ...second], {
    binary,
    files: tlsFiles,
  });
  expect(stderr).toContain(
    `cannot listen on 127.0.0.1:${port}: the port is in use. Stop the other program or give another --port`,
  );
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(stdout).toBe("");
  expect(exitCode).toBe(1);
});

test.each([
  ["an address of another machine", ["--host", "192.0.2.1", "--port", "0"], "192.0.2.1"],
  ["a certificate that is none", ["--tls-cert", "no.pem", "--tls-key", "k.pem"], "no.pem"],
  ["a key of another", ["--tls-cert", "c.pem", "--tls-key", "other.pem"], "other.pem"],
])("%s is named in the refusal", async (_, args, word) => {
  const files = { ...tlsFiles, "no.pem": "nothing\n", "other.pem": makeCertificate().key };
  const { exitCode, stdout, stderr } = await run([...args, "--port", "0"], { binary, files });
  expect(stderr).toMatch(/ERROR +\[gateway\] cannot /);
  expect(stderr).toContain(word);
  expect(stdout).toBe("");
  expect(exitCode).toBe(1);
});
