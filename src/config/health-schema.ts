/**
 * Pure. The shape of the blocks `health`, of the gateway and of one server, with the description of
 * every key; and what a server's block means together with the gateway's.
 */
import type { BlockOf } from "./block.ts";
import { count, duration, optionalCount, optionalDuration, optionalSize, size } from "./fields.ts";
import type { HealthSettings, ServerConfig } from "./model.ts";

const FAILURES = { min: 1, max: 100 };
const RESTARTS = { min: 0, max: 1_000 };
const PERCENT = { min: 0, max: 100_000 };
/** Also 0, which means never. */
const FROM_ZERO = { min: 0 };
const MEMORY = { min: 0, max: 2 ** 50 };

/** The keys of `proxy.health`. */
export const HEALTH_SHAPE = {
  probeInterval: duration(
    "30s",
    "How often each server is asked whether it answers (`ping`, or `server/discover` in the modern era); 0 never.",
    FROM_ZERO,
  ),
  probeTimeout: duration("10s", "How long it may take to answer that."),
  probeFailures: count(3, "Failures in a row after which it is restarted.", FAILURES),
  maxRestarts: count(
    3,
    "Restarts in `restartWindow`; with one more failure the server has failed and rests for `restartCoolDown`.",
    RESTARTS,
  ),
  restartWindow: duration("5m", "How long a failure counts."),
  restartCoolDown: duration("5m", "How long a server that has failed rests before the next try."),
  alertMemory: size(
    "500MiB",
    "Memory (RSS) of all processes of a server above which there is an alert; 0 for none.",
    MEMORY,
  ),
  alertCpu: count(80, "The same for CPU, in percent of one core; 0 for none.", PERCENT),
  sampleInterval: duration("10s", "How often memory and CPU of all processes are looked at.", {
    min: 1_000,
  }),
  summaryInterval: duration("1m", "How often the log gets a line with all of it; 0 never.", {
    ...FROM_ZERO,
  }),
};

/** The keys of `mcpServers.{name}.health`. */
export const SERVER_HEALTH_SHAPE = {
  probeInterval: optionalDuration("How often it is asked whether it answers; 0 never.", FROM_ZERO),
  probeTimeout: optionalDuration("How long it may take to answer that."),
  probeFailures: optionalCount("Failures in a row after which it is restarted.", FAILURES),
  maxRestarts: optionalCount("Restarts in `restartWindow`.", RESTARTS),
  restartWindow: optionalDuration("How long a failure counts."),
  restartCoolDown: optionalDuration("How long it rests once it has failed."),
  alertMemory: optionalSize("Memory above which there is an alert; 0 for none.", MEMORY),
  alertCpu: optionalCount("The same for CPU, in percent of one core; 0 for none.", PERCENT),
};

/** The block of the gateway after parsing. */
export type HealthBlock = BlockOf<typeof HEALTH_SHAPE>;

/** What a server inherits of the gateway. */
export interface LifeDefaults {
  readonly startOn: ServerConfig["startOn"];
  readonly idleTimeout: number;
  readonly health: HealthBlock;
}

/** What an entry says of its own. */
export interface LifeEntry {
  readonly startOn?: ServerConfig["startOn"] | undefined;
  readonly idleTimeout?: number | undefined;
  readonly required: boolean;
  readonly health: BlockOf<typeof SERVER_HEALTH_SHAPE>;
}

/** When a server runs, and how its health is watched. */
export type LifeSettings = Pick<ServerConfig, "startOn" | "idleTimeoutMs" | "required" | "health">;

/** The settings of a server: its own, else the gateway's. */
export function lifeOf(entry: LifeEntry, defaults: LifeDefaults): LifeSettings {
  const own = entry.health;
  const all = defaults.health;
  const health: HealthSettings = {
    probeIntervalMs: own.probeInterval ?? all.probeInterval,
    probeTimeoutMs: own.probeTimeout ?? all.probeTimeout,
    probeFailures: own.probeFailures ?? all.probeFailures,
    maxRestarts: own.maxRestarts ?? all.maxRestarts,
    restartWindowMs: own.restartWindow ?? all.restartWindow,
    restartCoolDownMs: own.restartCoolDown ?? all.restartCoolDown,
    alertMemoryBytes: own.alertMemory ?? all.alertMemory,
    alertCpuPercent: own.alertCpu ?? all.alertCpu,
  };
  return {
    startOn: entry.startOn ?? defaults.startOn,
    idleTimeoutMs: entry.idleTimeout ?? defaults.idleTimeout,
    required: entry.required,
    health,
  };
}
