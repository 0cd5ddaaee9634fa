/**
 * Loops of calls, and what came of them.
 */
import { until } from "../../test/helpers/wait.ts";
import { usageOf, peakOf } from "./machine.ts";
import type { Running } from "./contenders.ts";
import type { Call, Session } from "./sessions.ts";

export interface Figures {
  readonly callsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Of the relay alone, for each call. */
  readonly cpuUsPerCall: number;
  readonly peakMb: number;
  readonly calls: number;
}

export interface LoopOptions {
  readonly running: Running;
  readonly sessions: readonly Session[];
  /** Calls in flight on each session. */
  readonly lanes: number;
  readonly warmUpMs: number;
  /** Warmed up is only who has made so many, or has had three times the time. */
  readonly warmUpCalls?: number;
  readonly measureMs: number;
  /** At least this many calls, however long they take. */
  readonly minCalls?: number;
  readonly callOf: (session: number, count: number) => Call;
}

/** Longer than any peer takes for the least number of calls. */
const MINUTES = { deadlineMs: 5 * 60_000 };

/** Calls as fast as answers come, on every lane of every session. @throws Error at the first wrong answer */
export async function loop(options: LoopOptions): Promise<Figures> {
  const { running, sessions, lanes, measureMs, minCalls = 0, callOf } = options;
  const { warmUpMs, warmUpCalls = 0 } = options;
  const latencies: number[] = [];
  let made = 0;
  let isMeasuring = false;
  let isOver = false;
  let failure: unknown;
  const lane = async (session: Session, index: number, number: number): Promise<void> => {
    for (let count = 0; !isOver; count++) {
      const beganMs = performance.now();
      await session.call(callOf(index, count), number);
      made++;
      if (isMeasuring) latencies.push(performance.now() - beganMs);
    }
  };
  const all = sessions.flatMap((session, index) =>
    Array.from({ length: lanes }, (_, number) =>
      lane(session, index, number).catch((error: unknown) => {
        failure ??= error;
        isOver = true;
      }),
    ),
  );
  const beginMs = performance.now();
  const isWarm = (forMs: number): boolean =>
    forMs >= warmUpMs * 3 || (forMs >= warmUpMs && made >= warmUpCalls);
  await until(() => failure !== undefined || isWarm(performance.now() - beginMs), MINUTES);
  const before = usageOf(running.pid);
  const beganMs = performance.now();
  isMeasuring = true;
  await Bun.sleep(measureMs);
  await until(() => failure !== undefined || latencies.length >= minCalls, MINUTES);
  isMeasuring = false;
  const tookMs = performance.now() - beganMs;
  const after = usageOf(running.pid);
  isOver = true;
  await Promise.all(all);
  if (failure !== undefined) throw failure;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    (latencies[Math.floor((latencies.length - 1) * share)] ?? 0) * 1000;
  return {
    calls: latencies.length,
    callsPerSecond: (latencies.length * 1000) / tookMs,
    p50Us: at(0.5),
    p99Us: at(0.99),
    cpuUsPerCall: ((after.relayCpuMs - before.relayCpuMs) * 1000) / Math.max(1, latencies.length),
    peakMb: peakOf(running.pid) / 1e6,
  };
}
