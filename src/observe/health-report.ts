/**
 * Pure. Health and resources as JSON, with the members of the predecessor (predecessor.md 1.2) and
 * some of our own. The words `healthy`, `unhealthy` and `unknown` come of the states.
 */
import type { InstanceHealth, ServerHealth, StateChange } from "../kernel/server-health.ts";
import type { ProcessUsage, ServerUsage } from "../kernel/health-event.ts";
import type { RaisedAlert } from "./resource-alerts.ts";

/** The predecessor's word for a state. */
export type HealthWord = "healthy" | "unhealthy" | "unknown";

/** As the predecessor counts them. */
const MEBIBYTE = 1024 * 1024;

/**
 * `healthy`: it serves, or would with the next request. `unhealthy`: it should and does not, or does
 * not answer health checks. `unknown`: that is not settled, or nobody wants it to run.
 */
export function healthWord(state: string): HealthWord {
  switch (state) {
    case "ready":
    case "idle":
      return "healthy";
    case "degraded":
    case "backoff":
    case "failed":
      return "unhealthy";
    default:
      return "unknown";
  }
}

/** True while requests to the server are taken, or would start it. */
export function takesRequests(state: string): boolean {
  return state === "ready" || state === "degraded" || state === "idle";
}

/** One server. */
export function serverReport(health: ServerHealth, history: readonly StateChange[]): object {
  const { name, slug, state, required, lastError, instances } = health;
  const [first] = instances;
  const restartCount = instances.reduce((sum, one) => sum + one.restartCount, 0);
  return {
    name,
    slug,
    status: healthWord(state),
    state,
    required,
    lastCheck: isoTime(first?.checkedAtMs),
    responseTimeMs: rounded(first?.responseTimeMs ?? 0),
    consecutiveFails: first?.consecutiveFails ?? 0,
    restartCount,
    ...(lastError === undefined ? {} : { lastError }),
    ...(first?.retryInMs === undefined ? {} : { retryInMs: Math.ceil(first.retryInMs) }),
    instances: instances.map(instanceReport),
    history: history.map(({ atMs, instance, from, to, cause, why }) => ({
      at: isoTime(atMs),
      instance,
      from,
      to,
      cause,
      ...why,
    })),
  };
}

function instanceReport(one: InstanceHealth): object {
  const { label, state, why, pid, restartCount, retryInMs, lastError } = one;
  return {
    instance: label,
    state,
    ...(why === undefined ? {} : { why }),
    ...(pid === undefined ? {} : { pid }),
    restartCount,
    lastCheck: isoTime(one.checkedAtMs),
    responseTimeMs: rounded(one.responseTimeMs),
    consecutiveFails: one.consecutiveFails,
    ...(retryInMs === undefined ? {} : { retryInMs: Math.ceil(retryInMs) }),
    ...(lastError === undefined ? {} : { lastError }),
  };
}

/** All servers, by name. */
export function serversReport(
  servers: readonly ServerHealth[],
  historyOf: (slug: string) => readonly StateChange[],
  nowMs: number,
): object {
  const count = (word: HealthWord): number =>
    servers.filter(({ state }) => healthWord(state) === word).length;
  return {
    timestamp: isoTime(nowMs),
    servers: Object.fromEntries(
      servers.map((one) => [one.name, serverReport(one, historyOf(one.slug))]),
    ),
    summary: {
      total: servers.length,
      healthy: count("healthy"),
      unhealthy: count("unhealthy"),
      unknown: count("unknown"),
    },
  };
}

/** What is known of resources. */
export interface ResourceFacts {
  readonly servers: readonly ServerUsage[];
  readonly sampledAtMs: number | undefined;
  readonly alertsOf: (slug: string) => readonly RaisedAlert[];
}

/** Every process, the total of each server, and of all. */
export function resourcesReport(facts: ResourceFacts, nowMs: number): object {
  const { servers, sampledAtMs, alertsOf } = facts;
  const timestamp = isoTime(sampledAtMs ?? nowMs);
  const processes = servers.flatMap(({ server, processes: ofIt }) =>
    ofIt.map((one) => processReport(server, one, timestamp)),
  );
  const memory = servers.reduce((sum, one) => sum + one.residentBytes, 0) / MEBIBYTE;
  const cpu = servers.reduce((sum, one) => sum + one.cpuPercent, 0);
  const processCount = processes.length;
  const average = (total: number): number => (processCount === 0 ? 0 : total / processCount);
  return {
    timestamp: isoTime(nowMs),
    sampledAt: isoTime(sampledAtMs),
    processes,
    servers: Object.fromEntries(
      servers.map((one) => [
        one.server,
        {
          processCount: one.processes.length,
          memoryMB: rounded(one.residentBytes / MEBIBYTE),
          virtualMB: rounded(one.virtualBytes / MEBIBYTE),
          cpuPercent: rounded(one.cpuPercent),
          threads: one.threads,
          fileDescriptors: one.descriptors,
          alerts: alertsOf(one.server).map(alertReport),
        },
      ]),
    ),
    summary: {
      processCount,
      totalMemoryMB: rounded(memory),
      totalCPU: rounded(cpu),
      averageMemoryMB: rounded(average(memory)),
      averageCPU: rounded(average(cpu)),
    },
  };
}

function processReport(server: string, one: ProcessUsage, timestamp: string | null): object {
  const residentMB = rounded(one.residentBytes / MEBIBYTE);
  return {
    pid: one.pid,
    ppid: one.ppid,
    name: one.name,
    server,
    instance: one.instance,
    memoryMB: residentMB,
    cpuPercent: rounded(one.cpuPercent),
    virtualMB: rounded(one.virtualBytes / MEBIBYTE),
    residentMB,
    threads: one.threads,
    fileDescriptors: one.descriptors ?? null,
    timestamp,
  };
}

function alertReport({ alert, sinceMs, value, threshold }: RaisedAlert): object {
  const isMemory = alert === "memory";
  return {
    alert,
    since: isoTime(sinceMs),
    unit: isMemory ? "MB" : "percent",
    value: rounded(isMemory ? value / MEBIBYTE : value),
    threshold: rounded(isMemory ? threshold / MEBIBYTE : threshold),
  };
}

function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
