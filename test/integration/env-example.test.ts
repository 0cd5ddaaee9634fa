/**
 * .env.example: each variable in it is read and does what it says, none that is read is missing,
 * and the defaults that it names are the defaults.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { loadConfig } from "../../src/config/load.ts";
import type { GatewayConfig } from "../../src/config/model.ts";
import { VARIABLES } from "../../src/config/settings.ts";

const folder = mkdtempSync(join(tmpdir(), "env-example-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, "named.json");
writeFileSync(file, '{ "mcpServers": { "only": { "command": "true" } } }');

const text = await Bun.file(join(import.meta.dir, "../../.env.example")).text();
const example = new Map(
  [...text.matchAll(/^#?([A-Z_]+)=(.*)$/gm)].map((match) => [match[1] ?? "", match[2] ?? ""]),
);

function load(env: Readonly<Record<string, string>>): GatewayConfig {
  // The file is named by a flag where no variable does, so that none of this machine is found.
  const isNamed = "CONFIG_FILE" in env || "CONFIG_PATH" in env;
  const { config, problems } = loadConfig({
    flags: isNamed ? {} : { config: file },
    env: { HOME: folder, ...env },
    workingFolder: folder,
    selfCommand: ["remote-mcp-proxy"],
  });
  if (config === undefined) throw new Error(JSON.stringify(problems));
  return config;
}

interface Row {
  readonly name: string;
  readonly value: string;
  readonly read: (config: GatewayConfig) => unknown;
  readonly expected?: unknown;
  /** The example shows the default, and not only a form. */
  readonly isDefaultShown?: true;
}

const path = (config: GatewayConfig): unknown =>
  config.source.kind === "file" ? config.source.path : undefined;

/** Read by `deploy compose`, not by the gateway (test/integration/deploy). */
const ofDeploy = ["ACME_DNS_PROVIDER", "ACME_EMAIL", "ENABLE_LOCAL_TRAEFIK"];

const rows: readonly Row[] = [
  { name: "CONFIG_FILE", value: file, read: path },
  { name: "CONFIG_PATH", value: file, read: path },
  { name: "DATA_DIR", value: join(folder, "kept"), read: (config) => config.dataDir },
  { name: "HOST", value: "0.0.0.0", read: (config) => config.host, isDefaultShown: true },
  {
    name: "PORT",
    value: "9999",
    read: (config) => config.port,
    expected: 9999,
    isDefaultShown: true,
  },
  { name: "DOMAIN", value: "example.com", read: (config) => config.domain, isDefaultShown: true },
  {
    name: "MCP_DOMAIN",
    value: "x.example.com",
    read: (config) => config.mcpDomain,
    isDefaultShown: true,
  },
  { name: "PUBLIC_URL", value: "https://example.com/mcp", read: (config) => config.publicUrl },
  {
    name: "TRUSTED_PROXIES",
    value: "10.0.0.1, 192.168.0.0/16",
    read: (config) => config.trustedProxies,
    expected: ["10.0.0.1", "192.168.0.0/16"],
  },
  {
    name: "LOG_LEVEL_SYSTEM",
    value: "TRACE",
    read: (config) => config.logLevelSystem,
    isDefaultShown: true,
  },
  {
    name: "LOG_LEVEL_MCP",
    value: "ERROR",
    read: (config) => config.logLevelMcp,
    isDefaultShown: true,
  },
  { name: "LOG_FORMAT", value: "json", read: (config) => config.logFormat, isDefaultShown: true },
  { name: "LOG_DIR", value: join(folder, "logs"), read: (config) => config.logDir },
  {
    name: "LOG_RETENTION_SYSTEM",
    value: "7d",
    read: (config) => config.logRetentionSystemMs,
    expected: 7 * 86_400_000,
  },
  {
    name: "LOG_RETENTION_MCP",
    value: "90s",
    read: (config) => config.logRetentionMcpMs,
    expected: 90_000,
  },
];

describe(".env.example", () => {
  test("names every variable that is read, and no other", () => {
    expect([...example.keys()].sort()).toEqual([...VARIABLES, ...ofDeploy].sort());
    expect(rows.map((row) => row.name).sort()).toEqual([...VARIABLES].sort());
  });

  for (const { name, value, read, expected, isDefaultShown } of rows)
    test(`${name} is read`, () => {
      const before = read(load({}));
      const after = read(load({ [name]: value }));
      expect(after).toEqual(expected ?? value);
      // A variable that names the file has no value to differ from: without it, a flag named it.
      if (read !== path) expect(after).not.toEqual(before);
      if (isDefaultShown) expect(example.get(name)).toBe(String(before));
    });

  test("CONFIG_FILE wins over CONFIG_PATH", () => {
    expect(path(load({ CONFIG_FILE: file, CONFIG_PATH: join(folder, "other.json") }))).toBe(file);
  });
});
