/** The start table and the shared flags. */
import { describe, expect, test } from "bun:test";
import { Command } from "commander";
import { addServeOptions, flagsFrom, type OptionValues } from "../../../src/cli/options.ts";
import { startTable } from "../../../src/cli/table.ts";
import { read } from "../config/read.ts";

const config = {
  mcpServers: {
    everything: { command: "x" },
    m: { command: "x" },
    off: { command: "x", disabled: true },
    "far\u001b": { url: "https://x" },
  },
};
const states = [
  { slug: "everything", state: "starting" },
  { slug: "m", state: "ready" },
];

function table(given: object): string {
  const loaded = read({ config, ...given }).config;
  return loaded === undefined ? "" : startTable(loaded, states, 8_080);
}

describe("the start table", () => {
  test("has paths for localhost, in aligned columns, and what is left out", () => {
    expect(table({})).toBe(
      [
        "SERVER      STATE     STREAMABLE HTTP                       SSE",
        "everything  starting  http://127.0.0.1:8080/everything/mcp  http://127.0.0.1:8080/everything/sse",
        "m           ready     http://127.0.0.1:8080/m/mcp           http://127.0.0.1:8080/m/sse",
        "off         disabled",
        "far·        skipped   remote server (url)",
        "",
      ].join("\n"),
    );
  });

  test.each([
    [{ DOMAIN: "example.org" }, "https://m.mcp.example.org/mcp"],
    [{ PUBLIC_URL: "https://t.example/p" }, "https://t.example/p/m/mcp"],
  ])("%j: %s", (env, url) => expect(table({ env: { HOME: "/h", ...env } })).toContain(` ${url} `));

  test("has the root of a one-server form", () => {
    const loaded = read({ flags: { stdio: "npx server-memory" } }).config;
    const text =
      loaded === undefined ? "" : startTable(loaded, [{ slug: "memory", state: "ready" }], 80);
    expect(text.split("\n")[2]?.trim()).toBe(
      "http://127.0.0.1:80/mcp         http://127.0.0.1:80/sse",
    );
  });
});

describe("flags", () => {
  function parse(...words: readonly string[]) {
    const command = addServeOptions(new Command()).exitOverride();
    command.parse(words, { from: "user" });
    return flagsFrom(command.opts<OptionValues>(), command.args);
  }

  test.each([
    [[], {}],
    [["--config", "c"], { config: "c" }],
    [["-c", "c", "-p", "0"], { config: "c", port: "0" }],
    [["--host", "h", "--port", "1", "--domain", "d"], { host: "h", port: "1", domain: "d" }],
    [["--log-level", "debug"], { logLevel: "debug" }],
    [["--stdio", "npx -y x"], { stdio: "npx -y x" }],
    [["--tls-cert", "c", "--tls-key", "k"], { tlsCert: "c", tlsKey: "k" }],
    [
      ["--port", "1", "--", "npx", "-y", "--port", "2"],
      { port: "1", command: ["npx", "-y", "--port", "2"] },
    ],
    [["--inherit-env", "A,B_*", "--", "x"], { inheritEnv: "A,B_*", command: ["x"] }],
  ])("%j", (words, flags) => expect(parse(...words)).toEqual(flags));
});
