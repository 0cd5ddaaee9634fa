/**
 * What is measured. Each scenario starts its contender afresh and gives named figures.
 */
import type { Contender, Running } from "./contenders.ts";
import { loop, type Figures } from "./load.ts";
import { peakOf, usageOf } from "./machine.ts";
import { openSession, type Binding, type Session, type Target } from "./sessions.ts";

export interface Pace {
  readonly warmUpMs: number;
  /** Of small calls: one after the other takes longer than many at once until all is compiled. */
  readonly warmUpCalls: number;
  readonly measureMs: number;
}

export type Numbers = Readonly<Record<string, number>>;

export interface Scenario {
  readonly name: string;
  readonly binding: Binding;
  readonly servers: number;
  /** True for the short form. */
  readonly isQuick: boolean;
  run(running: Running, pace: Pace): Promise<Numbers>;
}

const MB = 1_000_000;
/** Bytes of a small call. */
const SMALL = 40;
/** After large messages memory must come back to so much above idle, within so long. */
const SETTLED_MB = 20;
const SETTLE_SECONDS = 60;

/** All of them, in the order of the report. */
export const SCENARIOS: readonly Scenario[] = [
  ...(["streamable", "sse", "modern"] as const).flatMap((binding) => [
    calls("sequential", binding, { sessions: 1, lanes: 1, isQuick: true }),
    calls("16 sessions", binding, { sessions: 16, lanes: 1 }),
    calls("64 sessions", binding, { sessions: 64, lanes: 1, isQuick: true }),
    calls("64 in flight", binding, { sessions: 1, lanes: 64 }),
  ]),
  ...(["streamable", "sse"] as const).flatMap((binding) => [
    calls("10 KB both ways", binding, { sessions: 1, lanes: 1, bytes: 10_000 }),
    calls("1 MB both ways", binding, {
      sessions: 1,
      lanes: 1,
      bytes: MB,
      isQuick: binding === "streamable",
    }),
    calls("10 MB both ways", binding, { sessions: 1, lanes: 1, bytes: 10 * MB, minCalls: 20 }),
    calls("50 MB both ways", binding, { sessions: 1, lanes: 1, bytes: 50 * MB, minCalls: 4 }),
  ]),
  calls("8 servers", "streamable", { sessions: 64, lanes: 1, servers: 8 }),
  calls("64 servers", "streamable", { sessions: 64, lanes: 1, servers: 64 }),
  { name: "churn", binding: "streamable", servers: 1, isQuick: false, run: churn },
  ...(["streamable", "sse"] as const).map((binding) => ({
    name: "1000 idle sessions",
    binding,
    servers: 1,
    isQuick: false,
    run: (running: Running) => idleSessions(running, binding),
  })),
  {
    name: "fast beside slow",
    binding: "streamable",
    servers: 1,
    isQuick: false,
    run: fastBesideSlow,
  },
  { name: "slow reader", binding: "sse", servers: 1, isQuick: false, run: slowReader },
  { name: "start", binding: "streamable", servers: 1, isQuick: true, run: start },
];

/** True when the contender can take part. */
export function canRun({ binding, servers }: Scenario, contender: Contender): boolean {
  return contender.bindings.includes(binding) && (servers === 1 || contender.manyServers);
}

function targetOf(running: Running, binding: Binding, server = 0): Target {
  const { port, headers } = running;
  return { port, headers, binding, path: running.pathOf(server) };
}

interface CallShape {
  readonly sessions: number;
  readonly lanes: number;
  readonly bytes?: number;
  readonly servers?: number;
  readonly minCalls?: number;
  readonly isQuick?: boolean;
}

function calls(name: string, binding: Binding, shape: CallShape): Scenario {
  const { sessions: count, lanes, bytes = SMALL, servers = 1, minCalls = 0 } = shape;
  const { isQuick = false } = shape;
  return {
    name,
    binding,
    servers,
    isQuick,
    run: async (running, pace) => {
      const filler = "x".repeat(Math.max(0, bytes - 24));
      const sessions = await Promise.all(
        Array.from({ length: count }, (_, index) =>
          openSession(targetOf(running, binding, index % servers), lanes),
        ),
      );
      const idleMb = usageOf(running.pid).relayRssBytes / MB;
      const figures = await loop({
        ...pace,
        warmUpCalls: bytes === SMALL ? pace.warmUpCalls : 0,
        running,
        sessions,
        lanes,
        minCalls,
        callOf: (session, number) => ({ tool: "echo", text: `${session}-${number}-${filler}` }),
      });
      for (const session of sessions) session.close();
      const numbers = numbersOf(figures);
      if (bytes < 10 * MB) return numbers;
      return { ...numbers, ...(await settled(running, idleMb)) };
    },
  };
}

