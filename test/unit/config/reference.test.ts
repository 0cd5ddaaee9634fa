/** The JSON Schema, the example and the reference of the documentation say what the schema says. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { schemaText } from "../../../src/cli/schema.ts";
import type { Limits } from "../../../src/config/model.ts";
import { configJsonSchema } from "../../../src/config/schema.ts";
import { RESERVED_SLUGS } from "../../../src/config/slug.ts";
import { VARIABLES } from "../../../src/config/settings.ts";
import { problemsOf, read } from "./read.ts";
import { referenceTable, tableCells, type SchemaNode } from "../../../scripts/reference-table.ts";

const repository = join(import.meta.dir, "../../..");
const textOf = (path: string) => Bun.file(join(repository, path)).text();
const schema = configJsonSchema() as SchemaNode;
const proxy = schema.properties?.["proxy"];
const server = schema.properties?.["mcpServers"]?.additionalProperties;

test("config.schema.json is what the command `schema` prints", async () => {
  expect(JSON.parse(await textOf("config.schema.json"))).toEqual(JSON.parse(schemaText()));
});

test("every key has a description", () => {
  const walk = (node: SchemaNode | undefined, path: string): string[] =>
    Object.entries(node?.properties ?? {}).flatMap(([key, inner]) => [
      ...(inner.description === undefined ? [`${path}${key}`] : []),
      ...walk(inner, `${path}${key}.`),
    ]);
  expect([...walk(schema, ""), ...walk(server, "mcpServers.")]).toEqual([]);
});

test("every limit of the program can be set, in its own unit", () => {
  const { config } = read({ config: { mcpServers: {} } });
  const keys = Object.keys(proxy?.properties?.["limits"]?.properties ?? {});
  const limits = Object.keys(config?.limits ?? {}) as (keyof Limits)[];
  expect(limits.map((key) => key.replace(/Ms$/, "")).sort()).toEqual(keys.sort());
});

describe("docs/configuration.md", () => {
  test.each([
    ["mcpServers.{name}", server],
    ["mcpServers.{name}.tools", server?.properties?.["tools"]],
    ["mcpServers.{name}.health", server?.properties?.["health"]],
    ["proxy", proxy],
    ["proxy.webhook", proxy?.properties?.["webhook"]],
    ["proxy.tls", proxy?.properties?.["tls"]],
    ["proxy.auth", proxy?.properties?.["auth"]],
    ["proxy.health", proxy?.properties?.["health"]],
    ["proxy.limits", proxy?.properties?.["limits"]],
  ])("has the table of %s as the schema has it", async (title, node) => {
    const docs = await textOf("docs/configuration.md");
    const after = docs.split(`<!-- keys: ${title} -->`)[1]?.trimStart() ?? "";
    const table = after.split("\n\n")[0] ?? "";
    expect(tableCells(table)).toEqual(tableCells(referenceTable(node)));
  });

  test("names every variable", async () => {
    const docs = await textOf("docs/configuration.md");
    for (const name of VARIABLES) expect(docs).toContain(`\`${name}\``);
  });
});

test.each([
  ["config.example.json", 3],
  ["test/minimal-config.json", 1],
  ["test/development-config.json", 3],
  ["test/production-config.json", 3],
  ["test/config.json", 4],
])("%s is good and has %d servers to run", async (path, count) => {
  const loaded = read({ config: await textOf(path) });
  expect(loaded.problems.filter(({ severity }) => severity === "error")).toEqual([]);
  expect(loaded.config?.servers).toHaveLength(count);
});

test("the example is silent, points to the schema and keeps memory from losing writes", async () => {
  const text = await textOf("config.example.json");
  const loaded = read({ config: text });
  expect(problemsOf(loaded)).toEqual([]);
  expect(text).toContain('"$schema": "./config.schema.json"');
  expect(loaded.config?.servers.map(({ slug }) => slug)).toEqual([
    "everything",
    "memory",
    "sequential-thinking",
  ]);
  expect(loaded.config?.servers[1]).toMatchObject({
    instances: "shared",
    maxInFlight: 1,
    secrets: ["/home/me/.local/state/remote-mcp-proxy/servers/memory/memory.jsonl"],
  });
  for (const { slug } of loaded.config?.servers ?? []) expect(RESERVED_SLUGS).not.toContain(slug);
});
