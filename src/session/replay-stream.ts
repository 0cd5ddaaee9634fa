/**
 * One event stream of a session: its log and the connection that reads it now, if any.
 *
 * Owns the order: an event is stored before it is written, so a connection that breaks in between
 * loses nothing. The stream outlives its connections; a newer connection replaces the older.
 */
import type { ByteBudget } from "../kernel/byte-budget.ts";
import { encodeOutgoing, textError, type Outgoing } from "../wire/message.ts";
import { INTERNAL_ERROR } from "../wire/error-codes.ts";
import { EVENT_END, messageHead } from "../wire/sse-frame.ts";
import { EventLog } from "./event-log.ts";

/** Where events go: one HTTP response. */
export interface EventWriter {
  /** False when the reader is gone. */
  write(bytes: Uint8Array): boolean;
  /** Ends the response in order. */
  end(): void;
}

export interface ReplayLimits {
  readonly maxReplayEvents: number;
  readonly maxReplayBytes: number;
  /** Shared by all streams. */
  readonly replayBudget: ByteBudget;
}

const MISSING =
  "Events of this stream are missing: they are no longer kept, or were too large to be";

export class ReplayStream {
  readonly id: string;
  readonly #log: EventLog;
  #writer: EventWriter | undefined;
  /** Newest event that was handed to any connection. */
  #handedSeq = 0;
  #finishedAtMs: number | undefined;

  constructor(id: string, limits: ReplayLimits) {
    this.id = id;
    this.#log = new EventLog(limits.maxReplayEvents, limits.maxReplayBytes, limits.replayBudget);
  }

  get connected(): boolean {
    return this.#writer !== undefined;
  }

  /** When the last event was sent, or undefined while more may come. */
  get finishedAtMs(): number | undefined {
    return this.#finishedAtMs;
  }

  /** The id that a client which got everything handed out so far would come back with. */
  get cursor(): string {
    return `${this.id}_${this.#handedSeq}`;
  }

  /**
   * Sends a message as the next event, now or when a client comes back.
   * @param answerTo the request id, as JSON text, if this is its answer
   */
  send(message: Outgoing, answerTo?: string): void {
    if (this.#finishedAtMs !== undefined) return;
    const head = messageHead(`${this.id}_${this.#log.nextSeq}`);
    const bytes = encodeOutgoing(message, head, EVENT_END);
    const lost = textError(answerTo, INTERNAL_ERROR, `${MISSING}; send the request again`);
    this.#log.append(
      bytes,
      answerTo === undefined ? undefined : encodeOutgoing(lost, head, EVENT_END),
    );
    const writer = this.#writer;
    if (writer === undefined) return;
    if (writer.write(bytes)) this.#handedSeq = this.#log.lastSeq;
    else this.detach(writer);
  }

  /** No event follows; the response ends. */
  finish(nowMs: number): void {
    if (this.#finishedAtMs !== undefined) return;
    this.#finishedAtMs = nowMs;
    this.#writer?.end();
    this.#writer = undefined;
  }

  /**
   * Takes a connection up: what came after `seq` (by default what nobody was handed) first, then
   * what follows. The older connection ends.
   * @returns false when no such event was ever sent
   */
  attach(writer: EventWriter, seq: number = this.#handedSeq): boolean {
    const replay = this.#log.after(seq);
    if (replay === undefined) return false;
    this.#writer?.end();
    this.#writer = writer;
    if (replay.gap) {
      const missing = textError(undefined, INTERNAL_ERROR, MISSING);
      writer.write(encodeOutgoing(missing, messageHead(undefined), EVENT_END));
    }
    for (const event of replay.events) {
      if (!writer.write(event.bytes)) {
        this.detach(writer);
        return true;
      }
      this.#handedSeq = Math.max(this.#handedSeq, event.seq);
    }
    // What is no longer kept was reported as missing: it is not reported twice.
    this.#handedSeq = this.#log.lastSeq;
    if (this.#finishedAtMs !== undefined) {
      this.#writer = undefined;
      writer.end();
    }
    return true;
  }

  /** Nobody can come back any more. */
  forget(): void {
    this.#log.clear();
  }

  /** The connection broke; events are kept for the next one. */
  detach(writer: EventWriter): void {
    if (this.#writer === writer) this.#writer = undefined;
  }
}

/** Stream and sequence number of a Last-Event-ID of ours, or undefined. */
export function parseEventId(
  text: string,
): { readonly stream: string; readonly seq: number } | undefined {
  const match = /^([a-z0-9]{1,16})_(\d{1,15})$/.exec(text);
  const [, stream, seq] = match ?? [];
  return stream === undefined || seq === undefined ? undefined : { stream, seq: Number(seq) };
}
