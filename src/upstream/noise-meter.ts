/**
 * Lines on a child's stdout that are no message: each is counted, a few are shown. A child that
 * writes nothing else must not fill the log, nor take all of the gateway's time.
 */
import type { Clock } from "../kernel/clock.ts";
import type { Emit } from "../kernel/event.ts";
import { sampleOf } from "../wire/ndjson.ts";

/** Lines that are shown in a burst, and how many more each second. */
const BURST = 20;
const SHOWN_PER_SECOND = 2;
/** Noise in one chunk from which on the child has to wait, … */
const FLOOD_LINES = 500;
/** … for so many times as long as the chunk took, … */
const REST_FACTOR = 4;
/** … but not so long that one that ends is taken for silent. */
const MAX_REST_MS = 100;
/** Longer lines are not blank. */
const MAX_BLANK_BYTES = 200;

export class NoiseMeter {
  readonly #facts: { readonly server: string; readonly label: string; readonly emit: Emit };
  readonly #clock: Clock;
  #credit = BURST;
  #creditAtMs: number;
  #held = 0;
  #heldSample = "";
  #inChunk = 0;

  constructor(facts: {
    readonly server: string;
    readonly label: string;
    readonly emit: Emit;
    readonly clock: Clock;
  }) {
    this.#facts = facts;
    this.#clock = facts.clock;
    this.#creditAtMs = facts.clock.nowMs();
  }

  /** Takes a line. */
  line(bytes: Uint8Array): void {
    this.#inChunk++;
    if (this.#credit < 1) {
      if (this.#held++ === 0) this.#heldSample = sampleOf(bytes);
      return;
    }
    const sample = sampleOf(bytes);
    if (bytes.length <= MAX_BLANK_BYTES && sample.trim() === "") return;
    this.#credit--;
    this.#show(sample, 1);
  }

  /** Reads a chunk. @returns what to wait for before the next one, when this one was a flood */
  chunk(read: () => void): Promise<void> | undefined {
    const sinceMs = this.#clock.nowMs();
    this.#inChunk = 0;
    read();
    if (this.#inChunk < FLOOD_LINES) return undefined;
    const restMs = Math.min(MAX_REST_MS, (this.#clock.nowMs() - sinceMs) * REST_FACTOR);
    return new Promise((resolve) => this.#clock.after(Math.max(1, restMs), resolve));
  }

  /** Shows what was held back, when its time has come. */
  sweep(nowMs: number): void {
    const earned = ((nowMs - this.#creditAtMs) * SHOWN_PER_SECOND) / 1000;
    this.#credit = Math.min(BURST, this.#credit + earned);
    this.#creditAtMs = nowMs;
    if (this.#credit >= 1) this.flush();
  }

  /** Shows it at once: the child has ended. */
  flush(): void {
    if (this.#held === 0) return;
    this.#credit--;
    this.#show(this.#heldSample, this.#held);
    this.#held = 0;
  }

  #show(sample: string, count: number): void {
    const { emit, server, label: instance } = this.#facts;
    emit({ kind: "child.noise", server, instance, sample, count });
  }
}
