/**
 * The metrics, for Prometheus.
 */
import type { Hono, MiddlewareHandler } from "hono";
import type { Env, MetricsPort } from "../context.ts";

/** Mounts `/metrics`. It names servers and what they use, so it is for admins only. */
export function metricsRoutes(
  app: Hono<Env>,
  metrics: MetricsPort,
  admin: MiddlewareHandler<Env>,
): void {
  app.get("/metrics", admin, async () => {
    const headers = { "content-type": metrics.contentType, "cache-control": "no-store" };
    return new Response(await metrics.text(), { headers });
  });
}
