/**
 * Limits how often something may happen, for each key: a bucket of `capacity` that fills evenly in
 * `periodMs`. Holds at most `maxKeys` buckets; full ones are forgotten first, and while all are in
 * use an unknown key is refused rather than let through.
 */
import type { Clock } from "../kernel/clock.ts";

export interface BucketOptions {
  readonly capacity: number;
  readonly periodMs: number;
  readonly maxKeys: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

export class TokenBuckets {
  readonly #options: BucketOptions;
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: BucketOptions, clock: Pick<Clock, "nowMs">) {
    this.#options = options;
    this.#clock = clock;
  }

  /** Milliseconds to wait until it is allowed; 0 when it is, and then it counts. */
  take(key: string): number {
    const { capacity, periodMs, maxKeys } = this.#options;
    const nowMs = this.#clock.nowMs();
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      if (this.#buckets.size >= maxKeys && !this.#forgetFull(nowMs)) return periodMs / capacity;
      bucket = { tokens: capacity, atMs: nowMs };
      this.#buckets.set(key, bucket);
    }
    bucket.tokens = this.#tokensAt(bucket, nowMs);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) * periodMs) / capacity);
    bucket.tokens -= 1;
    return 0;
  }

  /** Takes one `take` back: it was no use of what is limited. */
  giveBack(key: string): void {
    const bucket = this.#buckets.get(key);
    if (bucket !== undefined) bucket.tokens = Math.min(this.#options.capacity, bucket.tokens + 1);
  }

  #tokensAt({ tokens, atMs }: Bucket, nowMs: number): number {
    const { capacity, periodMs } = this.#options;
    return Math.min(capacity, tokens + ((nowMs - atMs) * capacity) / periodMs);
  }

  /** True when there is room again. */
  #forgetFull(nowMs: number): boolean {
    for (const [key, bucket] of this.#buckets) {
      if (this.#tokensAt(bucket, nowMs) >= this.#options.capacity) this.#buckets.delete(key);
    }
    return this.#buckets.size < this.#options.maxKeys;
  }
}
