/**
 * Pure. Modern tools may describe and return any JSON value; legacy clients take objects only, so
 * schema and value are wrapped as `{"result": …}` (protocol.md 3.1). Done in the bytes: number
 * forms in a schema survive.
 *
 * Does not check schemas. Which tools were wrapped is kept by the caller, between list and call.
 * @see https://modelcontextprotocol.io/specification/2025-11-25/server/tools#output-schema
 */
import { arrayElements, MAX_DEPTH, memberNamed, stringValue } from "../wire/json-scan.ts";
import { textOf } from "../wire/key-text.ts";
import { changeEdits, inOrder, objectAt, type ObjectAt } from "../wire/object-edit.ts";
import { applyEdits, type Edit } from "../wire/splice.ts";

/** Tools that are remembered for one server; a list that never ends must not fill the memory. */
const MAX_WRAPPED_TOOLS = 10_000;
/** Every level is scanned again from its own brace: deeper parts of a schema stay as they are. */
const MAX_SCHEMA_DEPTH = 200;

const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;
/** Where the schema of a wrapped value stands in the wrapper. */
const NEW_ROOT = "#/properties/result";

/** Keywords whose value is data: a `$ref` in it is a value like any other. */
const DATA_KEYWORDS: ReadonlySet<string> = new Set(["const", "enum", "default", "examples"]);
/** Keywords that map names to schemas: a name may be spelled like a keyword. */
const NAME_MAPS: ReadonlySet<string> = new Set([
  "properties",
  "patternProperties",
  "$defs",
  "definitions",
  "dependentSchemas",
  "dependencies",
]);

/**
 * The edits that wrap a tool's `outputSchema`, none where its root is an object. Notes the tool's
 * name in `wrapped`, or takes it out.
 */
export function outputSchemaEdits(
  bytes: Uint8Array,
  tool: ObjectAt,
  wrapped: Set<string>,
): readonly Edit[] {
  const name = stringValue(bytes, memberNamed(tool.members, "name"));
  const schema = memberNamed(tool.members, "outputSchema");
  const text =
    schema === undefined ? undefined : wrapSchema(bytes.subarray(schema.start, schema.end));
  if (schema === undefined || text === undefined) {
    if (name !== undefined) wrapped.delete(name);
    return [];
  }
  if (name !== undefined && wrapped.size < MAX_WRAPPED_TOOLS) wrapped.add(name);
  return [{ start: schema.start, end: schema.end, text }];
}

/**
 * The edits that wrap the `structuredContent` of a call's result: any value of a tool whose schema
 * was wrapped, of other tools what is no object.
 */
export function structuredContentEdits(
  bytes: Uint8Array,
  result: ObjectAt,
  isWrapped: boolean,
): readonly Edit[] {
  const value = memberNamed(result.members, "structuredContent");
  if (value === undefined || (!isWrapped && bytes[value.start] === OPEN_OBJECT)) return [];
  return [
    { start: value.start, end: value.start, text: '{"result":' },
    { start: value.end, end: value.end, text: "}" },
  ];
}

/**
 * An output schema whose root is not `"type":"object"`, wrapped in one that is; undefined for one
 * that needs no wrapping or is no schema.
 */
export function wrapSchema(schema: Uint8Array): Uint8Array | undefined {
  const root = objectAt(schema);
  if (root === undefined) {
    const word = textOf(schema);
    return word === "true" || word === "false" ? enclose(schema, "") : undefined;
  }
  if (stringValue(schema, memberNamed(root.members, "type")) === "object") return undefined;
  const dialect = memberNamed(root.members, "$schema");
  const head =
    dialect === undefined ? "" : `"$schema":${textOf(schema, dialect.start, dialect.end)},`;
  // Validators look for the dialect at the root only.
  const edits = changeEdits(schema, root, { drop: (key) => key === "$schema" });
  collectRefs({ bytes: schema, edits, isDynamic: mentionsRecursiveAnchor(schema) }, root, 0);
  return enclose(applyEdits(schema, inOrder(edits)), head);
}

function enclose(schema: Uint8Array, head: string): Uint8Array {
  return applyEdits(schema, [
    { start: 0, end: 0, text: `{${head}"type":"object","properties":{"result":` },
    { start: schema.length, end: schema.length, text: '},"required":["result"]}' },
  ]);
}

/** With it `$recursiveRef` is resolved while validating, and no pointer can stand for it. */
function mentionsRecursiveAnchor(schema: Uint8Array): boolean {
  return Buffer.from(schema.buffer, schema.byteOffset, schema.length).includes(
    '"$recursiveAnchor"',
  );
}

interface Walk {
  readonly bytes: Uint8Array;
  readonly edits: Edit[];
  readonly isDynamic: boolean;
}

/** Notes every reference that points from the root of this document, which is about to move. */
function collectRefs(walk: Walk, schema: ObjectAt, depth: number): void {
  const { bytes } = walk;
  const id = memberNamed(schema.members, "$id");
  // An `$id` is a root of its own for everything below it; a mere fragment is an anchor.
  if (id !== undefined && !(stringValue(bytes, id)?.startsWith("#") ?? false)) return;
  const hasRef = memberNamed(schema.members, "$ref") !== undefined;
  for (const member of schema.members) {
    const { key, keyStart, start, end } = member;
    if (key === "$ref" || key === "$dynamicRef") {
      const moved = movedPointer(stringValue(bytes, member));
      if (moved !== undefined) walk.edits.push({ start, end, text: JSON.stringify(moved) });
    } else if (key === "$recursiveRef") {
      if (walk.isDynamic || hasRef || stringValue(bytes, member) !== "#") continue;
      walk.edits.push({ start: keyStart, end, text: `"$ref":"${NEW_ROOT}"` });
    } else if (NAME_MAPS.has(key)) {
      for (const named of objectAt(bytes, start)?.members ?? []) collectAt(walk, named, depth + 1);
    } else if (!DATA_KEYWORDS.has(key)) {
      collectAt(walk, member, depth);
    }
  }
}

function collectAt(walk: Walk, value: { readonly start: number }, depth: number): void {
  if (depth >= MAX_SCHEMA_DEPTH) return;
  const first = walk.bytes[value.start];
  if (first === OPEN_OBJECT) {
    const schema = objectAt(walk.bytes, value.start);
    if (schema !== undefined) collectRefs(walk, schema, depth + 1);
  } else if (first === OPEN_ARRAY) {
    const elements = arrayElements(walk.bytes, value.start, MAX_DEPTH) ?? [];
    for (const element of elements) collectAt(walk, element, depth + 1);
  }
}

/** A pointer into this document, from its new root; undefined for what is no such pointer. */
function movedPointer(reference: string | undefined): string | undefined {
  if (reference !== "#" && !(reference?.startsWith("#/") ?? false)) return undefined;
  return `${NEW_ROOT}${reference?.slice(1) ?? ""}`;
}
