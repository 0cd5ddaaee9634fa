/**
 * Pure. The port through which owners see time, so that a test can move it.
 */

export interface Timer {
  /** Idempotent; the callback does not run afterwards. */
  cancel(): void;
}

export interface Clock {
  /** Monotonic milliseconds; only differences mean anything. */
  nowMs(): number;
  /** Wall clock, milliseconds since 1970. */
  wallMs(): number;
  /** Runs `callback` once after `delayMs`. Never keeps the process alive by itself. */
  after(delayMs: number, callback: () => void): Timer;
  /** Runs `callback` every `periodMs` until cancelled. Never keeps the process alive by itself. */
  every(periodMs: number, callback: () => void): Timer;
}
