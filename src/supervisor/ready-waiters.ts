/**
 * Those who wait for an instance to become ready, each with a deadline of its own, bounded in number.
 */
import type { Clock } from "../kernel/clock.ts";
import { GatewayError } from "../kernel/error.ts";

const MAX_WAITERS = 10_000;

/** The waiters of one instance; each is settled exactly once. */
export class ReadyWaiters {
  readonly #clock: Clock;
  readonly #waiting = new Set<(refusal: GatewayError | undefined) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Resolves at `settle(undefined)`.
   * @throws GatewayError what `settle` was given; `onDeadline()` after `deadlineMs`; OVERLOADED
   */
  wait(deadlineMs: number, onDeadline: () => GatewayError): Promise<void> {
    if (this.#waiting.size >= MAX_WAITERS) {
      const message = "Too many requests wait for this server.";
      return Promise.reject(new GatewayError("OVERLOADED", message, { retryable: true }));
    }
    return new Promise((resolve, reject) => {
      const finish = (refusal: GatewayError | undefined): void => {
        this.#waiting.delete(finish);
        timer.cancel();
        if (refusal === undefined) resolve();
        else reject(refusal);
      };
      const timer = this.#clock.after(Math.max(0, deadlineMs), () => finish(onDeadline()));
      this.#waiting.add(finish);
    });
  }

  /** Lets all go: they are ready, or waiting is in vain. */
  settle(refusal: GatewayError | undefined): void {
    for (const finish of [...this.#waiting]) finish(refusal);
  }
}
