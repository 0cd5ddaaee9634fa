/**
 * Tells of messages that a child writes to nobody. One that floods must not make the gateway talk
 * about each: a few are told at once, the rest is counted and told together, at most once a second.
 */
import type { Clock } from "../kernel/clock.ts";
import type { Emit } from "../kernel/event.ts";

/** What the events name. */
export interface DroppedMessagesOptions {
  readonly server: string;
  readonly clock: Pick<Clock, "nowMs">;
  readonly emit: Emit;
}

const PERIOD_MS = 1000;
const TOLD_AT_ONCE = 20;

export class DroppedMessages {
  readonly #options: DroppedMessagesOptions;
  #periodMs = Number.NEGATIVE_INFINITY;
  #told = 0;
  #untold = 0;
  #reason = "";

  constructor(options: DroppedMessagesOptions) {
    this.#options = options;
  }

  /** A message that nobody gets. */
  one(reason: string): void {
    const nowMs = this.#options.clock.nowMs();
    this.#reason = reason;
    this.#untold++;
    if (nowMs - this.#periodMs >= PERIOD_MS) {
      this.#periodMs = nowMs;
      this.#told = 0;
    }
    if (this.#told >= TOLD_AT_ONCE) return;
    this.#told++;
    this.end();
  }

  /** Tells what is left, at the end of the child. */
  end(): void {
    if (this.#untold === 0) return;
    const { emit, server } = this.#options;
    emit({ kind: "message.dropped", server, reason: this.#reason, count: this.#untold });
    this.#untold = 0;
  }
}
