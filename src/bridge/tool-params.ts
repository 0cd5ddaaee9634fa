/**
 * Which arguments the tools of one child want repeated in headers, and which run as tasks only, by the
 * child's own names.
 *
 * Owns what was learnt from its `tools/list` results; what was not listed again stays. A tool whose
 * annotations break the rules has none here: clients leave it out of their lists.
 */
import {
  mentionsAnnotation,
  readParamAnnotations,
  type ParamAnnotation,
} from "../codec/param-headers.ts";
import { readTaskTools, readToolSchemas } from "../codec/tool-list.ts";

/** Arguments that are remembered, of all tools together; further tools are not checked. */
const MAX_ANNOTATIONS = 50_000;

const MAX_TASK_TOOLS = 10_000;

const NONE: readonly ParamAnnotation[] = [];

export class ToolParams {
  readonly #byTool = new Map<string, readonly ParamAnnotation[]>();
  readonly #taskTools = new Set<string>();
  #count = 0;

  /** Reads a `tools/list` result, also one page of several. */
  learn(result: Uint8Array): void {
    for (const name of readTaskTools(result)) {
      if (this.#taskTools.size < MAX_TASK_TOOLS) this.#taskTools.add(name);
    }
    // Nearly no server has annotations: then this search is all that is done.
    if (this.#byTool.size === 0 && !mentionsAnnotation(result)) return;
    for (const { name, inputSchema } of readToolSchemas(result)) {
      const annotations = readParamAnnotations(inputSchema);
      this.#set(name, annotations.ok ? annotations.value : NONE);
    }
  }

  /** The annotated arguments of a tool; none for a tool that was not listed. */
  of(native: string): readonly ParamAnnotation[] {
    return this.#byTool.get(native) ?? NONE;
  }

  /** True for a tool that runs as a task only. */
  runsAsTask(native: string): boolean {
    return this.#taskTools.has(native);
  }

  #set(native: string, annotations: readonly ParamAnnotation[]): void {
    this.#count -= this.of(native).length;
    this.#byTool.delete(native);
    if (annotations.length === 0 || this.#count + annotations.length > MAX_ANNOTATIONS) return;
    this.#byTool.set(native, annotations);
    this.#count += annotations.length;
  }
}
