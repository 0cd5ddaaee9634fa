/**
 * One file of the log: `name.log`, which is set aside as `name-2026-11-30.1.log` when it is full,
 * when a new day (UTC) has begun, or when its first line is older than the retention.
 *
 * Owns the file and what waits to be written to it, which is capped. Every failure is thrown to the
 * folder that asked for the write; what failed to be written is lost to the file, and counted, but
 * for the newest line.
 */
import { open, readdir, rename, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";

export interface LogFileOptions {
  readonly folder: string;
  /** Without `.log`. */
  readonly name: string;
  /** A line that would make the file larger begins a new one. */
  readonly maxBytes: number;
  readonly retentionMs: number;
  readonly wallMs: () => number;
}

/** What may wait while the disk is slow; beyond it lines are dropped and counted. */
const MAX_PENDING_CHARS = 1024 * 1024;
/** Readable by the group, as logs are. */
const MODE = 0o640;
const FIRST_BYTES = 64;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/;

/** `2026-11-30` of a moment. */
export function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

export class LogFile {
  readonly #options: LogFileOptions;
  readonly #path: string;
  #pending: string[] = [];
  #pendingChars = 0;
  #lost = 0;
  #handle: FileHandle | undefined;
  #inode = 0;
  #bytes = 0;
  /** When the first line of the file was written. */
  #beganMs = 0;
  /** A write ended within a line: the next one begins a new line. */
  #isMidLine = false;

  constructor(options: LogFileOptions) {
    this.#options = options;
    this.#path = join(options.folder, `${options.name}.log`);
  }

  /** Lines wait to be written. */
  get isDirty(): boolean {
    return this.#pending.length > 0;
  }

  /** Lines that did not reach the file since the last time that this was asked. */
  takeLost(): number {
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }

  /** Takes a line with its newline. */
  push(text: string): void {
    if (this.#pendingChars > MAX_PENDING_CHARS) {
      this.#lost++;
      return;
    }
    this.#pending.push(text);
    this.#pendingChars += text.length;
  }

  /** Gives up what waits but for the newest line, with which the file is tried again. */
  drop(): void {
    this.#keepNewest(this.#pending);
  }

  #keepNewest(lines: readonly string[]): void {
    const newest = lines.slice(-1);
    this.#lost += lines.length - newest.length;
    this.#pending = newest;
    this.#pendingChars = newest[0]?.length ?? 0;
  }

  /**
   * Writes what waits. One at a time.
   * @throws what the system says, after giving up what waited but for the newest line
   */
  async flush(): Promise<void> {
    const lines = this.#pending;
    this.#pending = [];
    this.#pendingChars = 0;
    let written = 0;
    try {
      while (written < lines.length) {
        const handle = await this.#ready();
        const end = this.#fitting(lines, written);
        if (end === written) {
          await this.#setAside();
          continue;
        }
        await this.#append(handle, lines.slice(written, end).join(""));
        written = end;
      }
    } catch (error) {
      this.#keepNewest([...lines.slice(written), ...this.#pending]);
      await this.#release();
      throw error;
    }
  }

  /** The end of what the file has room for; an empty one has room for any line. */
  #fitting(lines: readonly string[], from: number): number {
    let bytes = this.#bytes;
    let end = from;
    for (; end < lines.length; end++) {
      bytes += Buffer.byteLength(lines[end] ?? "");
      const isFirst = end === from && this.#bytes === 0;
      if (bytes > this.#options.maxBytes && !isFirst) break;
    }
    return end;
  }

  /** Sets the file aside when its time has come, and notices when somebody else has moved it. */
  async tidy(): Promise<void> {
    if (this.#handle === undefined) return;
    const found = await stat(this.#path).catch(() => undefined);
    if (found?.ino !== this.#inode) return this.#release();
    if (this.#isOver()) await this.#setAside();
  }

  /** Closes the file. Never rejects: there is nothing left to do for a file that cannot be closed. */
  async #release(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close().catch(() => undefined);
  }

  /** Closes the file; lines that come later open it again. */
  close(): Promise<void> {
    return this.#release();
  }

  async #ready(): Promise<FileHandle> {
    if (this.#handle !== undefined && this.#isOver()) await this.#setAside();
    if (this.#handle !== undefined) return this.#handle;
    const handle = await open(this.#path, "a+", MODE);
    this.#handle = handle;
    const { size, ino, mtimeMs } = await handle.stat();
    this.#inode = ino;
    this.#bytes = size;
    this.#beganMs = size === 0 ? this.#options.wallMs() : await beganMs(handle, mtimeMs);
    if (size === 0) this.#isMidLine = false;
    if (!this.#isOver()) return handle;
    await this.#setAside();
    return this.#ready();
  }

  #isOver(): boolean {
    if (this.#bytes === 0) return false;
    const nowMs = this.#options.wallMs();
    return (
      dayOf(nowMs) !== dayOf(this.#beganMs) || nowMs - this.#beganMs > this.#options.retentionMs
    );
  }

  async #append(handle: FileHandle, text: string): Promise<void> {
    const bytes = Buffer.from(this.#isMidLine ? `\n${text}` : text);
    if (this.#bytes === 0) this.#beganMs = this.#options.wallMs();
    let at = 0;
    while (at < bytes.length) {
      const { bytesWritten } = await handle.write(bytes, at, bytes.length - at);
      at += bytesWritten;
      this.#bytes += bytesWritten;
      this.#isMidLine = at < bytes.length;
      if (bytesWritten === 0) throw new Error(`${this.#path} takes no more bytes`);
    }
  }

  /** The numbers of a day rise; a name that is taken is never written over by a later one. */
  async #setAside(): Promise<void> {
    const { folder, name } = this.#options;
    await this.#release();
    const stem = `${name}-${dayOf(this.#beganMs)}.`;
    const taken = (await readdir(folder))
      .filter((file) => file.startsWith(stem) && file.endsWith(".log"))
      .map((file) => Number(file.slice(stem.length, -4)))
      .filter((number) => Number.isInteger(number));
    await rename(this.#path, join(folder, `${stem}${Math.max(0, ...taken) + 1}.log`));
    this.#bytes = 0;
    this.#isMidLine = false;
  }
}

/** When a file that was there before us began: by its first line, else by its last change. */
async function beganMs(handle: FileHandle, mtimeMs: number): Promise<number> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(FIRST_BYTES), 0, FIRST_BYTES, 0);
  const time = TIME.exec(buffer.toString("latin1", 0, bytesRead))?.[0];
  return time === undefined ? mtimeMs : Date.parse(time);
}
