/**
 * The admin socket of a gateway that runs. A gateway without one serves all the same.
 */
import { createAdminApp } from "../http/admin-app.ts";
import { listenAdmin, type AdminListener } from "../http/admin-listener.ts";
import type { AppOptions } from "../http/context.ts";
import { adminSocketPath } from "../runtime/admin-path.ts";
import type { GatewayOptions } from "./options.ts";

/** Opens it in the data folder. Undefined, and said, when that is not possible. */
export async function openAdminSocket(
  app: AppOptions,
  { config, clock, emit }: GatewayOptions,
): Promise<AdminListener | undefined> {
  const path = adminSocketPath(config.dataDir);
  const { onFault } = app;
  const listening = await listenAdmin({ path, app: createAdminApp(app), clock, onFault });
  if (listening.ok) return listening.value;
  const message = `commands such as "status" cannot reach this gateway, since ${path} cannot be used: ${listening.error}`;
  emit({ kind: "gateway.notice", level: "WARNING", message });
  return undefined;
}
