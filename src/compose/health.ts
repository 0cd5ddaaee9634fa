/**
 * Health and resources: who looks when, and what HTTP is told of it.
 */
import { healthOf } from "../bridge/health.ts";
import type { GatewayConfig, ServerConfig } from "../config/model.ts";
import type { HealthActions, Readiness } from "../http/health-actions.ts";
import type { Clock, Timer } from "../kernel/clock.ts";
import { messageOf } from "../kernel/error.ts";
import type { Emit } from "../kernel/event.ts";
import type { ServerHealth } from "../kernel/server-health.ts";
import {
  healthWord,
  resourcesReport,
  serverReport,
  serversReport,
  takesRequests,
} from "../observe/health-report.ts";
import type { Thresholds } from "../observe/resource-alerts.ts";
import { ResourceBoard } from "../observe/resource-board.ts";
import type { StateHistory } from "../observe/state-history.ts";
import type { Supervisor } from "../supervisor/model.ts";
import type { Fleet } from "./fleet.ts";

/** The owners that are asked. */
export interface HealthParts {
  readonly fleet: Fleet;
  readonly supervisor: Supervisor;
  readonly history: StateHistory;
  readonly clock: Clock;
  readonly emit: Emit;
  /** The configuration that runs now. */
  readonly config: () => GatewayConfig;
  readonly isDraining: () => boolean;
}

/** Health, watched. */
export interface Health {
  readonly actions: HealthActions;
  /** Those that look at resources and tell of them. */
  readonly timers: readonly Timer[];
}

/** The first look: soon, but not while everything starts. */
const FIRST_LOOK_MS = 1_000;

/** Begins to look at resources. */
export function watchHealth(parts: HealthParts): Health {
  const { supervisor, history, clock, emit, config } = parts;
  const board = new ResourceBoard({
    thresholds: () => thresholdsOf(config()),
    emit,
    wallMs: () => clock.wallMs(),
  });
  const { sampleIntervalMs, summaryIntervalMs } = config().resources;
  const look = (): void => {
    supervisor.sampleResources(sampleIntervalMs).then(
      (servers) => board.take(servers),
      (error: unknown) => {
        const message = `resources could not be looked at: ${messageOf(error)}`;
        emit({ kind: "gateway.notice", level: "WARNING", message });
      },
    );
  };
  const timers = [clock.after(FIRST_LOOK_MS, look), clock.every(sampleIntervalMs, look)];
  if (summaryIntervalMs > 0) timers.push(clock.every(summaryIntervalMs, () => board.summarize()));
  const actions: HealthActions = {
    readiness: () => readiness(parts),
    servers: () => serversReport(healthOfAll(parts), (slug) => history.of(slug), clock.wallMs()),
    server: (name) => {
      const [health] = healthOfAll(parts, (one) => one.slug === name || one.name === name);
      if (health === undefined) return undefined;
      return {
        isHealthy: healthWord(health.state) === "healthy",
        body: serverReport(health, history.of(health.slug)),
      };
    },
    resources: () =>
      resourcesReport(
        {
          servers: board.servers,
          sampledAtMs: board.sampledAtMs,
          alertsOf: (slug) => board.alertsOf(slug),
        },
        clock.wallMs(),
      ),
  };
  return { actions, timers };
}

/** In the order of the file. A server that changes hands right now is stopping. */
function healthOfAll(
  { fleet, config }: HealthParts,
  concerns: (server: ServerConfig) => boolean = () => true,
): readonly ServerHealth[] {
  return config()
    .servers.filter(concerns)
    .map(({ name, slug, required }) => {
      const bridge = fleet.endpoints.get(slug)?.bridge;
      // Whether it is required may have changed without a new bridge.
      if (bridge !== undefined) return { ...healthOf(bridge), required };
      return { name, slug, required, state: "stopping", lastError: undefined, instances: [] };
    });
}

/** Anybody may ask this, so only those are looked at that it hangs on. */
function readiness(parts: HealthParts): Readiness {
  if (parts.isDraining()) return { isReady: false, reason: "draining" };
  const required = healthOfAll(parts, (server) => server.required);
  return required.every(({ state }) => takesRequests(state))
    ? { isReady: true }
    : { isReady: false, reason: "a required server is not ready" };
}

function thresholdsOf({ servers }: GatewayConfig): ReadonlyMap<string, Thresholds> {
  return new Map(
    servers.map(({ slug, health }) => [
      slug,
      { memory: health.alertMemoryBytes, cpu: health.alertCpuPercent },
    ]),
  );
}
