/**
 * Pure. The members that a result has in one era only, put on and taken off in the bytes (the two
 * tables of protocol.md 3.1). `up` is from a legacy child to a modern client, `down` from a modern
 * child to a legacy client.
 *
 * Questions are not answered here: a result is looked at by `readInputRequired` first. Errors are
 * in error-fields.ts.
 */
import { arrayElements, MAX_DEPTH, memberNamed, stringValue } from "../wire/json-scan.ts";
import { META_SERVER_INFO, META_SUBSCRIPTION_ID } from "../wire/meta.ts";
import {
  changeEdits,
  inOrder,
  objectAt,
  objectNamed,
  valueText,
  type ObjectAt,
  type Setting,
} from "../wire/object-edit.ts";
import { jsonBytes, plainOf, valueOf, type Plain } from "../wire/message.ts";
import { applyEdits, editText, type Edit } from "../wire/splice.ts";
import { internalError, type Answer } from "./error-fields.ts";
import { outputSchemaEdits, structuredContentEdits } from "./legacy-wrap.ts";
import { modernMethod } from "./modern-methods.ts";

/** Tools whose way with tasks is remembered for one server. */
const MAX_REMEMBERED_TOOLS = 10_000;

/** What a legacy child's results are given on their way to a modern client. */
export interface UpContext {
  /** The child's serverInfo as JSON text; undefined when it has told none. */
  readonly serverInfo: string | undefined;
  /** How long a cacheable result that does not say so itself stays fresh, milliseconds; 0 if left out. */
  readonly ttlMs?: number;
  /** Tool name → `execution.taskSupport`, written by `tools/list`; owned by the caller. */
  readonly taskSupport?: Map<string, string>;
}

/** What is remembered of a modern child's tools for its legacy clients. */
export interface DownContext {
  /** Tools whose output schema was wrapped, written by `tools/list`; owned by the caller. */
  readonly wrappedTools: Set<string>;
  /** The tool of a `tools/call`, by the name it has in the child's list. */
  readonly tool?: string;
}

/**
 * A legacy child's result for a modern client. An error (-32603) for a result that is no object.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/index
 */
export function upResult(
  method: string,
  result: Uint8Array,
  context: UpContext,
  plain?: Plain,
): Answer {
  const quick = quickUp(method, result, context, plain);
  if (quick !== undefined) return quick;
  const object = objectAt(result);
  if (object === undefined) return noObject(method);
  const meta = objectNamed(result, object, "_meta");
  const isNamed = meta !== undefined && memberNamed(meta.members, META_SERVER_INFO) !== undefined;
  const { serverInfo } = context;
  const edits = changeEdits(result, object, {
    set: [["resultType", '"complete"'], ...cacheSettings(method, result, object, context)],
    setMeta: serverInfo === undefined || isNamed ? [] : [[META_SERVER_INFO, serverInfo]],
  });
  if (method === "tools/list") {
    for (const tool of toolsOf(result, object)) edits.push(...upToolEdits(result, tool, context));
  }
  const text = plainOf(result, plain);
  const changed = text === undefined ? undefined : editText(text, inOrder(edits));
  if (changed !== undefined) return asText(changed);
  return { kind: "result", payload: applyEdits(result, inOrder(edits)) };
}

/** The same for a result of which only the beginning changes: by far the most. */
function quickUp(
  method: string,
  result: Uint8Array,
  { serverInfo }: UpContext,
  plain: Plain | undefined,
): Answer | undefined {
  const value = valueOf(result, plain);
  if (value === undefined || plain === undefined || modernMethod(method)?.cacheable === true)
    return undefined;
  if (method === "tools/list" || "_meta" in value || "resultType" in value) return undefined;
  const meta = serverInfo === undefined ? "" : `,"_meta":{"${META_SERVER_INFO}":${serverInfo}}`;
  const isEmpty = Object.keys(value).length === 0;
  const inner = plain.text.slice(1);
  return asText(`{"resultType":"complete"${meta}${isEmpty ? "" : ","}${inner}`);
}

