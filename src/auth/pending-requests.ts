/**
 * Authorization requests that wait for a person. In memory only, for ten minutes: they hold ids that
 * bind a browser. The oldest goes when there are too many.
 */
import type { PendingAuthorization } from "./authorization-server.ts";

/** How long a person may take. */
export const PENDING_KEEP_MS = 10 * 60_000;
const MAX_PENDING = 1000;

interface Entry {
  readonly payload: object;
  readonly expiresAtMs: number;
  readonly described: PendingAuthorization | undefined;
}

export class PendingRequests {
  readonly #entries = new Map<string, Entry>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Keeps what the protocol engine knows of a request. */
  save(id: string, payload: object): void {
    const before = this.#live(id);
    if (before === undefined) this.#makeRoom();
    this.#entries.set(id, {
      payload,
      expiresAtMs: before?.expiresAtMs ?? this.#nowMs() + PENDING_KEEP_MS,
      described: before?.described,
    });
  }

  /** Adds what a person is shown of it. */
  describe(pending: PendingAuthorization): void {
    const entry = this.#live(pending.id);
    if (entry !== undefined) this.#entries.set(pending.id, { ...entry, described: pending });
  }

  payload(id: string): object | undefined {
    return this.#live(id)?.payload;
  }

  /** What a person is shown of it. */
  described(id: string): PendingAuthorization | undefined {
    return this.#live(id)?.described;
  }

  /** From here on nobody is asked about it any more; it can still be carried out. */
  close(id: string): void {
    const entry = this.#live(id);
    if (entry !== undefined) this.#entries.set(id, { ...entry, described: undefined });
  }

  remove(id: string): void {
    this.#entries.delete(id);
  }

  #live(id: string): Entry | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.expiresAtMs > this.#nowMs()) return entry;
    this.#entries.delete(id);
    return undefined;
  }

  /** Entries lie in the order of their making, and so of their end. */
  #makeRoom(): void {
    const nowMs = this.#nowMs();
    for (const [id, { expiresAtMs }] of this.#entries) {
      if (expiresAtMs > nowMs && this.#entries.size < MAX_PENDING) return;
      this.#entries.delete(id);
    }
  }
}
