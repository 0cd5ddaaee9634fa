/**
 * All open event streams of the gateway: how many a program and a server may have, how long one may
 * last, and that quiet ones are kept alive, all by one timer.
 */
import type { Caller } from "../kernel/caller.ts";
import { stoppingFrame } from "../wire/sse-frame.ts";

/** Whose stream it is. */
export interface StreamOwner {
  readonly server: string;
  readonly caller: Caller;
  /** False once the caller may not use the server any more. */
  readonly mayGoOn: () => boolean;
}

/** A stream as the set sees it. */
export interface OpenStream {
  readonly owner: StreamOwner | undefined;
  keepAlive(): void;
  writeText(text: string): boolean;
  end(): void;
}

/** As long as `Retry-After` of what is refused meanwhile. */
const STOPPING = stoppingFrame(5_000);

export interface StreamLimits {
  readonly maxStreamsPerClient: number;
  readonly maxStreamsPerServer: number;
  readonly streamLifetimeMs: number;
}

export class StreamSet {
  readonly #limits: StreamLimits;
  readonly #nowMs: () => number;
  readonly #openedAtMs = new Map<OpenStream, number>();
  /** How many are open by program and by server; without those that have none. */
  readonly #counts = new Map<string, number>();

  constructor(limits: StreamLimits, nowMs: () => number) {
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#openedAtMs.size;
  }

  /** False when the program or the server has all the streams that it may have. */
  hasRoom({ server, caller }: StreamOwner): boolean {
    const { maxStreamsPerClient, maxStreamsPerServer } = this.#limits;
    return (
      this.#countOf(programKey(caller)) < maxStreamsPerClient &&
      this.#countOf(serverKey(server)) < maxStreamsPerServer
    );
  }

  add(stream: OpenStream): void {
    this.#openedAtMs.set(stream, this.#nowMs());
    this.#count(stream, 1);
  }

  delete(stream: OpenStream): void {
    if (this.#openedAtMs.delete(stream)) this.#count(stream, -1);
  }

  /** Writes a comment to every stream; ends those that are too old or whose caller has lost the right. */
  keepAlive(): void {
    const oldestMs = this.#nowMs() - this.#limits.streamLifetimeMs;
    for (const [stream, openedAtMs] of this.#openedAtMs) {
      if (openedAtMs <= oldestMs || stream.owner?.mayGoOn() === false) stream.end();
      else stream.keepAlive();
    }
  }

  /** The gateway stops: readers are told when to come back, before their streams end. */
  announceStop(): void {
    for (const stream of this.#openedAtMs.keys()) stream.writeText(STOPPING);
  }

  endAll(): void {
    for (const stream of this.#openedAtMs.keys()) stream.end();
  }

  #countOf(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  #count({ owner }: OpenStream, change: number): void {
    if (owner === undefined) return;
    for (const key of [programKey(owner.caller), serverKey(owner.server)]) {
      const count = this.#countOf(key) + change;
      if (count === 0) this.#counts.delete(key);
      else this.#counts.set(key, count);
    }
  }
}

function programKey({ user, client }: Caller): string {
  return `program ${user} ${client}`;
}

function serverKey(server: string): string {
  return `server ${server}`;
}
