/**
 * Endpoints for people and scripts, with the shapes of the predecessor (predecessor.md 1.2, 11).
 */
import type { Hono } from "hono";
import type { Env } from "../app.ts";

export interface ServerStatus {
  readonly name: string;
  readonly slug: string;
  readonly state: string;
  readonly running: boolean;
  readonly pid?: number;
  readonly command: string;
  readonly error?: string;
}

export interface CleanupReport {
  readonly before: number;
  readonly after: number;
  readonly remaining: readonly {
    readonly ref: string;
    readonly server: string;
    readonly openedAtMs: number;
  }[];
}

/** What the composition root lets HTTP do. */
export interface UtilityActions {
  readonly servers: () => readonly ServerStatus[];
  readonly server: (slug: string) => ServerStatus | undefined;
  /** All tools of a running server, as JSON text of an array. @throws GatewayError */
  readonly listTools: (slug: string) => Promise<string>;
  readonly cleanup: () => CleanupReport;
}

const UNKNOWN = { error: "unknown_server", message: "No such server is served here" } as const;

/** Mounts the endpoints. */
export function utilityRoutes(app: Hono<Env>, actions: UtilityActions): void {
  app.get("/health", (c) => c.json({ status: "healthy" }));

  app.get("/servers/:server/health", (c) => {
    const status = actions.server(c.req.param("server"));
    if (status === undefined) return c.json(UNKNOWN, 404);
    const { name, state, error } = status;
    const healthy = state === "ready" || state === "idle";
    const body = { status: healthy ? "healthy" : "unhealthy", server: name, state };
    return c.json(error === undefined ? body : { ...body, error }, healthy ? 200 : 503);
  });

  app.get("/listmcp", (c) => {
    const servers = actions.servers();
    return c.json({ count: servers.length, servers });
  });

  app.get("/listtools/:server", async (c) => {
    const status = actions.server(c.req.param("server"));
    if (status === undefined) return c.json(UNKNOWN, 404);
    const { name, slug } = status;
    try {
      const tools = await actions.listTools(slug);
      const body = `{"server":${JSON.stringify(name)},"response":{"jsonrpc":"2.0","result":{"tools":${tools}}}}`;
      return c.body(body, 200, { "content-type": "application/json" });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return c.json({ error: "server_not_running", message, server: name }, 503);
    }
  });

  app.post("/cleanup", (c) => {
    const { before, after, remaining } = actions.cleanup();
    return c.json({
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
