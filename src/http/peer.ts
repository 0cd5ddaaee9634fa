/**
 * Whom a request came from, as far as the gateway believes it.
 */
import type { Context } from "hono";
import type { Peer } from "../auth/authorization-server.ts";
import type { Env } from "./context.ts";

/** The address at the other end of the connection. */
export function peerOf(c: Context<Env>): Peer {
  return { address: c.env.control.requestIP(c.req.raw)?.address };
}
