/**
 * Pure. Arguments that a tool wants repeated in headers: `x-mcp-header` in its input schema, and
 * row 13 of the ladder in protocol.md 1.4, which holds the headers of a call to its arguments.
 *
 * The gateway ends HTTP, so this duty is its own, also for legacy children. Who keeps the
 * annotations of which tool is not known here.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#custom-headers-from-tool-parameters
 */
import { err, ok, type Result } from "../kernel/result.ts";
import {
  MAX_DEPTH,
  memberNamed,
  objectMembers,
  stringValue,
  type Member,
  type Span,
} from "../wire/json-scan.ts";
import { textOf } from "../wire/key-text.ts";
import type { Rejection } from "./classify.ts";
import { decodeHeaderValue, headerMismatch, isSameNumber } from "./standard-headers.ts";

/** One argument that a header repeats. */
export interface ParamAnnotation {
  /** Name of the header, `Mcp-Param-Region`. */
  readonly header: string;
  /** Keys that lead from the arguments to the value; never empty. */
  readonly path: readonly string[];
}

const ANNOTATION = "x-mcp-header";
const HEADER_PREFIX = "Mcp-Param-";
/** RFC 9110 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TYPES: ReadonlySet<unknown> = new Set(["string", "integer", "boolean"]);

/** Keywords of JSON Schema whose value is a schema or a list of schemas, `properties` left out. */
const INNER_SCHEMAS = [
  "items",
  "prefixItems",
  "additionalItems",
  "contains",
  "additionalProperties",
  "unevaluatedProperties",
  "unevaluatedItems",
  "propertyNames",
  "contentSchema",
  "oneOf",
  "anyOf",
  "allOf",
  "not",
  "if",
  "then",
  "else",
] as const;

/** Keywords whose value has schemas as members. */
const SCHEMA_MAPS = [
  "patternProperties",
  "dependentSchemas",
  "dependencies",
  "$defs",
  "definitions",
] as const;

/** The way from the root to a schema; undefined at the root. Linked, so that depth costs nothing. */
type Trail = { readonly key: string; readonly before: Trail } | undefined;

interface Place {
  readonly schema: unknown;
  readonly trail: Trail;
  /** Whether nothing but `properties` leads here. */
  readonly isReachable: boolean;
}

/**
 * Reads the annotations in the bytes of a tool's `inputSchema`.
 * @returns in words, for a log line, what makes the tool invalid; clients leave such a tool out of
 * their list, so that no headers come with its calls. What is no schema has no annotations.
 */
export function readParamAnnotations(
  inputSchema: Uint8Array,
): Result<readonly ParamAnnotation[], string> {
  if (!mentionsAnnotation(inputSchema)) return ok([]);
  const annotations: ParamAnnotation[] = [];
  const taken = new Set<string>();
  const places: Place[] = [{ schema: parse(inputSchema), trail: undefined, isReachable: true }];
  // Grows while it is walked, so that annotations come in the order of the schema.
  for (const place of places) {
    const { schema } = place;
    if (!isObject(schema)) continue;
    if (Object.hasOwn(schema, ANNOTATION)) {
      const fault = faultOf(schema, place, taken);
      if (fault !== undefined) return err(fault);
      const name = String(schema[ANNOTATION]);
      taken.add(name.toLowerCase());
      annotations.push({ header: `${HEADER_PREFIX}${name}`, path: pathOf(place.trail) });
    }
    for (const inner of placesIn(schema, place)) places.push(inner);
  }
  return ok(annotations);
}

/** What is wrong with the annotation of a schema, in words. */
function faultOf(
  schema: Record<string, unknown>,
  { trail, isReachable }: Place,
  taken: ReadonlySet<string>,
): string | undefined {
  const name = schema[ANNOTATION];
  const where = trail === undefined ? "the root" : JSON.stringify(pathOf(trail).join("."));
  if (!isReachable || trail === undefined) {
    return `${ANNOTATION} at ${where} is not on a property that properties alone lead to`;
  }
  if (typeof name !== "string" || !TOKEN.test(name)) {
    return `${ANNOTATION} at ${where} is no name for a header`;
  }
  if (!TYPES.has(schema["type"])) {
    return `${ANNOTATION} at ${where} is on a type other than string, integer and boolean`;
  }
  return taken.has(name.toLowerCase()) ? `${ANNOTATION} "${name}" is there twice` : undefined;
}

