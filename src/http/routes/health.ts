/**
 * Health for people, orchestrators and scripts. All of it is answered from memory, whatever the
 * servers do. `/health`, `/healthz` and `/readyz` name no server: anybody may ask them.
 */
import type { Hono, MiddlewareHandler } from "hono";
import type { Env } from "../context.ts";
import type { HealthActions } from "../health-actions.ts";
import { unknownServer } from "../gate.ts";
import { reply } from "../reply.ts";

/** Mounts the endpoints; `admin` lets through who may see servers by name. */
export function healthRoutes(
  app: Hono<Env>,
  health: HealthActions,
  admin: MiddlewareHandler<Env>,
): void {
  app.get("/health", (c) => reply(c, { status: "healthy" }));
  app.get("/healthz", (c) => reply(c, { status: "healthy" }));
  app.get("/readyz", (c) => {
    const { isReady, reason } = health.readiness();
    return reply(
      c,
      isReady ? { status: "ready" } : { status: "not ready", reason },
      isReady ? 200 : 503,
    );
  });
  app.get("/health/servers", admin, (c) => reply(c, health.servers()));
  app.get("/health/servers/:server", admin, (c) => {
    const answer = health.server(c.req.param("server"));
    if (answer === undefined) return unknownServer();
    return reply(c, answer.body, answer.isHealthy ? 200 : 503);
  });
  app.get("/health/resources", admin, (c) => reply(c, health.resources()));
}