function asText(text: string): Answer {
  const payload = jsonBytes(text);
  const isAscii = payload.length === text.length;
  return { kind: "result", payload, plain: isAscii ? { bytes: payload, text } : undefined };
}

/**
 * A modern child's result for a legacy client. An error (-32603) for a `resultType` that a legacy
 * client cannot be given, and for a result that is no object.
 */
export function downResult(method: string, result: Uint8Array, context: DownContext): Answer {
  const object = objectAt(result);
  if (object === undefined) return noObject(method);
  const type = memberNamed(object.members, "resultType");
  if (type !== undefined && stringValue(result, type) !== "complete") {
    const text = valueText(result, type).slice(0, 100);
    return internalError(`The server answered ${method} with a result of the type ${text}`);
  }
  const edits = changeEdits(result, object, MODERN_ONLY);
  if (method === "tools/list") {
    for (const tool of toolsOf(result, object)) {
      edits.push(...outputSchemaEdits(result, tool, context.wrappedTools));
    }
  } else if (method === "tools/call") {
    const isWrapped = context.tool !== undefined && context.wrappedTools.has(context.tool);
    edits.push(...structuredContentEdits(result, object, isWrapped));
  }
  return { kind: "result", payload: applyEdits(result, inOrder(edits)) };
}

const MODERN_MEMBERS: ReadonlySet<string> = new Set(["resultType", "ttlMs", "cacheScope"]);
const MODERN_META: ReadonlySet<string> = new Set([META_SERVER_INFO, META_SUBSCRIPTION_ID]);

/** Takes the members off a result that only the modern era has; what is left empty is `{}`. */
export const MODERN_ONLY = {
  drop: (key: string): boolean => MODERN_MEMBERS.has(key),
  dropMeta: (key: string): boolean => MODERN_META.has(key),
} as const;

/** Freshness of a cacheable result: the child's own where it is valid. */
function cacheSettings(
  method: string,
  result: Uint8Array,
  object: ObjectAt,
  context: UpContext,
): Setting[] {
  if (modernMethod(method)?.cacheable !== true) return [];
  const settings: Setting[] = [];
  const ttl = memberNamed(object.members, "ttlMs");
  if (ttl === undefined || !/^\d{1,15}$/.test(valueText(result, ttl))) {
    settings.push(["ttlMs", String(context.ttlMs ?? 0)]);
  }
  const scope = stringValue(result, memberNamed(object.members, "cacheScope"));
  if (scope !== "public" && scope !== "private") settings.push(["cacheScope", '"private"']);
  return settings;
}

/** Tools of a `tools/list` result; elements that are no objects are left out. */
function toolsOf(result: Uint8Array, object: ObjectAt): ObjectAt[] {
  const tools = memberNamed(object.members, "tools");
  const elements = tools === undefined ? undefined : arrayElements(result, tools.start, MAX_DEPTH);
  return (elements ?? []).flatMap((element) => objectAt(result, element.start) ?? []);
}

function upToolEdits(result: Uint8Array, tool: ObjectAt, context: UpContext): Edit[] {
  rememberTaskSupport(result, tool, context.taskSupport);
  const edits = changeEdits(result, tool, { drop: (key) => key === "execution" });
  const schema = objectNamed(result, tool, "inputSchema");
  if (schema !== undefined && memberNamed(schema.members, "type") === undefined) {
    // The modern schema requires it; many a tool without arguments has `{}`.
    edits.push(...changeEdits(result, schema, { set: [["type", '"object"']] }));
  }
  return edits;
}

function rememberTaskSupport(
  result: Uint8Array,
  tool: ObjectAt,
  known: Map<string, string> | undefined,
): void {
  const name = stringValue(result, memberNamed(tool.members, "name"));
  if (known === undefined || name === undefined) return;
  const execution = objectNamed(result, tool, "execution");
  const support =
    execution === undefined
      ? undefined
      : stringValue(result, memberNamed(execution.members, "taskSupport"));
  if (support === undefined) known.delete(name);
  else if (known.size < MAX_REMEMBERED_TOOLS || known.has(name)) known.set(name, support);
}

function noObject(method: string): Answer {
  return internalError(`The server answered ${method} with a result that is no object`);
}
