/**
 * The tables of docs/configuration.md, made from the JSON Schema of the config file.
 */
import { DURATION_PATTERN, SIZE_PATTERN } from "../src/config/units.ts";

/** The part of JSON Schema that the config file uses. */
export interface SchemaNode {
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly SchemaNode[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: SchemaNode;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode;
}

/** One Markdown table: a row for each key of the object. */
export function referenceTable(node: SchemaNode | undefined): string {
  const rows = Object.entries(node?.properties ?? {}).map(([key, property]) => [
    `\`${key}\``,
    kindOf(property),
    defaultOf(property),
    (property.description ?? "").replaceAll("|", "\\|"),
  ]);
  const lines = [["Key", "Value", "Default", "Meaning"], ["---", "---", "---", "---"], ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The tables of a Markdown text as cells, so that the width of columns does not matter. */
export function tableCells(markdown: string): readonly (readonly string[])[] {
  return markdown
    .split("\n")
    .filter((line) => line.startsWith("|") && !/^[|\s:-]+$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}

function kindOf(node: SchemaNode): string {
  if (node.const !== undefined) return `\`${JSON.stringify(node.const)}\``;
  if (node.enum !== undefined) return node.enum.map((word) => `\`"${word}"\``).join(" or ");
  if (node.anyOf !== undefined) {
    if (node.anyOf.some(({ pattern }) => pattern === DURATION_PATTERN)) return "duration";
    if (node.anyOf.some(({ pattern }) => pattern === SIZE_PATTERN)) return "size";
    return node.anyOf.map(kindOf).join(" or ");
  }
  switch (node.type) {
    case "integer":
      return `number from ${node.minimum ?? ""} to ${node.maximum ?? ""}`;
    case "array":
      return "list of texts";
    case "object":
      return node.additionalProperties?.type === "string" ? "object of texts" : "object";
    case "boolean":
      return "`true` or `false`";
    case "string":
      return "text";
    default:
      return "anything";
  }
}

function defaultOf(node: SchemaNode): string {
  const preset = node.default;
  if (preset === undefined || JSON.stringify(preset) === "{}") return "";
  return `\`${JSON.stringify(preset)}\``;
}
