/**
 * What an administrator may do with a running gateway, on owners that live as long as it.
 */
import { statusOf } from "../bridge/status.ts";
import type { GatewayConfig } from "../config/model.ts";
import { traefikRules } from "../deploy/traefik.ts";
import type {
  AdminActions,
  GatewayStatus,
  LogSource,
  SessionStatus,
  Steering,
} from "../http/admin-actions.ts";
import type { ServerStatus } from "../http/context.ts";
import type { Clock } from "../kernel/clock.ts";
import type { SessionRegistry } from "../session/registry.ts";
import type { StreamSet } from "../transport/stream-set.ts";
import type { Fleet } from "./fleet.ts";
import type { ReloadReport } from "./reload.ts";

/** The owners that are asked. */
export interface AdminParts {
  readonly fleet: Fleet;
  readonly registry: SessionRegistry;
  readonly clock: Clock;
  readonly version: string;
  readonly pid: number;
  readonly config: () => GatewayConfig;
  readonly servers: () => readonly ServerStatus[];
  readonly isDraining: () => boolean;
  readonly reload: (cause: string) => Promise<ReloadReport>;
  readonly logs: LogSource;
  readonly streams: StreamSet;
}

/** The actions. The time of this call counts as the start of the gateway. */
export function createAdminActions(parts: AdminParts): AdminActions {
  const { clock, reload, logs, streams } = parts;
  const startedMs = clock.nowMs();
  return {
    status: () => gatewayStatus(parts, startedMs),
    sessions: () => sessionStatuses(parts),
    steer: (slug, what) => steer(parts, slug, what),
    reload: () => reload("asked by an administrator"),
    traefikRules: (asked) => traefikRules(parts.config(), asked),
    logs,
    streams,
  };
}

function gatewayStatus(parts: AdminParts, startedMs: number): GatewayStatus {
  const { version, pid, clock, registry, config, servers, isDraining } = parts;
  const { source } = config();
  return {
    version,
    pid,
    uptimeSeconds: Math.floor((clock.nowMs() - startedMs) / 1000),
    draining: isDraining(),
    configFile: source.kind === "file" ? source.path : null,
    sessions: registry.size,
    servers: servers(),
  };
}

function sessionStatuses({ registry, clock }: AdminParts): readonly SessionStatus[] {
  const nowMs = clock.nowMs();
  return [...registry.sessions()].map(({ facts, openedAtMs, lastUsedMs, busy }) => ({
    ref: facts.ref,
    server: facts.server,
    binding: facts.binding,
    openedAtMs: clock.wallMs() - (nowMs - openedAtMs),
    idleMs: busy > 0 ? 0 : Math.max(0, Math.round(nowMs - lastUsedMs)),
    busy,
  }));
}

async function steer(
  { fleet }: AdminParts,
  slug: string,
  what: Steering,
): Promise<ServerStatus | undefined> {
  await fleet.handover(slug);
  const bridge = fleet.endpoints.get(slug)?.bridge;
  if (bridge === undefined) return undefined;
  if (what === "stop") {
    await fleet.hold(slug);
    return statusOf(bridge);
  }
  fleet.release(slug, what);
  const [first] = bridge.pool.groups();
  try {
    // Not the link's: that one has the old connection until the old process is gone.
    await first?.link.instance.whenReady(bridge.server.startTimeoutMs);
  } catch {
    // Whatever came of it is in the status, with its reason.
    return statusOf(bridge);
  }
  return statusOf(bridge);
}
