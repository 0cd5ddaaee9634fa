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

interface Ring {
  readonly lines: NumberedLine[];
  /** Index of the oldest line; what is before it is dropped in one go, now and then. */
  first: number;
  chars: number;
}

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
    const ring = this.#ringOf(line.server ?? "");
    ring.lines.push(numbered);
    ring.chars += sizeOf(numbered);
    this.#trim(ring);
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
      .flatMap((ring) => ring?.lines.slice(ring.first) ?? [])
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
    const ring: Ring = { lines: [], first: 0, chars: 0 };
    this.#rings.set(key, ring);
    return ring;
  }

  #dropSilent(): void {
    let silent: string | undefined;
    let oldest = Infinity;
    for (const [key, ring] of this.#rings) {
      const number = ring.lines.at(-1)?.number ?? 0;
      if (number >= oldest) continue;
      oldest = number;
      silent = key;
    }
    if (silent !== undefined) this.#rings.delete(silent);
  }

  #trim(ring: Ring): void {
    const { maxLines, maxChars } = this.#limits;
    const { lines } = ring;
    while (
      lines.length - ring.first > maxLines ||
      (ring.chars > maxChars && lines.length - ring.first > 1)
    ) {
      const oldest = lines[ring.first];
      if (oldest !== undefined) ring.chars -= sizeOf(oldest);
      ring.first++;
    }
    // At most as many dead lines as living ones, so that moving them costs little for each line.
    if (ring.first > 64 && ring.first * 2 > lines.length) {
      lines.splice(0, ring.first);
      ring.first = 0;
    }
  }
}

/** What a line costs; its fields repeat parts of its words. */
function sizeOf({ text }: LogLine): number {
  return text.length + 100;
}