function numbersOf({ callsPerSecond, p50Us, p99Us, cpuUsPerCall, peakMb }: Figures): Numbers {
  return { callsPerSecond, p50Us, p99Us, cpuUsPerCall, peakMb };
}

/** How much more than before is resident, at the latest after a minute, and when it had come back. */
async function settled(running: Running, idleMb: number): Promise<Numbers> {
  const beganMs = performance.now();
  for (;;) {
    const overIdleMb = Math.max(0, usageOf(running.pid).relayRssBytes / MB - idleMb);
    const settledSeconds = (performance.now() - beganMs) / 1000;
    if (overIdleMb <= SETTLED_MB || settledSeconds > SETTLE_SECONDS)
      return { overIdleMb, settledSeconds };
    await Bun.sleep(1000);
  }
}

/** Open, call once, close; eight at a time. */
async function churn(running: Running, { warmUpMs, measureMs }: Pace): Promise<Numbers> {
  const target = targetOf(running, "streamable");
  let opened = 0;
  // As with calls, what is compiled at first is not measured.
  const fromMs = performance.now() + warmUpMs;
  const untilMs = fromMs + measureMs;
  const worker = async (number: number): Promise<void> => {
    for (let count = 0; performance.now() < untilMs; count++) {
      const session = await openSession(target);
      await session.call({ tool: "echo", text: `${number}-${count}` });
      session.close();
      if (performance.now() >= fromMs) opened++;
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, number) => worker(number)));
  return { sessionsPerSecond: (opened * 1000) / (performance.now() - fromMs) };
}

/** Each with an open stream. */
async function idleSessions(running: Running, binding: Binding): Promise<Numbers> {
  const target = targetOf(running, binding);
  const sessions: Session[] = [];
  const open = async (count: number): Promise<void> => {
    for (let number = 0; number < count; number++) {
      const session = await openSession(target);
      await session.listen();
      sessions.push(session);
    }
  };
  // What is loaded and compiled at first use is not a session's.
  await open(50);
  await Bun.sleep(1000);
  const before = usageOf(running.pid).relayRssBytes;
  await open(1000);
  // What opening them left behind is no session's either.
  await Bun.sleep(12_000);
  const kbPerSession = (usageOf(running.pid).relayRssBytes - before) / 1000 / 1000;
  for (const session of sessions) session.close();
  return { kbPerSession };
}

/** Eight quick callers, alone and then beside eight whose calls take half a second. */
async function fastBesideSlow(running: Running, pace: Pace): Promise<Numbers> {
  const target = targetOf(running, "streamable");
  const fast = await Promise.all(Array.from({ length: 8 }, () => openSession(target)));
  const slow = await Promise.all(Array.from({ length: 8 }, () => openSession(target)));
  const quick = () =>
    loop({
      ...pace,
      running,
      sessions: fast,
      lanes: 1,
      callOf: (session, count) => ({ tool: "echo", text: `${session}-${count}` }),
    });
  const alone = await quick();
  let isOver = false;
  const sleepers = slow.map(async (session, index) => {
    for (let count = 0; !isOver; count++)
      await session.call({ tool: "sleep", text: `slow-${index}-${count}`, extra: '"ms":500,' });
  });
  const beside = await quick();
  isOver = true;
  await Promise.all(sleepers);
  for (const session of [...fast, ...slow]) session.close();
  return {
    p99AloneUs: alone.p99Us,
    p99BesideUs: beside.p99Us,
    p99Ratio: beside.p99Us / alone.p99Us,
  };
}

/** Thirty answers of 10 MB for one who does not read them, and a caller beside. */
async function slowReader(running: Running, pace: Pace): Promise<Numbers> {
  const target = targetOf(running, "sse");
  const stalled = await openSession(target, 30);
  const quick = await openSession(target);
  stalled.stall();
  const pending = Array.from({ length: 30 }, (_, lane) =>
    stalled
      .call({ tool: "big", text: `big-${lane}`, extra: '"bytes":10000000,', expected: "" }, lane)
      .then(
        () => true,
        () => false,
      ),
  );
  const figures = await loop({
    ...pace,
    running,
    sessions: [quick],
    lanes: 1,
    callOf: (_session, count) => ({ tool: "echo", text: `q-${count}` }),
  });
  const peakMb = peakOf(running.pid) / MB;
  stalled.close();
  quick.close();
  await Promise.all(pending);
  return { peakMb, p99Us: figures.p99Us };
}

async function start(running: Running): Promise<Numbers> {
  const session = await openSession(targetOf(running, "streamable"));
  await session.call({ tool: "echo", text: "first" });
  await Bun.sleep(1500);
  const { relayRssBytes, relayPrivateBytes } = usageOf(running.pid);
  session.close();
  return {
    startMs: running.startMs,
    idleRssMb: relayRssBytes / MB,
    idlePrivateMb: relayPrivateBytes / MB,
  };
}
