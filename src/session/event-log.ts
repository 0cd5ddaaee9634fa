/**
 * Pure. The bounded memory of one event stream, for clients that come back with Last-Event-ID.
 *
 * Keeps the newest events within a count and a number of bytes. An event too large to keep is
 * remembered by a small substitute, so that a resumption across it says what is missing.
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#resumability-and-redelivery
 */
import type { ByteBudget } from "../kernel/byte-budget.ts";

export interface LoggedEvent {
  readonly seq: number;
  /** The encoded event; the substitute where the event was too large. */
  readonly bytes: Uint8Array;
}

export interface Replay {
  readonly events: readonly LoggedEvent[];
  /** True when events between the asked one and the first returned are no longer kept. */
  readonly gap: boolean;
}

export class EventLog {
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  readonly #budget: ByteBudget;
  #events: LoggedEvent[] = [];
  #bytes = 0;
  #lastSeq = 0;

  constructor(maxEvents: number, maxBytes: number, budget: ByteBudget) {
    this.#budget = budget;
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
  }

  /** Sequence number of the newest event, 0 before the first. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Sequence number that the next event will have. */
  get nextSeq(): number {
    return this.#lastSeq + 1;
  }

  /** Adds the next event; keeps `substitute` instead of one larger than the whole memory. */
  append(bytes: Uint8Array, substitute: Uint8Array | undefined): void {
    this.#lastSeq++;
    const fits = bytes.length <= this.#maxBytes && this.#budget.take(bytes.length);
    const kept = fits ? bytes : substitute;
    if (kept === undefined || (!fits && !this.#budget.take(kept.length))) return;
    this.#events.push({ seq: this.#lastSeq, bytes: kept });
    this.#bytes += kept.length;
    let drop = 0;
    const before = this.#bytes;
    while (
      this.#events.length - drop > this.#maxEvents ||
      (this.#bytes > this.#maxBytes && this.#events.length - drop > 1)
    ) {
      this.#bytes -= this.#events[drop]?.bytes.length ?? 0;
      drop++;
    }
    if (drop === 0) return;
    this.#budget.release(before - this.#bytes);
    this.#events = this.#events.slice(drop);
  }

  /** Forgets all events and gives back what they held. */
  clear(): void {
    this.#budget.release(this.#bytes);
    this.#events = [];
    this.#bytes = 0;
  }

  /** What came after `seq`; undefined when no such event was ever sent. */
  after(seq: number): Replay | undefined {
    if (seq < 0 || seq > this.#lastSeq) return undefined;
    const events = this.#events.filter((event) => event.seq > seq);
    return { events, gap: events.length < this.#lastSeq - seq };
  }
}
