/**
 * The tools of one server: both forms of their names, which of them clients may see, and which of
 * their arguments headers repeat.
 *
 * Owns the set of names, and for each child its annotations, learnt from every `tools/list` that
 * passes and, when a call cannot be judged yet, from the child itself.
 */
import type { ParamAnnotation } from "../codec/param-headers.ts";
import type { ServerConfig } from "../config/model.ts";
import { exposeToolList, readToolList } from "../codec/tool-list.ts";
import {
  buildToolNameTable,
  filtersTools,
  isToolAllowed,
  type ToolNameTable,
} from "../codec/tool-names.ts";
import type { Clock } from "../kernel/clock.ts";
import { GatewayError } from "../kernel/error.ts";
import { readToolPages } from "../upstream/tool-pages.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { ToolParams } from "./tool-params.ts";

/** Tools that are remembered; more keep their names. */
const MAX_TOOLS = 10_000;

export class ToolDirectory {
  readonly #server: ServerConfig;
  readonly #clock: Clock;
  readonly #natives = new Set<string>();
  readonly #filters: boolean;
  readonly #renames: boolean;
  #table: ToolNameTable | undefined;
  #complete = false;
  #generation = 0;
  /** Listings that run, by child; one each. */
  readonly #loading = new Map<Upstream, Promise<void>>();
  /** Children that list different tools, as those of two eras may, are not mixed up. */
  readonly #params = new WeakMap<Upstream, ToolParams>();
  /** The generation that a child was last read in. */
  readonly #readIn = new WeakMap<Upstream, number>();

  constructor(server: ServerConfig, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
    this.#filters = filtersTools(server.tools);
    this.#renames = server.toolNames === "snake_case";
  }

  /** False when names pass unchanged and unfiltered. */
  get active(): boolean {
    return this.#filters || this.#renames;
  }

  /** Some tools are kept from clients. */
  get filters(): boolean {
    return this.#filters;
  }

  /** All names are known as of the last full listing. */
  get complete(): boolean {
    return this.#complete;
  }

  /** The child was asked for all its tools since they last changed, whether it gave them or not. */
  hasRead(upstream: Upstream): boolean {
    return this.#readIn.get(upstream) === this.#generation;
  }

  /** The arguments of a tool, by the child's name, that headers must repeat as far as is known. */
  paramsOf(upstream: Upstream, native: string): readonly ParamAnnotation[] {
    return this.#params.get(upstream)?.of(native) ?? [];
  }

  /** True for a tool, by either name, that a child runs as a task only. */
  runsAsTask(upstream: Upstream, name: string): boolean {
    return this.#params.get(upstream)?.runsAsTask(this.resolve(name) ?? name) === true;
  }

  /** Learns from a `tools/list` result of a child which arguments headers repeat. */
  learnParams(upstream: Upstream, result: Uint8Array): void {
    const params = this.#params.get(upstream) ?? new ToolParams();
    this.#params.set(upstream, params);
    params.learn(result);
  }

  /** The child's tools have changed: names that cannot be resolved are asked for again. */
  invalidate(): void {
    this.#generation++;
    this.#complete = false;
  }

  /** The child's name for a tool that a client names in either form; undefined when not known. */
  resolve(name: string): string | undefined {
    if (!this.#renames || this.#natives.has(name)) return name;
    return this.#names().toNative.get(name);
  }

  /** Whether clients may call the tool, by the child's name. */
  allows(native: string): boolean {
    return !this.#filters || isToolAllowed(this.#server.tools, native, this.#exposed(native));
  }

  /** A `tools/list` result as clients see it; learns its names. */
  expose(result: Uint8Array): Uint8Array {
    if (!this.active) return result;
    const list = readToolList(result);
    this.#learn(list.names);
    return exposeToolList(result, (native) =>
      this.allows(native) ? this.#exposed(native) : undefined,
    );
  }

  /** True when the result is one page of several. */
  isPage(result: Uint8Array): boolean {
    return readToolList(result).nextCursor !== undefined;
  }

  /**
   * Reads all pages from the child, once at a time. A child that refuses leaves the names as they are.
   * @throws GatewayError when it does not answer
   */
  load(upstream: Upstream, timeoutMs: number): Promise<void> {
    const running = this.#loading.get(upstream);
    if (running !== undefined) return running;
    const generation = this.#generation;
    const loading = this.#readAll(upstream, timeoutMs).finally(() => {
      this.#loading.delete(upstream);
      this.#readIn.set(upstream, generation);
    });
    this.#loading.set(upstream, loading);
    return loading;
  }

  async #readAll(upstream: Upstream, timeoutMs: number): Promise<void> {
    const generation = this.#generation;
    try {
      await readToolPages(upstream, { clock: this.#clock, timeoutMs }, (page) => {
        this.learnParams(upstream, page);
        this.#learn(readToolList(page).names);
      });
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== "UPSTREAM_PROTOCOL") throw error;
    }
    // What was said to have changed meanwhile is not known yet.
    if (generation === this.#generation) this.#complete = true;
  }

  #learn(names: readonly string[]): void {
    for (const name of names) {
      if (this.#natives.has(name) || this.#natives.size >= MAX_TOOLS) continue;
      this.#natives.add(name);
      this.#table = undefined;
    }
  }

  #names(): ToolNameTable {
    this.#table ??= buildToolNameTable(this.#natives, this.#server.toolNames);
    return this.#table;
  }

  #exposed(native: string): string {
    return this.#renames ? (this.#names().toExposed.get(native) ?? native) : native;
  }
}
