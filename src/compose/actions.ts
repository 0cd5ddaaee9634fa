/**
 * What people and scripts may ask of a running gateway, whatever way they come.
 */
import { listTools } from "../bridge/list-tools.ts";
import { statusOf } from "../bridge/status.ts";
import type { GatewayConfig } from "../config/model.ts";
import type { CleanupReport, ServerStatus, UtilityActions } from "../http/context.ts";
import type { Clock } from "../kernel/clock.ts";
import type { SessionRegistry } from "../session/registry.ts";
import type { Fleet } from "./fleet.ts";

/** The owners that are asked. */
export interface ActionParts {
  readonly fleet: Fleet;
  readonly registry: SessionRegistry;
  readonly clock: Clock;
  /** The configuration that runs now. */
  readonly config: () => GatewayConfig;
}

/** The actions, on owners that live as long as the gateway. */
export function createActions(parts: ActionParts): UtilityActions {
  const { fleet, clock } = parts;
  const bridgeOf = (slug: string) => fleet.endpoints.get(slug)?.bridge;
  return {
    servers: () => serverStatuses(parts),
    server: (slug) => {
      const bridge = bridgeOf(slug);
      return bridge === undefined ? undefined : statusOf(bridge);
    },
    listTools: async (slug, user) => {
      await fleet.handover(slug);
      const bridge = bridgeOf(slug);
      if (bridge === undefined) throw new Error("No such server");
      return listTools(bridge, user, { clock, timeoutMs: bridge.server.startTimeoutMs });
    },
    cleanup: () => cleanup(parts),
  };
}

/** In the order of the file, then what is left out. */
function serverStatuses({ fleet, config }: ActionParts): readonly ServerStatus[] {
  const { servers, skipped } = config();
  return [
    ...servers.flatMap(({ slug }) => {
      const bridge = fleet.endpoints.get(slug)?.bridge;
      return bridge === undefined ? [] : [statusOf(bridge)];
    }),
    ...skipped.map((one) => ({
      name: one.name,
      slug: one.name,
      state: "skipped",
      running: false,
      command: "",
      error: one.reason,
    })),
  ];
}

function cleanup({ registry, clock }: ActionParts): CleanupReport {
  const before = registry.size;
  registry.closeIdle("cleaned up");
  const remaining = [...registry.sessions()].map((session) => ({
    ref: session.facts.ref,
    server: session.facts.server,
    openedAtMs: clock.wallMs() - (clock.nowMs() - session.openedAtMs),
  }));
  return { before, after: registry.size, remaining };
}
