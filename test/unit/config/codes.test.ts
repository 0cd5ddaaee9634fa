/** Every problem of a configuration has the code that docs/troubleshooting.md explains. */
import { expect, test } from "bun:test";
import type { ConfigCode } from "../../../src/config/problem.ts";
import { read, type Given } from "./read.ts";

const command = "npx";
const one = (entry: object): Given => ({ config: { mcpServers: { one: entry } } });
const good = { mcpServers: { one: { command } } };

const cases: readonly (readonly [ConfigCode, string, Given])[] = [
  ["CONFIG_SYNTAX", "a fault of JSON", { config: '{ "mcpServers": ' }],
  ["CONFIG_NO_SERVERS", "no mcpServers", { config: {} }],
  ["CONFIG_NO_SERVERS", "nothing to run", { config: { mcpServers: {} } }],
  ["CONFIG_VALUE", "a file that is a list", { config: "[]" }],
  ["CONFIG_VALUE", "mcpServers as a list", { config: { mcpServers: [] } }],
  ["CONFIG_VALUE", "an entry that is a text", { config: { mcpServers: { one: "npx" } } }],
  ["CONFIG_VALUE", "a key of an entry", one({ command, args: "x" })],
  ["CONFIG_VALUE", "a root", one({ command, roots: ["x"] })],
  ["CONFIG_VALUE", "a NUL character", one({ command, args: ["\0"] })],
  ["CONFIG_VALUE", "a setting of the file", { config: { ...good, proxy: { port: "x" } } }],
  [
    "CONFIG_VALUE",
    "limits that contradict",
    { config: { ...good, proxy: { limits: { drain: "9m", shutdown: "1s" } } } },
  ],
  ["CONFIG_VALUE", "a flag", { config: good, flags: { port: "x" } }],
  ["CONFIG_VALUE", "a variable", { config: good, env: { PORT: "x" } }],
  ["CONFIG_VALUE", "a domain that is an address", { config: good, flags: { domain: "10.0.0.1" } }],
  ["CONFIG_MISSING_KEY", "no command", one({})],
  [
    "CONFIG_MISSING_KEY",
    "a key in a block",
    { config: { ...good, proxy: { tls: { cert: "c.pem" } } } },
  ],
  ["CONFIG_MISSING_KEY", "a certificate alone", { config: good, flags: { tlsCert: "c.pem" } }],
  ["CONFIG_UNKNOWN_KEY", "in the file", { config: { ...good, nothing: 1 } }],
  ["CONFIG_UNKNOWN_KEY", "in an entry", one({ command, nothing: 1 })],
  ["CONFIG_UNKNOWN_KEY", "in proxy", { config: { ...good, proxy: { nothing: 1 } } }],
  ["CONFIG_IGNORED_KEY", "timeout", one({ command, timeout: 1 })],
  ["CONFIG_IGNORED_KEY", "url", one({ command, url: "http://x" })],
  ["CONFIG_IGNORED_KEY", "type", one({ command, type: "sse" })],
  [
    "CONFIG_DUPLICATE",
    "in the file",
    { config: '{"mcpServers":{"a":{"command":"x"}},"proxy":{},"proxy":{}}' },
  ],
  [
    "CONFIG_DUPLICATE",
    "in an entry",
    { config: '{"mcpServers":{"a":{"command":"x","command":"y"}}}' },
  ],
  [
    "CONFIG_DUPLICATE",
    "in proxy",
    { config: '{"mcpServers":{"a":{"command":"x"}},"proxy":{"port":1,"port":2}}' },
  ],
  [
    "CONFIG_DUPLICATE",
    "a server",
    { config: '{"mcpServers":{"a":{"command":"x"},"a":{"command":"x"}}}' },
  ],
  ["CONFIG_VARIABLE", "one that is not set", one({ command, args: ["${NOT_SET}"] })],
  ["CONFIG_VARIABLE", "an open brace", one({ command, args: ["${"] })],
  ["CONFIG_VARIABLE", "a reference of another kind", one({ command, args: ["${env:A}"] })],
  [
    "CONFIG_VARIABLE",
    "the folder of a server in proxy",
    { config: { ...good, proxy: { dataDir: "${SERVER_DATA}" } } },
  ],
  ["CONFIG_VARIABLE", "one to be inherited", one({ command, inheritEnv: ["NOT_SET"] })],
  ["CONFIG_FILE_MISSING", "a file", one({ command, env: { A: "${file:gone}" } })],
  ["CONFIG_FILE_MISSING", "a credential", one({ command, env: { A: "${credential:gone}" } })],
  ["CONFIG_SERVER_NAME", "no letter", { config: { mcpServers: { "§": { command } } } }],
  ["CONFIG_SERVER_NAME", "reserved", { config: { mcpServers: { health: { command } } } }],
  ["CONFIG_SERVER_NAME", "another URL", { config: { mcpServers: { "A B": { command } } } }],
  ["CONFIG_REMOTE_SERVER", "a url", one({ url: "http://x" })],
  ["CONFIG_FLAGS", "two ways at once", { flags: { stdio: "x", command: ["y"] } }],
  ["CONFIG_FLAGS", "a file beside a command", { flags: { config: "x", command: ["y"] } }],
  ["CONFIG_FLAGS", "an open quote", { flags: { stdio: "'x" } }],
  ["CONFIG_FLAGS", "no program", { flags: { stdio: "" } }],
];

test.each(cases)("%s: %s", (code, _, given) => {
  // An entry that leaves nothing to run is told beside its reason.
  const { problems } = read(given);
  const codes = new Set(problems.map((problem) => problem.code));
  if (code !== "CONFIG_NO_SERVERS") codes.delete("CONFIG_NO_SERVERS");
  expect([...codes]).toEqual([code]);
});
