/**
 * Gives memory back after a rush. The runtime keeps what a burst of requests took for as long as
 * nothing makes it collect, and a gateway that rests makes little garbage that would.
 */
import type { Clock, Timer } from "../kernel/clock.ts";

const LOOK_MS = 5_000;
/** Less than this is not worth a collection, which stops everything for some hundredths of a second. */
const SLACK_BYTES = 8 * 1024 * 1024;
/** What one collection finds, the next one gives back to the system. */
const WORTH_ANOTHER_BYTES = 1024 * 1024;

/** Collects when nobody waits for an answer and much more was held since the last time. */
export function giveBackMemory(clock: Clock, isBusy: () => boolean): Timer {
  const heldBytes = (): number => process.memoryUsage.rss();
  let least = heldBytes();
  let most = least;
  let isFalling = false;
  return clock.every(LOOK_MS, () => {
    const before = heldBytes();
    least = Math.min(least, before);
    most = Math.max(most, before);
    if ((most < least + SLACK_BYTES && !isFalling) || isBusy()) return;
    Bun.gc(true);
    least = heldBytes();
    most = least;
    isFalling = before - least > WORTH_ANOTHER_BYTES;
  });
}
