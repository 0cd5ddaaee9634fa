/**
 * The two timers that every deadline of the program hangs on, and the wait for running calls.
 */
import type { Bridge } from "../bridge/bridge.ts";
import type { GatewayConfig } from "../config/model.ts";
import type { Clock, Timer } from "../kernel/clock.ts";
import type { SessionRegistry } from "../session/registry.ts";
import type { WaitingPosts } from "../transport/endpoint.ts";
import type { StreamSet } from "../transport/stream-set.ts";

const SWEEP_MS = 250;
/** Sessions live for minutes; looking at all of them is done less often. */
const SWEEPS_PER_SESSION_SWEEP = 20;

/** Every deadline of the program hangs on these two timers. */
export function startTimers(owners: {
  readonly clock: Clock;
  readonly bridges: () => Iterable<Bridge>;
  readonly registry: SessionRegistry;
  readonly streams: StreamSet;
  readonly waiting: WaitingPosts;
  readonly config: GatewayConfig;
}): readonly Timer[] {
  const { clock, bridges, registry, streams, waiting, config } = owners;
  let count = 0;
  const sweep = clock.every(SWEEP_MS, () => {
    const nowMs = clock.nowMs();
    waiting.sweep(nowMs, config.limits.lazyStreamMs);
    for (const bridge of bridges()) bridge.sweep(nowMs);
    if (++count % SWEEPS_PER_SESSION_SWEEP === 0) registry.sweep(nowMs);
  });
  return [sweep, clock.every(config.limits.keepAliveMs, () => streams.keepAlive())];
}

/** Waits for running calls, but not for long. */
export async function drain(
  bridges: () => Iterable<Bridge>,
  clock: Clock,
  drainMs: number,
): Promise<void> {
  const untilMs = clock.nowMs() + drainMs;
  while (hasCalls(bridges()) && clock.nowMs() < untilMs) {
    await new Promise<void>((resolve) => clock.after(20, resolve));
  }
}

/** True while somebody waits for an answer of a child. */
export function hasCalls(bridges: Iterable<Bridge>): boolean {
  for (const { pool } of bridges) {
    if (pool.links().some((link) => (link.upstream?.awaited ?? 0) > 0)) return true;
  }
  return false;
}
