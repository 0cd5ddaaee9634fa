/** Health checks, resources and alerts as lines. */
import { expect, test } from "bun:test";
import type { HealthEvent } from "../../../src/kernel/health-event.ts";
import { healthLevel, healthText } from "../../../src/observe/health-text.ts";

const MB = 1024 * 1024;
const PROBED = { kind: "instance.probed", server: "echo", instance: "shared" } as const;

const rows: readonly [HealthEvent, string][] = [
  [
    { ...PROBED, outcome: "answered", durationMs: 3.24, consecutiveFails: 0 },
    "TRACE shared: health check answered after 3.2 ms",
  ],
  [
    { ...PROBED, outcome: "failed", durationMs: 10_000, consecutiveFails: 2 },
    "WARNING shared: health check failed after 10000.0 ms, 2 in a row",
  ],
  [
    { kind: "alert.raised", server: "echo", alert: "memory", value: 600 * MB, threshold: 500 * MB },
    "WARNING uses 600 MB of memory; alert above 500 MB",
  ],
  [
    { kind: "alert.cleared", server: "echo", alert: "cpu", value: 12.4, threshold: 80 },
    "INFO alert over: 12 % of CPU",
  ],
  [
    {
      kind: "resources.summary",
      processCount: 2,
      residentBytes: 60 * MB,
      cpuPercent: 3,
      servers: [
        {
          server: "echo",
          residentBytes: 60 * MB,
          virtualBytes: 0,
          cpuPercent: 3,
          threads: 1,
          descriptors: 1,
        },
      ],
    },
    "INFO resources: 2 processes, 60 MB, 3 % CPU (echo 60 MB, 3 % CPU)",
  ],
  [{ kind: "resources.sampled", servers: [] }, "TRACE resources of 0 servers were sampled"],
];

test.each(rows)("%#", (event, line) => {
  expect(`${healthLevel(event)} ${healthText(event)}`).toBe(line);
});
