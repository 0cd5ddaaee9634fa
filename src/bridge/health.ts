/**
 * What is known of the health of one server. Reads what others hold; asks no child anything.
 */
import type { InstanceHealth, ServerHealth } from "../kernel/server-health.ts";
import type { Link } from "../upstream/link.ts";
import type { Bridge } from "./bridge.ts";
import { isResting, statusOf } from "./status.ts";

/** Its health at this moment. */
export function healthOf(bridge: Bridge): ServerHealth {
  const { name, slug, state, error } = statusOf(bridge);
  // A place that never had a process says nothing.
  const all = bridge.pool
    .links()
    .map(instanceHealth)
    .filter(({ why }) => why !== undefined);
  const instances = [
    ...all.filter((one) => !isResting(one.state)),
    ...all.filter((one) => isResting(one.state)),
  ];
  return {
    name,
    slug,
    state,
    required: bridge.server.required,
    lastError: error ?? instances[0]?.lastError,
    instances,
  };
}

function instanceHealth({ instance, checkup }: Link): InstanceHealth {
  const { label, state, pid, restartCount, retryInMs, lastError } = instance;
  const { atMs: checkedAtMs, responseTimeMs, consecutiveFails } = checkup;
  const why = instance.cause;
  const place = { label, state, why, pid, restartCount, retryInMs, lastError };
  return { ...place, checkedAtMs, responseTimeMs, consecutiveFails };
}
