/**
 * Who may use the admin routes over HTTP: whoever signs in or has a key, as an administrator; where
 * nobody is asked for one, programs of this machine, when the gateway serves this machine only. Pages
 * of other origins never, also those that MCP clients run on.
 */
import type { MiddlewareHandler } from "hono";
import type { AppOptions, Env } from "./context.ts";
import { requireAdmin } from "./gate.ts";
import { isSameOrigin } from "./origins.ts";
import { reply } from "./reply.ts";

const LOCAL_ONLY =
  "Administration without authentication is for callers of this machine only. Use the command line on the host of the gateway";
const NO_PAGES = "A page of another origin may not administer the gateway";

/** Lets administrators pass. */
export function adminGuard(
  options: Pick<AppOptions, "auth" | "isForThisMachine">,
): MiddlewareHandler<Env> {
  const asked = requireAdmin(options);
  return async (c, next) => {
    const origin = c.req.header("origin");
    if (origin !== undefined && !isSameOrigin(origin, c.req.header("host") ?? "")) {
      return reply(c, { error: "forbidden", message: NO_PAGES }, 403);
    }
    if (options.auth !== undefined) return asked(c, next);
    if (options.isForThisMachine) return next();
    return reply(c, { error: "forbidden", message: LOCAL_ONLY }, 403);
  };
}
