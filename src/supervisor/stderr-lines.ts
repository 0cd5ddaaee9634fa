/**
 * Pure. Turns the bytes of a child's stderr into redacted lines: split on bytes so that UTF-8 stays
 * whole, capped in length, limited in rate, the last ones kept.
 *
 * A line is never judged by its words: stderr is no sign of failure (MCP 2025-11-25,
 * basic/transports#stdio). What the rate limit drops is counted and said; the tail stays true.
 */
import { createRedactor, redactTokens, type Redact } from "../kernel/redact.ts";

/** How much of stderr is kept and shown. */
export interface StderrLimits {
  /** Bytes of a line that are shown. */
  readonly maxLineBytes: number;
  /** Lines kept for `stderrTail`. */
  readonly keepLines: number;
  /** Lines that may be emitted in a burst; they come back at `linesPerSecond`. */
  readonly burstLines: number;
  readonly linesPerSecond: number;
}

/** 8 KiB a line, 50 lines kept, 1,000 lines at once and 200 a second. */
export const DEFAULT_STDERR_LIMITS: StderrLimits = {
  maxLineBytes: 8_192,
  keepLines: 50,
  burstLines: 1_000,
  linesPerSecond: 200,
};

/** Longest secret for which a cut line is still held to be clean. */
const MAX_SLACK_BYTES = 8_192;
/** The same for tokens, which are known by their form only. */
const MIN_SLACK_BYTES = 2_048;

/** The stderr of one incarnation. */
export class StderrLines {
  readonly #limits: StderrLimits;
  readonly #redact: Redact;
  readonly #collectBytes: number;
  readonly #decoder = new TextDecoder();
  readonly #encoder = new TextEncoder();
  readonly #tail: string[] = [];
  /** The line that has no end yet, at most `#collectBytes` of it. */
  #open: Uint8Array[] = [];
  #openBytes = 0;
  #openCut = false;
  #credit: number;
  #creditAtMs: number | undefined;
  #droppedBytes = 0;

  constructor(secrets: readonly string[], limits: StderrLimits = DEFAULT_STDERR_LIMITS) {
    this.#limits = limits;
    const redact = createRedactor(secrets);
    this.#redact = (text) => redactTokens(redact(text));
    const longest = Math.max(
      MIN_SLACK_BYTES,
      ...secrets.map((secret) => this.#encoder.encode(secret).length),
    );
    this.#collectBytes = limits.maxLineBytes + Math.min(longest, MAX_SLACK_BYTES);
    this.#credit = limits.burstLines;
  }

  /** The last lines, redacted, oldest first. */
  get tail(): readonly string[] {
    return [...this.#tail];
  }

  /** Takes a chunk and returns the lines to emit; empty lines are left out. */
  push(chunk: Uint8Array, nowMs: number): readonly string[] {
    this.#refill(nowMs);
    const lines: string[] = [];
    let from = 0;
    // A flood is not worth decoding: without credit only the end of a chunk is looked at, for the tail.
    const tailBytes = this.#collectBytes * 2;
    if (this.#credit < 1 && chunk.length > tailBytes) {
      const newline = chunk.indexOf(10, chunk.length - tailBytes);
      if (newline >= 0) {
        this.#droppedBytes += newline + 1 + this.#openBytes;
        this.#dropOpen();
        from = newline + 1;
      }
    }
    for (;;) {
      const newline = chunk.indexOf(10, from);
      if (newline < 0) break;
      this.#collect(chunk.subarray(from, newline));
      this.#close(lines);
      from = newline + 1;
    }
    this.#collect(chunk.subarray(from));
    return lines;
  }

  /** The last line when it had no end. */
  finish(nowMs: number): readonly string[] {
    this.#refill(nowMs);
    const lines: string[] = [];
    this.#close(lines);
    if (this.#droppedBytes > 0) lines.push(this.#takeDropped());
    return lines;
  }

  #refill(nowMs: number): void {
    const passedMs = nowMs - (this.#creditAtMs ?? nowMs);
    this.#creditAtMs = nowMs;
    const earned = (passedMs * this.#limits.linesPerSecond) / 1_000;
    this.#credit = Math.min(this.#limits.burstLines, this.#credit + earned);
  }

  #collect(bytes: Uint8Array): void {
    const room = this.#collectBytes - this.#openBytes;
    if (bytes.length > room) this.#openCut = true;
    if (room <= 0 || bytes.length === 0) return;
    // A copy: the chunk belongs to the reader.
    const part = bytes.slice(0, room);
    this.#open.push(part);
    this.#openBytes += part.length;
  }

  #close(lines: string[]): void {
    if (this.#openBytes === 0) return;
    const text = this.#redact(this.#decoder.decode(joined(this.#open, this.#openBytes)));
    const line = this.#shorten(text.endsWith("\r") ? text.slice(0, -1) : text);
    const bytes = this.#openBytes;
    this.#dropOpen();
    if (line === "") return;
    this.#tail.push(line);
    if (this.#tail.length > this.#limits.keepLines) this.#tail.shift();
    if (this.#credit < 1) {
      this.#droppedBytes += bytes + 1;
      return;
    }
    if (this.#droppedBytes > 0) lines.push(this.#takeDropped());
    this.#credit -= 1;
    lines.push(line);
  }

  #shorten(text: string): string {
    const bytes = this.#encoder.encode(text);
    if (bytes.length <= this.#limits.maxLineBytes && !this.#openCut) return text;
    let end = Math.min(bytes.length, this.#limits.maxLineBytes);
    // Not in the middle of a character: continuation bytes are 10xxxxxx.
    while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
    return `${this.#decoder.decode(bytes.subarray(0, end))}…`;
  }

  #takeDropped(): string {
    const line = `[${this.#droppedBytes} bytes of stderr were not shown: too many lines]`;
    this.#droppedBytes = 0;
    return line;
  }

  #dropOpen(): void {
    this.#open = [];
    this.#openBytes = 0;
    this.#openCut = false;
  }
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const only = parts[0];
  if (parts.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
