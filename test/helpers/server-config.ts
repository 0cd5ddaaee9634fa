/** One server as the configuration gives it, with short limits, for owners that are built by hand. */
import type { ServerConfig } from "../../src/config/model.ts";

/** An entry called `tested`; `more` has what the test is about. */
export function serverConfig(more: Partial<ServerConfig> = {}): ServerConfig {
  return {
    name: "tested",
    slug: "tested",
    command: "true",
    args: [],
    env: { PATH: process.env["PATH"] ?? "" },
    secrets: [],
    cwd: undefined,
    runAs: undefined,
    instances: "auto",
    isolation: "user",
    toolNames: "keep",
    tools: { allow: undefined, deny: [] },
    roots: "none",
    legacyStateless: true,
    era: "auto",
    modern: "bridge",
    leases: 0,
    clientCapabilities: "match",
    maxInFlight: 8,
    maxQueue: 8,
    maxInstances: 8,
    startTimeoutMs: 10_000,
    requestTimeoutMs: 10_000,
    optionalListTimeoutMs: 10_000,
    maxLineBytes: 1024 * 1024,
    startOn: "boot",
    idleTimeoutMs: 0,
    required: false,
    health: {
      probeIntervalMs: 0,
      probeTimeoutMs: 10_000,
      probeFailures: 3,
      maxRestarts: 3,
      restartWindowMs: 300_000,
      restartCoolDownMs: 300_000,
      alertMemoryBytes: 0,
      alertCpuPercent: 0,
    },
    ...more,
  };
}
