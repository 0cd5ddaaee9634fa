/**
 * The log in files: `system.log`, `mcp-{server}.log`, and `mcp-{server}.stderr.log` for what the
 * server's own process writes, in one folder.
 *
 * Owns the files in it, one timer for writing and one for tidying. A folder that cannot be written
 * costs nothing but the files: it is said once, lines go on to stderr, and it is tried again with
 * the newest line of each. Files of the names above are taken for the gateway's own, and removed
 * when their time is over.
 */
import { lstat, mkdir, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, Timer } from "../kernel/clock.ts";
import { messageOf } from "../kernel/error.ts";
import type { Emit } from "../kernel/event.ts";
import type { LogLine } from "./log-line.ts";
import { LogFile } from "./log-file.ts";

export interface LogFolderOptions {
  readonly folder: string;
  readonly maxFileBytes: number;
  /** Files set aside that are kept of each log, however young. */
  readonly maxFiles: number;
  readonly retentionSystemMs: number;
  readonly retentionMcpMs: number;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** Lines wait at most this long for others to be written with them. */
const FLUSH_MS = 100;
/** After a failure the folder is left alone for so long. */
const RETRY_MS = 5_000;
/** A folder that comes and goes is not told about each time. */
const TELL_AGAIN_MS = 600_000;
const MIN_TIDY_MS = 1_000;
const MAX_TIDY_MS = 600_000;
/** What a disk that hangs may cost at the end. */
const LAST_FLUSH_MS = 1_000;
const MAX_LOGS = 4_000;
const SYSTEM = "system";
const SLUG = /^[a-z0-9][a-z0-9-]*$/;
/** Name, then day and number of a file that was set aside. */
const OUR_NAME = /^(system|mcp-[a-z0-9-]+?(?:\.stderr)?)(?:-(\d{4}-\d\d-\d\d)\.(\d+))?\.log$/;

export class LogFolder {
  readonly #options: LogFolderOptions;
  readonly #files = new Map<string, LogFile>();
  readonly #tidying: Timer;
  #flushTimer: Timer | undefined;
  /** What runs now; flushing and tidying never run at once, and each waits once at most. */
  #work: Promise<void> = Promise.resolve();
  readonly #waiting = new Set<"flush" | "tidy" | "close">();
  #isMade = false;
  #retryAtMs = 0;
  /** Tries again by itself, for a gateway that has nothing more to say. */
  #retry: Timer | undefined;
  #isInTrouble = false;
  #isTroubleTold = false;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #lost = 0;

  constructor(options: LogFolderOptions) {
    this.#options = options;
    const { clock, retentionMcpMs, retentionSystemMs } = options;
    const shortestMs = Math.min(retentionMcpMs, retentionSystemMs);
    const tidyMs = Math.min(MAX_TIDY_MS, Math.max(MIN_TIDY_MS, shortestMs / 10));
    this.#tidying = clock.every(tidyMs, () => this.#run("tidy", () => this.#tidy()));
    this.#run("tidy", () => this.#tidy());
  }

  /** Takes a line and its text. */
  write(line: LogLine, text: string): void {
    this.#fileOf(nameOf(line)).push(text);
    if (this.#flushTimer !== undefined) return;
    this.#flushTimer = this.#options.clock.after(FLUSH_MS, () => {
      this.#flushTimer = undefined;
      this.#run("flush", () => this.#flush());
    });
  }

  /** Writes what is left and closes the files, unless the disk takes too long. */
  async close(): Promise<void> {
    this.#tidying.cancel();
    this.#flushTimer?.cancel();
    this.#run("flush", () => this.#flush());
    this.#run("close", async () => {
      this.#retry?.cancel();
      await Promise.all([...this.#files.values()].map((file) => file.close()));
    });
    const late = Promise.withResolvers<void>();
    const timer = this.#options.clock.after(LAST_FLUSH_MS, late.resolve);
    await Promise.race([this.#work, late.promise]);
    timer.cancel();
  }

  #run(name: "flush" | "tidy" | "close", work: () => Promise<void>): void {
    if (this.#waiting.has(name)) return;
    this.#waiting.add(name);
    const begin = (): Promise<void> => {
      this.#waiting.delete(name);
      return work();
    };
    this.#work = this.#work.then(begin).catch((error: unknown) => this.#fail(error));
  }

  #fileOf(name: string): LogFile {
    const known = this.#files.get(name);
    if (known !== undefined) return known;
    const isFull = this.#files.size >= MAX_LOGS && name !== SYSTEM;
    if (isFull) return this.#fileOf(SYSTEM);
    const { folder, maxFileBytes, clock } = this.#options;
    const { wallMs } = clock;
    const retentionMs = this.#retentionMs(name);
    const file = new LogFile({ folder, name, maxBytes: maxFileBytes, retentionMs, wallMs });
    this.#files.set(name, file);
    return file;
  }

  #retentionMs(name: string): number {
    const { retentionSystemMs, retentionMcpMs } = this.#options;
    return name === SYSTEM ? retentionSystemMs : retentionMcpMs;
  }

