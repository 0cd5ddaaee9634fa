/**
 * Endpoints for people and scripts, with the shapes of the predecessor (predecessor.md 1.2, 11).
 */
import type { Hono } from "hono";
import { healthWord } from "../../observe/health-report.ts";
import { incoming, type AppOptions, type Env } from "../context.ts";
import { adminGuard } from "../admin-guard.ts";
import { admitToServer, adminUser, unknownServer } from "../gate.ts";
import { reply } from "../reply.ts";

/** Mounts the endpoints. They are for somebody only. */
export function utilityRoutes(app: Hono<Env>, options: AppOptions): void {
  const { actions } = options;
  const admin = adminGuard(options);
  // Whoever asks while a listing runs gets the same one: a child is not asked a hundred times.
  const listings = new Map<string, Promise<string>>();
  const listToolsOnce = (slug: string, user: string): Promise<string> => {
    const key = `${slug} ${user}`;
    const running = listings.get(key);
    if (running !== undefined) return running;
    const listing = actions.listTools(slug, user).finally(() => listings.delete(key));
    listings.set(key, listing);
    return listing;
  };

  app.get("/servers/:server/health", (c) => {
    const slug = c.req.param("server");
    const admitted = admitToServer(incoming(c), slug, options);
    if (admitted instanceof Response) return admitted;
    const status = actions.server(slug);
    if (status === undefined) return unknownServer();
    const { name, state, error } = status;
    const word = healthWord(state);
    const body = { status: word, server: name, state };
    return reply(
      c,
      error === undefined ? body : { ...body, error },
      word === "healthy" ? 200 : 503,
    );
  });

  app.get("/listmcp", admin, (c) => {
    const servers = actions.servers();
    return reply(c, { count: servers.length, servers });
  });

  app.get("/listtools/:server", admin, async (c) => {
    const status = actions.server(c.req.param("server"));
    if (status === undefined) return unknownServer();
    const { name, slug } = status;
    c.env.control.timeout(c.req.raw, 0);
    try {
      const tools = await listToolsOnce(slug, adminUser(c, options));
      const body = `{"server":${JSON.stringify(name)},"response":{"jsonrpc":"2.0","result":{"tools":${tools}}}}`;
      return reply(c, body);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return reply(c, { error: "server_not_running", message, server: name }, 503);
    } finally {
      c.env.control.timeout(c.req.raw, c.env.idleTimeoutSeconds);
    }
  });

  app.post("/cleanup", admin, (c) => {
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
