/**
 * Whom the request of a route came from, as far as the gateway believes it.
 */
import type { Context } from "hono";
import type { Peer } from "../auth/authorization-server.ts";
import type { Env } from "./context.ts";

/** The caller's address: the far end of the connection, or whom trusted proxies there name. */
export function peerOf(c: Context<Env>): Peer {
  return c.env.peers.of(c.req.raw, c.env.control);
}
