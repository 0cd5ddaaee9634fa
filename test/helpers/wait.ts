/**
 * Waiting in tests, always with a deadline and with words for what was awaited: never a sleep.
 */

/** How often a condition is looked at. */
const POLL_MS = 10;

/** For what should happen at once, with room for a machine under load. */
export const SOON_MS = 10_000;

/**
 * Resolves with the first value of `condition` that is not false, undefined or null.
 * @throws Error that says `what` once `deadlineMs` have passed
 */
export async function until<Value>(
  condition: () => Value | Promise<Value>,
  options: { readonly deadlineMs?: number; readonly what?: string } = {},
): Promise<NonNullable<Exclude<Value, false>>> {
  const { deadlineMs = SOON_MS, what = condition.toString() } = options;
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value !== false && value !== undefined && value !== null)
      return value as NonNullable<Exclude<Value, false>>;
    if (performance.now() >= endMs) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await Bun.sleep(POLL_MS);
  }
}

/**
 * The value of `promise`, if it comes in time. The work behind the promise is not ended.
 * @throws Error that says `what` once `ms` have passed
 */
export function withDeadline<Value>(
  promise: Promise<Value>,
  ms: number,
  what: string,
): Promise<Value> {
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms: ${what}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Whether `promise` is fulfilled within `ms`; a rejection is passed on. */
export function isDoneWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), ms);
  return Promise.race([promise.then(() => true), late.promise]).finally(() => clearTimeout(timer));
}

/** A door that a test opens: `passed` resolves once `open` was called. */
export function gate(): { readonly open: () => void; readonly passed: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { open: resolve, passed: promise };
}

/**
 * Blocks the thread until `condition` holds, for programs that must not look at their input meanwhile.
 * @throws Error after `deadlineMs`
 */
export function blockUntil(
  condition: () => boolean,
  { deadlineMs, what }: { readonly deadlineMs: number; readonly what: string },
): void {
  const endMs = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() >= endMs) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    Bun.sleepSync(POLL_MS);
  }
}
