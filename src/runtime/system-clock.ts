/**
 * The real clock. Its timers never keep the process alive by themselves.
 */
import type { Clock } from "../kernel/clock.ts";

/** Monotonic and wall time of this machine. */
export function createSystemClock(): Clock {
  return {
    nowMs: () => performance.now(),
    wallMs: () => Date.now(),
    after: (delayMs, callback) => {
      const timer = setTimeout(callback, delayMs);
      timer.unref();
      return { cancel: () => clearTimeout(timer) };
    },
    every: (periodMs, callback) => {
      const timer = setInterval(callback, periodMs);
      timer.unref();
      return { cancel: () => clearInterval(timer) };
    },
  };
}
