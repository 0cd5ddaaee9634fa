/**
 * Endpoints for people and scripts, with the shapes of the predecessor (predecessor.md 1.2, 11).
 */
import type { Context, Hono } from "hono";
import type { Env, UtilityActions } from "../context.ts";

const UNKNOWN = { error: "unknown_server", message: "No such server is served here" } as const;

/** Mounts the endpoints. */
export function utilityRoutes(app: Hono<Env>, actions: UtilityActions): void {
  app.get("/health", (c) => reply(c, { status: "healthy" }));

  app.get("/servers/:server/health", (c) => {
    const status = actions.server(c.req.param("server"));
    if (status === undefined) return reply(c, UNKNOWN, 404);
    const { name, state, error } = status;
    const healthy = state === "ready" || state === "idle";
    const body = { status: healthy ? "healthy" : "unhealthy", server: name, state };
    return reply(c, error === undefined ? body : { ...body, error }, healthy ? 200 : 503);
  });

  app.get("/listmcp", (c) => {
    const servers = actions.servers();
    return reply(c, { count: servers.length, servers });
  });

  app.get("/listtools/:server", async (c) => {
    const status = actions.server(c.req.param("server"));
    if (status === undefined) return reply(c, UNKNOWN, 404);
    const { name, slug } = status;
    try {
      const tools = await actions.listTools(slug);
      const body = `{"server":${JSON.stringify(name)},"response":{"jsonrpc":"2.0","result":{"tools":${tools}}}}`;
      return reply(c, body);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return reply(c, { error: "server_not_running", message, server: name }, 503);
    }
  });

  app.post("/cleanup", (c) => {
    const { before, after, remaining } = actions.cleanup();
    return reply(c, {
      message: "Cleanup completed",
      connections_before: before,
      connections_after: after,
      cleaned_count: before - after,
      remaining_sessions: remaining.map((session) => ({
        session_id: session.ref,
        server_name: session.server,
        connected_at: new Date(session.openedAtMs).toISOString(),
      })),
    });
  });
}

const HEADERS = {
  "content-type": "application/json",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
} as const;

function reply(
  c: Context<Env>,
  body: object | string,
  status: 200 | 404 | 500 | 503 = 200,
): Response {
  return c.body(typeof body === "string" ? body : JSON.stringify(body), status, HEADERS);
}
