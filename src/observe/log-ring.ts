/**
 * The last lines of the log in memory, of each server and of the gateway itself, for whoever cannot
 * read files: pages, the command line, a live stream.
 *
 * Owns the lines and the list of listeners. Each ring is capped in lines and in characters; a
 * listener is called at once with every new line and must be quick. Writes nothing.
 */
import type { LogLine } from "./log-line.ts";

/** A line as it is kept. Numbers rise by one for each line of the whole log. */
export interface NumberedLine extends LogLine {
  readonly number: number;
}

/** Takes each new line. */
export type LineListener = (line: NumberedLine) => void;

/** Caps of the rings. */
export interface RingLimits {
  /** Of each server. */
  readonly maxLines: number;
  readonly maxChars: number;
  /** Of all servers together. */
  readonly maxListeners: number;
  /** Servers that a ring is kept for; the longest silent goes first. */
  readonly maxServers: number;
}

/** 1,000 lines and 512 KiB for each server. */
export const DEFAULT_RING_LIMITS: RingLimits = {
  maxLines: 1_000,
  maxChars: 512 * 1024,
  maxListeners: 64,
  maxServers: 1_000,
};

/** Which lines are wanted. */
export interface LineQuery {
  /** A server's slug; `null` for the gateway itself; undefined for all. */
  readonly server?: string | null;
  /** At most so many, the newest. */
  readonly maxLines?: number;
  /** Only lines with a greater number: for a listener that comes back. */
  readonly after?: number;
}

/** The last lines of one server, in places that are used again. */
class Ring {
  #places: (NumberedLine | undefined)[] = [];
  #first = 0;
  #count = 0;
  #chars = 0;

  get newest(): NumberedLine | undefined {
    return this.#places[(this.#first + this.#count - 1) % this.#places.length];
  }

  add(line: NumberedLine, { maxLines, maxChars }: RingLimits): void {
    if (this.#count === this.#places.length && this.#count < maxLines) this.#grow(maxLines);
    if (this.#count === this.#places.length) this.#dropOldest();
    this.#places[(this.#first + this.#count) % this.#places.length] = line;
    this.#count++;
    this.#chars += sizeOf(line);
    while (this.#chars > maxChars && this.#count > 1) this.#dropOldest();
  }

  /** Oldest first. */
  lines(): NumberedLine[] {
    const around = [...this.#places.slice(this.#first), ...this.#places.slice(0, this.#first)];
    return around.filter((line) => line !== undefined);
  }

  #dropOldest(): void {
    const oldest = this.#places[this.#first];
    if (oldest !== undefined) this.#chars -= sizeOf(oldest);
    this.#places[this.#first] = undefined;
    this.#first = (this.#first + 1) % this.#places.length;
    this.#count--;
  }

  #grow(maxLines: number): void {
    const lines = this.lines();
    const room = Math.min(maxLines, Math.max(LEAST_PLACES, lines.length * 2));
    this.#places = [...lines, ...new Array<undefined>(room - lines.length).fill(undefined)];
    this.#first = 0;
  }
}

const LEAST_PLACES = 16;

interface Listener {
  readonly server: string | null | undefined;
  readonly listener: LineListener;
}

export class LogRings {
  readonly #limits: RingLimits;
  readonly #settle: () => void;
  /** By slug, "" for the gateway; the longest silent first. */
  readonly #rings = new Map<string, Ring>();
  readonly #listeners = new Set<Listener>();
  #lastNumber = 0;

  /** @param settle brings lines that wait to be told; called before lines are read */
  constructor(limits: RingLimits = DEFAULT_RING_LIMITS, settle: () => void = () => {}) {
    this.#limits = limits;
    this.#settle = settle;
  }

  /** Keeps a line and hands it to whoever listens. */
  add(line: LogLine): void {
    const { timeMs, level, server, event, text, fields } = line;
    const number = ++this.#lastNumber;
    const numbered: NumberedLine = { timeMs, level, server, event, text, fields, number };
    this.#ringOf(line.server ?? "").add(numbered, this.#limits);
    for (const { server, listener } of this.#listeners) {
      if (server === undefined || server === (line.server ?? null)) listener(numbered);
    }
  }

  /** The last lines, oldest first. */
  tail(query: LineQuery = {}): readonly NumberedLine[] {
    this.#settle();
    const { server, maxLines = Infinity, after = 0 } = query;
    const rings =
      server === undefined ? [...this.#rings.values()] : [this.#rings.get(server ?? "")];
    const lines = rings
      .flatMap((ring) => ring?.lines() ?? [])
      .filter((line) => line.number > after);
    if (rings.length > 1) lines.sort((a, b) => a.number - b.number);
    return lines.length > maxLines ? lines.slice(lines.length - maxLines) : lines;
  }

  /**
   * Calls `listener` with each new line of `server` (`null`: of the gateway itself; undefined: of
   * all). @returns what ends it, or undefined when too many listen already
   */
  subscribe(server: string | null | undefined, listener: LineListener): (() => void) | undefined {
    if (this.#listeners.size >= this.#limits.maxListeners) return undefined;
    const entry = { server, listener };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  #ringOf(key: string): Ring {
    const known = this.#rings.get(key);
    if (known !== undefined) return known;
    if (this.#rings.size >= this.#limits.maxServers) this.#dropSilent();
    const ring = new Ring();
    this.#rings.set(key, ring);
    return ring;
  }

  #dropSilent(): void {
    let silent: string | undefined;
    let oldest = Infinity;
    for (const [key, ring] of this.#rings) {
      const number = ring.newest?.number ?? 0;
      if (number >= oldest) continue;
      oldest = number;
      silent = key;
    }
    if (silent !== undefined) this.#rings.delete(silent);
  }
}

/** What a line costs; its fields repeat parts of its words. */
function sizeOf({ text }: LogLine): number {
  return text.length + 100;
}
