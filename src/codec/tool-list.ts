/**
 * Pure. A `tools/list` result on its way to the client: names replaced and tools left out in the
 * bytes, everything else untouched.
 */
import {
  arrayElements,
  MAX_DEPTH,
  memberNamed,
  objectMembers,
  stringValue,
} from "../wire/json-scan.ts";
import { applyEdits, joinElements, type Edit } from "../wire/splice.ts";

/** What to do with a tool: its name toward the client, or undefined to leave it out. */
export type ExposeTool = (native: string) => string | undefined;

/** Names of the tools in a `tools/list` result, and its `nextCursor`. */
export function readToolList(result: Uint8Array): {
  readonly names: string[];
  readonly nextCursor: string | undefined;
} {
  const members = objectMembers(result, 0, MAX_DEPTH) ?? [];
  return {
    names: toolsOf(result).flatMap((tool) => (tool.name === undefined ? [] : [tool.name.text])),
    nextCursor: stringValue(result, memberNamed(members, "nextCursor")),
  };
}

/** Names and the bytes of the `inputSchema` of the tools in a `tools/list` result that have both. */
export function readToolSchemas(
  result: Uint8Array,
): { readonly name: string; readonly inputSchema: Uint8Array }[] {
  return toolsOf(result).flatMap((tool) => {
    const members = objectMembers(result, tool.start, MAX_DEPTH) ?? [];
    const schema = memberNamed(members, "inputSchema");
    if (tool.name === undefined || schema === undefined) return [];
    const inputSchema = result.subarray(schema.start, schema.end);
    return [{ name: tool.name.text, inputSchema }];
  });
}

const TASK_SUPPORT = "taskSupport";

/** Names of tools that run as a task only (2025-11-25). */
export function readTaskTools(result: Uint8Array): readonly string[] {
  // A native search first: nearly no server has any.
  const { buffer, byteOffset, length } = result;
  if (!Buffer.from(buffer, byteOffset, length).includes(TASK_SUPPORT)) return [];
  return toolsOf(result).flatMap((tool) => {
    const members = objectMembers(result, tool.start, MAX_DEPTH) ?? [];
    const execution = memberNamed(members, "execution");
    const inner =
      execution === undefined ? undefined : objectMembers(result, execution.start, MAX_DEPTH);
    const support = stringValue(result, memberNamed(inner ?? [], TASK_SUPPORT));
    return tool.name !== undefined && support === "required" ? [tool.name.text] : [];
  });
}

/** The result with every tool's name as `expose` says; the same bytes when nothing changes. */
export function exposeToolList(result: Uint8Array, expose: ExposeTool): Uint8Array {
  const edits: Edit[] = [];
  let removed = false;
  for (const { name } of toolsOf(result)) {
    if (name === undefined) continue;
    const exposed = expose(name.text);
    if (exposed === undefined) removed = true;
    else if (exposed !== name.text) {
      edits.push({ start: name.start, end: name.end, text: JSON.stringify(exposed) });
    }
  }
  return removed
    ? exposeToolList(withoutHidden(result, expose), expose)
    : applyEdits(result, edits);
}

function withoutHidden(result: Uint8Array, expose: ExposeTool): Uint8Array {
  const members = objectMembers(result, 0, MAX_DEPTH) ?? [];
  const tools = memberNamed(members, "tools");
  if (tools === undefined) return result;
  const kept = toolsOf(result).filter(
    (tool) => tool.name === undefined || expose(tool.name.text) !== undefined,
  );
  return applyEdits(result, [
    { start: tools.start, end: tools.end, text: joinElements(result, kept) },
  ]);
}

interface Tool {
  readonly start: number;
  readonly end: number;
  readonly name:
    { readonly text: string; readonly start: number; readonly end: number } | undefined;
}

function toolsOf(result: Uint8Array): Tool[] {
  const members = objectMembers(result, 0, MAX_DEPTH) ?? [];
  const tools = memberNamed(members, "tools");
  const elements = tools === undefined ? undefined : arrayElements(result, tools.start, MAX_DEPTH);
  return (elements ?? []).map((element) => {
    const name = memberNamed(objectMembers(result, element.start, MAX_DEPTH) ?? [], "name");
    const text = stringValue(result, name);
    return {
      start: element.start,
      end: element.end,
      name:
        name === undefined || text === undefined
          ? undefined
          : { text, start: name.start, end: name.end },
    };
  });
}
