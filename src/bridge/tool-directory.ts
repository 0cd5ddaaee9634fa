/**
 * The tools of one server: both forms of their names, and which of them clients may see.
 *
 * Owns the set of names, learnt from every `tools/list` that passes and, when a client calls a name
 * that cannot be resolved yet, from the child itself.
 */
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
  #loading: Promise<void> | undefined;

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
    this.#loading ??= this.#readAll(upstream, timeoutMs).finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #readAll(upstream: Upstream, timeoutMs: number): Promise<void> {
    const generation = this.#generation;
    try {
      await readToolPages(upstream, { clock: this.#clock, timeoutMs }, (page) =>
        this.#learn(readToolList(page).names),
      );
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
