/**
 * One HTTP response that is an event stream.
 *
 * Owns the queue toward a reader that may be slow: what waits is capped, and a reader beyond the
 * cap is cut off, to come back and resume.
 */
import type { EventWriter } from "../session/replay-stream.ts";
import { KEEP_ALIVE, SSE_HEADERS } from "../wire/sse-frame.ts";
import { jsonBytes } from "../wire/message.ts";
import type { StreamOwner, StreamSet } from "./stream-set.ts";

/** Counts bytes. A higher mark makes Bun set 4 KB aside for each stream (measured). */
const BYTES: QueuingStrategy<Uint8Array> = {
  highWaterMark: 256,
  size: (chunk) => chunk?.byteLength ?? 0,
};
const KEEP_ALIVE_BYTES = jsonBytes(KEEP_ALIVE);

export interface SseStreamOptions {
  readonly maxBufferBytes: number;
  readonly set: StreamSet;
  /** Whose it is; undefined for one of the gateway's own. */
  readonly owner?: StreamOwner;
  /** Runs once when the response has ended, whoever ended it. */
  readonly onClose: () => void;
}

export class SseStream implements EventWriter {
  readonly readable: ReadableStream<Uint8Array>;
  readonly #options: SseStreamOptions;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #closed = false;

  constructor(options: SseStreamOptions) {
    this.#options = options;
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        cancel: () => this.#close(),
      },
      BYTES,
    );
    options.set.add(this);
  }

  get owner(): StreamOwner | undefined {
    return this.#options.owner;
  }

  get open(): boolean {
    return !this.#closed;
  }

  write(bytes: Uint8Array): boolean {
    const controller = this.#controller;
    if (this.#closed || controller === undefined) return false;
    if (-(controller.desiredSize ?? 0) > this.#options.maxBufferBytes) {
      this.#close();
      controller.error(new Error("The reader is too slow for this stream"));
      return false;
    }
    controller.enqueue(bytes);
    return true;
  }

  writeText(text: string): boolean {
    return this.write(jsonBytes(text));
  }

  keepAlive(): void {
    // A reader that is behind needs no more bytes to know that the stream lives.
    if ((this.#controller?.desiredSize ?? 0) > 0) this.write(KEEP_ALIVE_BYTES);
  }

  end(): void {
    if (this.#closed) return;
    this.#close();
    this.#controller?.close();
  }

  /** The response to hand to the server. */
  response(headers?: Readonly<Record<string, string>>): Response {
    return new Response(this.readable, {
      headers: headers === undefined ? SSE_HEADERS : { ...SSE_HEADERS, ...headers },
    });
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.set.delete(this);
    this.#options.onClose();
  }
}
