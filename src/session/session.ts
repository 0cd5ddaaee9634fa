/**
 * One client's session of the legacy era: who it is, what was negotiated, and its event streams.
 *
 * Owns the streams and the time of last use. Does not know the child behind it; whoever opened the
 * session hears of its end through `onEnd`.
 */
import type { Caller } from "../kernel/caller.ts";
import type { RevisionTraits } from "../wire/revision.ts";
import type { Outgoing } from "../wire/message.ts";
import { ReplayStream, type ReplayLimits } from "./replay-stream.ts";

export type Binding = "streamable-http" | "http-sse";

export interface SessionFacts {
  /** 256 random bits, the client's to keep. */
  readonly id: string;
  /** Short, not the id: for logs and pages. */
  readonly ref: string;
  readonly server: string;
  /** Whose it is: nobody else finds it. */
  readonly caller: Caller;
  readonly binding: Binding;
}

export interface SessionLimits extends ReplayLimits {
  readonly maxStreamsPerSession: number;
  readonly replayKeepMs: number;
}

const STANDALONE = "g";

export class Session {
  readonly facts: SessionFacts;
  /** Set when `initialize` was answered. */
  traits: RevisionTraits | undefined;
  readonly openedAtMs: number;
  lastUsedMs: number;
  /** Open HTTP responses and running calls; an idle session has none. */
  busy = 0;
  ended = false;
  /** Its server is leaving: calls in flight may still end, requests do not come in any more. */
  retired = false;
  /** An `initialize` is being answered. */
  opening = false;
  /** The stand-alone stream, or the only one of HTTP+SSE. */
  readonly #streams = new Map<string, ReplayStream>();
  readonly #limits: SessionLimits;
  readonly #endListeners: ((reason: string) => void)[] = [];
  #streamCount = 0;
  /** HTTP+SSE: everything goes here, without ids and without a log. */
  direct: ((message: Outgoing) => boolean) | undefined;
  /** Ends that one stream; last of all, so that the last answers still go out. */
  closeDirect: (() => void) | undefined;

  constructor(facts: SessionFacts, limits: SessionLimits, nowMs: number) {
    this.facts = facts;
    this.#limits = limits;
    this.openedAtMs = nowMs;
    this.lastUsedMs = nowMs;
  }

  /** The stand-alone stream; made on first use. */
  get standalone(): ReplayStream {
    const known = this.#streams.get(STANDALONE);
    if (known !== undefined) return known;
    const stream = new ReplayStream(STANDALONE, this.#limits);
    this.#streams.set(STANDALONE, stream);
    return stream;
  }

  get standaloneConnected(): boolean {
    return this.#streams.get(STANDALONE)?.connected === true;
  }

  stream(id: string): ReplayStream | undefined {
    return this.#streams.get(id);
  }

  /** A stream for one POST; undefined when too many run. */
  openStream(): ReplayStream | undefined {
    if (this.#streams.size >= this.#limits.maxStreamsPerSession) this.#forgetOldest();
    if (this.#streams.size >= this.#limits.maxStreamsPerSession) return undefined;
    const stream = new ReplayStream(`p${++this.#streamCount}`, this.#limits);
    this.#streams.set(stream.id, stream);
    return stream;
  }

  /** Forgets finished streams that nobody came back for. */
  sweep(nowMs: number): void {
    for (const stream of this.#streams.values()) {
      const finished = stream.finishedAtMs;
      if (finished !== undefined && nowMs - finished > this.#limits.replayKeepMs) {
        this.#forget(stream);
      }
    }
  }

  /** Runs when the session ends, once, with the reason. */
  onEnd(listener: (reason: string) => void): void {
    this.#endListeners.push(listener);
  }

  /** Ends the session and all its streams. Idempotent. */
  end(reason: string, nowMs: number): void {
    if (this.ended) return;
    this.ended = true;
    for (const listener of this.#endListeners) listener(reason);
    this.closeDirect?.();
    for (const stream of this.#streams.values()) {
      stream.finish(nowMs);
      this.#forget(stream);
    }
  }

  #forgetOldest(): void {
    for (const stream of this.#streams.values()) {
      if (stream.finishedAtMs === undefined) continue;
      this.#forget(stream);
      return;
    }
  }

  #forget(stream: ReplayStream): void {
    this.#streams.delete(stream.id);
    stream.forget();
  }
}