  async #flush(): Promise<void> {
    const { clock } = this.#options;
    const dirty = [...this.#files.values()].filter((file) => file.isDirty);
    if (this.#isInTrouble && clock.nowMs() < this.#retryAtMs) {
      for (const file of dirty) file.drop();
      return;
    }
    try {
      await this.#make();
      for (const file of dirty) await file.flush();
    } catch (error) {
      for (const file of dirty) file.drop();
      throw error;
    } finally {
      for (const file of dirty) this.#lost += file.takeLost();
    }
    if (dirty.length > 0) this.#recovered();
  }

  async #make(): Promise<void> {
    if (this.#isMade && !this.#isInTrouble) return;
    await mkdir(this.#options.folder, { recursive: true });
    this.#isMade = true;
  }

  #fail(error: unknown): void {
    const { clock, folder } = this.#options;
    this.#retryAtMs = clock.nowMs() + RETRY_MS;
    this.#retry?.cancel();
    this.#retry = clock.after(RETRY_MS, () => {
      this.#retryAtMs = 0; // a timer may be early by a little
      this.#run("flush", () => this.#flush());
    });
    if (this.#isInTrouble && this.#isTroubleTold) return;
    this.#isInTrouble = true;
    this.#isTroubleTold = this.#tell(
      `the log folder ${folder} cannot be written (${messageOf(error)}): the log goes to stderr only. Make room, or give the gateway's user the right to write there; it is tried again every ${RETRY_MS / 1000} s`,
    );
  }

  #recovered(): void {
    const { folder } = this.#options;
    const wasInTrouble = this.#isInTrouble;
    this.#isInTrouble = false;
    if (wasInTrouble ? !this.#isTroubleTold : this.#lost === 0) return;
    const text = wasInTrouble ? "is written again" : "is too slow for the log";
    if (wasInTrouble) this.#toldAtMs = Number.NEGATIVE_INFINITY;
    if (this.#tell(`the log folder ${folder} ${text}: ${this.#lost} lines are on stderr only`)) {
      this.#lost = 0;
    }
  }

  /** Says it, unless something was said a short time ago. */
  #tell(message: string): boolean {
    const { clock, emit } = this.#options;
    const nowMs = clock.nowMs();
    if (nowMs - this.#toldAtMs < TELL_AGAIN_MS) return false;
    this.#toldAtMs = nowMs;
    emit({ kind: "gateway.notice", level: "WARNING", message });
    return true;
  }

  /** Sets aside what is old, and removes what is older. */
  async #tidy(): Promise<void> {
    const { clock, folder, maxFiles } = this.#options;
    if (this.#isInTrouble && clock.nowMs() < this.#retryAtMs) return;
    await this.#make();
    for (const file of this.#files.values()) await file.tidy();
    const young = new Map<string, { readonly path: string; readonly order: string }[]>();
    for (const entry of await readdir(folder)) {
      const [, name, day, number] = OUR_NAME.exec(entry) ?? [];
      if (name === undefined) continue;
      const path = join(folder, entry);
      const found = await lstat(path).catch(() => undefined);
      if (found?.isFile() !== true) continue;
      if (clock.wallMs() - found.mtimeMs > this.#retentionMs(name)) {
        if (day === undefined && this.#files.has(name)) continue;
        await this.#remove(path);
      } else if (day !== undefined) {
        const order = `${day}.${number?.padStart(9, "0") ?? ""}`;
        young.set(name, [...(young.get(name) ?? []), { path, order }]);
      }
    }
    for (const files of young.values()) {
      const excess = files.toSorted((a, b) => b.order.localeCompare(a.order)).slice(maxFiles);
      for (const { path } of excess) await this.#remove(path);
    }
  }

  /** A file that cannot be removed keeps nothing from being written. */
  async #remove(path: string): Promise<void> {
    try {
      await unlink(path);
    } catch (error) {
      this.#tell(`the old log file ${path} cannot be removed (${messageOf(error)})`);
    }
  }
}

function nameOf({ server, event }: LogLine): string {
  if (server === undefined || !SLUG.test(server)) return SYSTEM;
  return event === "child.stderr" ? `mcp-${server}.stderr` : `mcp-${server}`;
}
