/**
 * The book of one event stream of HTTP+SSE: which ids an answer is owed for, and which have come.
 */
import { messageOf } from "../../test/helpers/raw-http.ts";
import type { SseReader } from "../../test/helpers/sse-reader.ts";
import { idKeyOf } from "./outcome.ts";

/** Longer than any run: that nothing comes is no fault of the stream's. */
const SILENCE_MS = 86_400_000;

export class StreamLedger {
  readonly #stream: SseReader;
  /** Owed less come; an answer may be here before its 202. */
  readonly #balance = new Map<string, number>();
  #reading: Promise<void> | undefined;
  #failure: unknown;
  #isLeft = false;

  constructor(stream: SseReader) {
    this.#stream = stream;
  }

  /** Begins to read; nobody else may. */
  listen(): void {
    this.#reading ??= this.#readAll().catch((error: unknown) => {
      this.#failure = error;
    });
  }

  /** A request under this id was taken. */
  owe(id: unknown): void {
    this.#add(idKeyOf(id), 1);
  }

  /** What is owed or came too often, in words; `excused` are ids that nothing is known of. */
  open(excused: ReadonlySet<string>): string[] {
    const odd = [...this.#balance].filter(([key]) => !excused.has(key));
    const failure = this.#failure === undefined ? [] : [String(this.#failure)];
    return [...failure, ...odd.map(([key, left]) => `${key}: ${left}`)];
  }

  /** Ends the stream. */
  async close(): Promise<void> {
    this.#isLeft = true;
    await this.#stream.close();
    await this.#reading;
  }

  async #readAll(): Promise<void> {
    for (;;) {
      const event = await this.#stream.next(SILENCE_MS);
      if (event === undefined) {
        if (!this.#isLeft) throw new Error("the stream has ended");
        return;
      }
      if (event.event !== "message") continue;
      const { id, method } = messageOf(event);
      if (method === undefined) this.#add(idKeyOf(id), -1);
    }
  }

  #add(key: string, change: number): void {
    const left = (this.#balance.get(key) ?? 0) + change;
    if (left === 0) this.#balance.delete(key);
    else this.#balance.set(key, left);
  }
}
