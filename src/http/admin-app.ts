/**
 * The surface on the admin socket: whoever may open that file is the owner of the gateway, so nobody
 * is asked for a key, and no host or origin is compared. The same routes as over HTTP, MCP included.
 */
import { Hono } from "hono";
import type { ConnectionControl } from "./connection.ts";
import { incoming, type AppOptions, type Env } from "./context.ts";
import type { App } from "./app.ts";
import { reply } from "./reply.ts";
import { adminRoutes } from "./routes/admin.ts";
import { MCP_ENDPOINTS, serveMcp } from "./routes/mcp.ts";
import { utilityRoutes } from "./routes/utility.ts";

/** The request handler. Never throws and never rejects. */
export function createAdminApp(appOptions: AppOptions): App {
  const options: AppOptions = { ...appOptions, auth: undefined };
  const app = new Hono<Env>();
  for (const endpoint of MCP_ENDPOINTS) {
    app.all(`/servers/:server/${endpoint}`, (c) =>
      serveMcp(incoming(c), c.req.param("server"), options),
    );
  }
  utilityRoutes(app, options);
  adminRoutes(app, options.admin, async (_c, next) => next());
  app.notFound((c) =>
    reply(c, { error: "not_found", message: "There is nothing at this path" }, 404),
  );
  app.onError((error, c) => {
    options.onFault(error);
    return reply(c, { error: "internal_error", message: "Internal error; see the log" }, 500);
  });
  return (request: Request, control: ConnectionControl) => {
    const { idleTimeoutSeconds } = options;
    const { pathname: path, search } = new URL(request.url);
    const query = search.slice(1);
    return app.fetch(request, { path, query, host: { kind: "main" }, control, idleTimeoutSeconds });
  };
}
