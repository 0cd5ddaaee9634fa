/**
 * What a call costs while servers, sessions or calls in flight grow, ours beside the bare relay.
 */
import type { Contender, Running } from "./contenders.ts";
import { loop } from "./load.ts";
import type { Pace } from "./scenarios.ts";
import { connect, openOn, openSession, type Session } from "./sessions.ts";

export interface GrowthPoint {
  readonly axis: "servers" | "sessions" | "in flight";
  readonly count: number;
  readonly contender: string;
  readonly cpuUsPerCall: number;
  readonly callsPerSecond: number;
}

const AXES = {
  servers: [1, 2, 4, 8, 16, 32, 64],
  sessions: [16, 100, 1_000, 10_000],
  "in flight": [1, 4, 16, 64, 250, 1_000],
} as const;
/** Calls at once where the sessions grow, and sessions at least where the servers do. */
const LANES = 16;

/** All points, contenders in alternation. */
export async function measureGrowth(
  contenders: readonly Contender[],
  pace: Pace,
): Promise<readonly GrowthPoint[]> {
  const points: GrowthPoint[] = [];
  for (const axis of ["servers", "sessions", "in flight"] as const) {
    for (const count of AXES[axis]) {
      for (const contender of contenders) {
        const servers = axis === "servers" ? count : 1;
        const running = await contender.start({ binding: "streamable", servers });
        try {
          const { cpuUsPerCall, callsPerSecond } = await RUNS[axis](running, count, pace);
          points.push({ axis, count, contender: contender.name, cpuUsPerCall, callsPerSecond });
          console.error(
            `${count} ${axis} ${contender.name}: ${cpuUsPerCall.toFixed(1)} us CPU a call, ${Math.round(callsPerSecond)} calls/s`,
          );
        } finally {
          await running.stop();
        }
      }
    }
  }
  return points;
}

type Run = (
  running: Running,
  count: number,
  pace: Pace,
) => Promise<{ readonly cpuUsPerCall: number; readonly callsPerSecond: number }>;

const RUNS: Readonly<Record<GrowthPoint["axis"], Run>> = {
  servers: async (running, count, pace) => {
    const sessions = await Promise.all(
      Array.from({ length: 64 }, (_, index) => openSession(targetOf(running, index % count))),
    );
    return ended(sessions, await run(running, pace, sessions, 1));
  },
  sessions: async (running, count, pace) => {
    const target = targetOf(running, 0);
    const lanes = await connect(target, LANES);
    const sessions: Session[] = [];
    for (let number = 0; number < count; number++) sessions.push(await openOn(target, lanes));
    let next = 0;
    // One call a lane at a time, each for the session whose turn it is.
    const inTurn: Session = {
      call: (call, lane) => {
        const session = sessions[next++ % count];
        return session === undefined ? Promise.resolve() : session.call(call, lane);
      },
      listen: () => Promise.resolve(),
      stall: () => {},
      close: () => {
        for (const lane of lanes) lane.close();
      },
    };
    return ended([inTurn], await run(running, pace, [inTurn], LANES));
  },
  "in flight": async (running, count, pace) => {
    const session = await openSession(targetOf(running, 0), count);
    return ended([session], await run(running, pace, [session], count));
  },
};

function targetOf({ port, headers, pathOf }: Running, server: number) {
  return { port, headers, binding: "streamable" as const, path: pathOf(server) };
}

function run(running: Running, pace: Pace, sessions: readonly Session[], lanes: number) {
  const callOf = (session: number, count: number) =>
    ({ tool: "echo", text: `${session}-${count}-xxxxxxxxxxxxxxxx` }) as const;
  return loop({ ...pace, running, sessions, lanes, callOf });
}

function ended<Value>(sessions: readonly Session[], value: Value): Value {
  for (const session of sessions) session.close();
  return value;
}

const WIDTH = 260;
const HEIGHT = 170;
const MARGIN = { left: 44, top: 34, right: 12, bottom: 40 } as const;
const COLOURS: Readonly<Record<string, string>> = { ours: "#0a7d4f", light: "#8a8f98" };

/** The points as an SVG picture: one panel for each axis, microseconds of CPU a call from zero. */
export function growthPicture(points: readonly GrowthPoint[]): string {
  const highest = Math.max(...points.map((point) => point.cpuUsPerCall)) * 1.15;
  const panels = (["servers", "sessions", "in flight"] as const).map((axis, index) => {
    const own = points.filter((point) => point.axis === axis);
    return `<g transform="translate(${index * WIDTH} 0)">${panel(axis, own, highest)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH * 3} ${HEIGHT}" font-family="sans-serif" font-size="10" fill="#57606a"><rect width="100%" height="100%" fill="#fff"/>${panels.join("")}</svg>\n`;
}

function panel(axis: string, points: readonly GrowthPoint[], highest: number): string {
  const { left, top, right, bottom } = MARGIN;
  const counts = [...new Set(points.map(({ count }) => count))];
  const most = Math.log(Math.max(...counts)) - Math.log(Math.min(...counts));
  const x = (count: number): number =>
    left + ((Math.log(count) - Math.log(Math.min(...counts))) / most) * (WIDTH - left - right);
  const y = (us: number): number => HEIGHT - bottom - (us / highest) * (HEIGHT - top - bottom);
  const lines = [...new Set(points.map(({ contender }) => contender))].map((name) => {
    const colour = COLOURS[name] ?? "#555";
    const own = points.filter(({ contender }) => contender === name);
    const path = own.map((one) => `${x(one.count).toFixed(1)},${y(one.cpuUsPerCall).toFixed(1)}`);
    const last = own.at(-1);
    const label =
      last === undefined
        ? ""
        : `<text x="${WIDTH - right}" y="${(y(last.cpuUsPerCall) + (name === "ours" ? -6 : 12)).toFixed(1)}" text-anchor="end" fill="${colour}">${name}</text>`;
    return `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${path.join(" ")}"/>${label}`;
  });
  const ticks = counts.map(
    (count) =>
      `<text x="${x(count).toFixed(1)}" y="${HEIGHT - bottom + 14}" text-anchor="middle">${count.toLocaleString("en")}</text>`,
  );
  const grid = [0, 0.5, 1].map((share) => {
    const us = (highest / 1.15) * share;
    const at = y(us).toFixed(1);
    return `<line x1="${left}" x2="${WIDTH - right}" y1="${at}" y2="${at}" stroke="#d8dee4"/><text x="${left - 6}" y="${at}" dy="3" text-anchor="end">${Math.round(us)}</text>`;
  });
  const title = `<text x="${left}" y="${top - 16}" fill="#24292f" font-weight="bold">µs CPU a call, by ${axis}</text>`;
  return [...grid, ...ticks, ...lines, title].join("");
}