function placesIn(schema: Record<string, unknown>, { trail, isReachable }: Place): Place[] {
  const places: Place[] = [];
  const properties = schema["properties"];
  if (isObject(properties)) {
    for (const [key, inner] of Object.entries(properties)) {
      places.push({ schema: inner, trail: { key, before: trail }, isReachable });
    }
  }
  const add = (keyword: string, inner: unknown): void => {
    places.push({ schema: inner, trail: { key: keyword, before: trail }, isReachable: false });
  };
  for (const keyword of INNER_SCHEMAS) {
    const inner = schema[keyword];
    if (Array.isArray(inner)) for (const one of inner) add(keyword, one);
    else add(keyword, inner);
  }
  for (const keyword of SCHEMA_MAPS) {
    const map = schema[keyword];
    if (isObject(map)) for (const one of Object.values(map)) add(keyword, one);
  }
  return places;
}

function pathOf(trail: Trail): string[] {
  const path: string[] = [];
  for (let at = trail; at !== undefined; at = at.before) path.push(at.key);
  return path.reverse();
}

/**
 * Whether a schema, or a list of tools, can have annotations at all. A native search: nearly no tool
 * has any. `\u` could spell one in another way.
 */
export function mentionsAnnotation(json: Uint8Array): boolean {
  const bytes = Buffer.from(json.buffer, json.byteOffset, json.length);
  return bytes.includes(ANNOTATION) || bytes.includes("\\u");
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(bytes));
  } catch {
    // Not JSON inside, in a result too long to be checked: no client can read annotations in it.
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Row 13: the refusal of a call whose headers do not say what its arguments say, or undefined.
 * A value that is null or absent needs no header; neither does one that a header cannot carry
 * (an object, an array, a number beyond the safe range), which is for the server to refuse.
 * @param args bytes of `params.arguments`, undefined when absent
 * @param header value of a request header, null when absent; names compare without case
 */
export function checkParamHeaders(
  annotations: readonly ParamAnnotation[],
  args: Uint8Array | undefined,
  header: (name: string) => string | null,
): Rejection | undefined {
  if (args === undefined || annotations.length === 0) return undefined;
  const find = finderIn(args);
  for (const { header: name, path } of annotations) {
    const span = find(path);
    if (span === undefined || args[span.start] === LETTER_N) continue;
    const raw = header(name);
    if (raw === null) {
      if (!isCarried(args, span)) continue;
      return headerMismatch(`${name} is missing, the arguments have ${where(path)}`);
    }
    const decoded = decodeHeaderValue(raw);
    if (decoded === undefined) return headerMismatch(`${name} is not a valid header value`);
    if (!isEqual(args, span, decoded)) {
      return headerMismatch(`${name} is not the value of ${where(path)} in the arguments`);
    }
  }
  return undefined;
}

/** Finds values by their path; each object on the way is read once, however many paths share it. */
function finderIn(args: Uint8Array): (path: readonly string[]) => Span | undefined {
  const read = new Map<number, readonly Member[]>();
  return (path) => {
    let span: Span | undefined = { start: 0, end: args.length };
    for (const key of path) {
      if (span === undefined) return undefined;
      let members: readonly Member[] | undefined = read.get(span.start);
      if (members === undefined) {
        members = objectMembers(args, span.start, MAX_DEPTH) ?? [];
        read.set(span.start, members);
      }
      span = memberNamed(members, key);
    }
    return span;
  };
}

const QUOTE = 0x22;
const LETTER_N = 0x6e;
const OPENERS: readonly (number | undefined)[] = [0x7b, 0x5b];

function isStructure(args: Uint8Array, span: Span): boolean {
  return OPENERS.includes(args[span.start]);
}

function isNumber(args: Uint8Array, span: Span): boolean {
  const first = args[span.start];
  return first === 0x2d || (first !== undefined && first >= 0x30 && first <= 0x39);
}

/** Whether a client can put the value into a header. */
function isCarried(args: Uint8Array, span: Span): boolean {
  if (isStructure(args, span)) return false;
  if (!isNumber(args, span)) return true;
  const value = Number(textOf(args, span.start, span.end));
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}

function isEqual(args: Uint8Array, span: Span, decoded: string): boolean {
  if (isStructure(args, span)) return false;
  if (args[span.start] === QUOTE) return stringValue(args, span) === decoded;
  const text = textOf(args, span.start, span.end);
  return isNumber(args, span) ? isSameNumber(decoded, text) : decoded === text;
}

function where(path: readonly string[]): string {
  return JSON.stringify(path.join("."));
}
