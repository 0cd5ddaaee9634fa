/** Alerts with hysteresis, what the board holds and tells, and its JSON. */
import { describe, expect, test } from "bun:test";
import type { GatewayEvent } from "../../../src/kernel/event.ts";
import type { ServerUsage } from "../../../src/kernel/health-event.ts";
import { resourcesReport } from "../../../src/observe/health-report.ts";
import { CALM, judgeValue } from "../../../src/observe/resource-alerts.ts";
import { ResourceBoard } from "../../../src/observe/resource-board.ts";

const MB = 1024 * 1024;

/** `!` raised, `.` calm, for values around a threshold of 100. */
function course(kind: "memory" | "cpu", values: readonly number[], threshold = 100): string {
  let state = CALM;
  return values
    .map((value) => {
      state = judgeValue(state, kind, { value, threshold });
      return state.isRaised ? "!" : ".";
    })
    .join("");
}

describe("an alert", () => {
  const rows: readonly [string, "memory" | "cpu", readonly number[], string][] = [
    ["of memory comes with the first look above", "memory", [99, 100, 101], "..!"],
    ["stays while the value is only a little below", "memory", [101, 99, 91, 90, 101], "!!!!!"],
    ["is over once it is clearly below", "memory", [101, 89, 99, 101], "!..!"],
    ["of CPU takes three looks in a row", "cpu", [200, 200, 10, 200, 200, 200], ".....!"],
    [
      "of CPU is over after three looks below",
      "cpu",
      [101, 101, 101, 1, 1, 95, 1, 1, 1],
      "..!!!!!!.",
    ],
  ];
  test.each(rows)("%s", (_, kind, values, expected) => {
    expect(course(kind, values)).toBe(expected);
  });

  test("never comes without a threshold", () => {
    expect(course("memory", [1e12, 1e12], 0)).toBe("..");
  });
});

function usage(server: string, residentBytes: number, cpuPercent = 0): ServerUsage {
  const one = { residentBytes, cpuPercent, virtualBytes: 4 * MB, threads: 3, descriptors: 9 };
  const process = { ...one, pid: 7, ppid: 1, name: "node", instance: "shared" };
  return { server, ...one, processes: [process] };
}

function createBoard(thresholds: ReadonlyMap<string, { memory: number; cpu: number }>) {
  const events: GatewayEvent[] = [];
  let wallMs = 0;
  const board = new ResourceBoard({
    thresholds: () => thresholds,
    emit: (event) => events.push(event),
    wallMs: () => ++wallMs,
  });
  const alerts = () =>
    events.flatMap((event) =>
      event.kind === "alert.raised" || event.kind === "alert.cleared"
        ? [`${event.kind} ${event.server} ${event.alert} ${event.value / MB}`]
        : [],
    );
  return { board, events, alerts };
}

describe("the board", () => {
  test("tells of alerts, keeps since when, and lets go of what runs no more", () => {
    const limits = new Map([["echo", { memory: 500 * MB, cpu: 0 }]]);
    const { board, alerts } = createBoard(limits);
    board.take([usage("echo", 600 * MB)]);
    const [first] = board.alertsOf("echo");
    board.take([usage("echo", 700 * MB)]);
    expect(board.alertsOf("echo")).toEqual([
      { alert: "memory", sinceMs: first?.sinceMs ?? 0, value: 700 * MB, threshold: 500 * MB },
    ]);
    board.take([]);
    expect(board.alertsOf("echo")).toEqual([]);
    expect(alerts()).toEqual(["alert.raised echo memory 600", "alert.cleared echo memory 0"]);
  });

  test("forgets servers that are served no more", () => {
    const limits = new Map([["echo", { memory: MB, cpu: 0 }]]);
    const { board } = createBoard(limits);
    board.take([usage("echo", 2 * MB)]);
    limits.delete("echo");
    board.take([usage("echo", 2 * MB)]);
    expect(board.alertsOf("echo")).toEqual([]);
  });

  test("sums up for the log, and says nothing when nothing runs", () => {
    const { board, events } = createBoard(new Map());
    board.summarize();
    board.take([usage("a", 30 * MB, 1), usage("b", 10 * MB, 2)]);
    board.summarize();
    const summaries = events.filter(({ kind }) => kind === "resources.summary");
    expect(summaries).toMatchObject([
      { processCount: 2, residentBytes: 40 * MB, cpuPercent: 3, servers: [{ server: "a" }, {}] },
    ]);
    expect(summaries[0]).not.toHaveProperty("servers.0.processes");
  });
});

describe("the JSON of resources", () => {
  test("has the members of the predecessor, and those of each server", () => {
    const servers = [usage("a", 30 * MB, 1.239), usage("b", 10 * MB, 2)];
    const body = resourcesReport({ servers, sampledAtMs: 0, alertsOf: () => [] }, 1_000);
    expect(body).toMatchObject({
      timestamp: "1970-01-01T00:00:01.000Z",
      processes: [
        {
          pid: 7,
          name: "node",
          memoryMB: 30,
          cpuPercent: 1.24,
          virtualMB: 4,
          residentMB: 30,
          timestamp: "1970-01-01T00:00:00.000Z",
        },
        { server: "b" },
      ],
      servers: { a: { processCount: 1, memoryMB: 30, threads: 3, fileDescriptors: 9 } },
      summary: {
        processCount: 2,
        totalMemoryMB: 40,
        totalCPU: 3.24,
        averageMemoryMB: 20,
        averageCPU: 1.62,
      },
    });
  });

  test("has no null and no NaN where nothing runs", () => {
    const body = resourcesReport({ servers: [], sampledAtMs: undefined, alertsOf: () => [] }, 0);
    expect(body).toMatchObject({
      sampledAt: null,
      processes: [],
      servers: {},
      summary: { processCount: 0, averageMemoryMB: 0, averageCPU: 0 },
    });
  });
});
