/**
 * Writes what is made from the schema of the config file: config.schema.json and the tables of
 * docs/configuration.md, each behind its mark `<!-- keys: proxy.limits -->`.
 *
 *   bun scripts/reference.ts && bun fmt
 */
import { schemaText } from "../src/cli/schema.ts";
import { configJsonSchema } from "../src/config/schema.ts";
import { referenceTable, type SchemaNode } from "./reference-table.ts";

const docsFile = "docs/configuration.md";
const schema = configJsonSchema() as SchemaNode;

function nodeOf(title: string): SchemaNode | undefined {
  return title
    .split(".")
    .reduce<SchemaNode | undefined>(
      (node, key) => (key === "{name}" ? node?.additionalProperties : node?.properties?.[key]),
      schema,
    );
}

const docs = await Bun.file(docsFile).text();
const written = docs.replace(
  /<!-- keys: (\S+) -->\n\n(?:\|.*\n)*/g,
  (_match, title: string) => `<!-- keys: ${title} -->\n\n${referenceTable(nodeOf(title))}\n`,
);
await Bun.write(docsFile, written);
await Bun.write("config.schema.json", schemaText());
