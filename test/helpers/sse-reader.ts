/**
 * Reads an event stream as it comes, by a parser of our own and not the program's, so that it can
 * contradict the code under test. Shows what a browser hides: comments, ids, `retry`, and events with
 * empty data.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
import { SOON_MS, withDeadline } from "./wait.ts";

/** One block of a stream, as it was written: fields that were not there are undefined. */
export interface SseEvent {
  readonly event: string | undefined;
  readonly id: string | undefined;
  /** Empty for a priming event; undefined when the block had no data field. */
  readonly data: string | undefined;
  readonly retry: number | undefined;
}

/** What is used of a reader; Bun and Node type the rest differently. */
interface ByteReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/** Enough for any test; a stream with more comments is broken. */
const MAX_COMMENTS = 10_000;

/** All events of a text that is complete. */
export function parseSse(text: string): readonly SseEvent[] {
  const parser = new SseParser();
  return [...parser.push(text), ...parser.end()];
}

/** One stream; reading is its own: nobody else may read the body. */
export class SseReader {
  readonly #reader: ByteReader;
  readonly #decoder = new TextDecoder();
  readonly #parser = new SseParser();
  readonly #ready: SseEvent[] = [];
  #reading: Promise<void> | undefined;
  #ended = false;

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
  }

  /** Comments so far, without the colon. */
  get comments(): readonly string[] {
    return this.#parser.comments;
  }

  /** True once the server has ended the stream and all events were taken. */
  get ended(): boolean {
    return this.#ended && this.#ready.length === 0;
  }

  /**
   * The next event, or undefined once the stream has ended.
   * @throws Error when nothing comes in time; the reader stays usable
   */
  async next(deadlineMs = SOON_MS): Promise<SseEvent | undefined> {
    const endMs = performance.now() + deadlineMs;
    for (;;) {
      const event = this.#ready.shift();
      if (event !== undefined || this.#ended) return event;
      // A read that came too late for its caller is kept: its bytes belong to the next one.
      this.#reading ??= this.#read();
      const leftMs = Math.max(1, endMs - performance.now());
      await withDeadline(this.#reading, leftMs, "an event on the stream");
    }
  }

  /**
   * The first event that `isWanted`, skipping others.
   * @throws Error when the stream ends or the time is up before
   */
  async find(isWanted: (event: SseEvent) => boolean, deadlineMs = SOON_MS): Promise<SseEvent> {
    const endMs = performance.now() + deadlineMs;
    for (;;) {
      const event = await this.next(Math.max(1, endMs - performance.now()));
      if (event === undefined) throw new Error("the stream ended before the event");
      if (isWanted(event)) return event;
    }
  }

  /** All events until the server ends the stream. */
  async rest(deadlineMs = SOON_MS): Promise<readonly SseEvent[]> {
    const endMs = performance.now() + deadlineMs;
    const events: SseEvent[] = [];
    for (;;) {
      const event = await this.next(Math.max(1, endMs - performance.now()));
      if (event === undefined) return events;
      events.push(event);
    }
  }

  /** Leaves, as a client that goes away. Resolves when the connection is given up. */
  async close(): Promise<void> {
    this.#ended = true;
    try {
      await this.#reader.cancel();
    } catch (error) {
      // A stream that already broke cannot be cancelled; it is closed, which is what was asked.
      if (!(error instanceof Error)) throw error;
    }
  }

  async #read(): Promise<void> {
    const { done, value } = await this.#reader.read();
    this.#reading = undefined;
    if (done || value === undefined) {
      this.#ready.push(...this.#parser.end());
      this.#ended = true;
    } else {
      this.#ready.push(...this.#parser.push(this.#decoder.decode(value, { stream: true })));
    }
  }
}

class SseParser {
  readonly comments: string[] = [];
  #rest = "";
  #fields = new Map<string, string>();

  push(text: string): SseEvent[] {
    const parts = (this.#rest + text).split("\n");
    this.#rest = parts.pop() ?? "";
    return parts.flatMap((part) => this.#take(part.endsWith("\r") ? part.slice(0, -1) : part));
  }

  /** What is left when the stream ends; a block without its blank line is no event. */
  end(): SseEvent[] {
    this.#fields = new Map();
    return [];
  }

  #take(line: string): SseEvent[] {
    if (line === "") return this.#dispatch();
    if (line.startsWith(":")) {
      if (this.comments.length < MAX_COMMENTS) this.comments.push(line.slice(1));
      return [];
    }
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    const before = name === "data" ? this.#fields.get("data") : undefined;
    this.#fields.set(name, before === undefined ? value : `${before}\n${value}`);
    return [];
  }

  #dispatch(): SseEvent[] {
    const fields = this.#fields;
    if (fields.size === 0) return [];
    this.#fields = new Map();
    const retry = fields.get("retry");
    return [
      {
        event: fields.get("event"),
        id: fields.get("id"),
        data: fields.get("data"),
        retry: retry === undefined ? undefined : Number(retry),
      },
    ];
  }
}
