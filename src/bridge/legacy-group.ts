/**
 * Which process of a legacy server a request of a modern client goes to (protocol.md 9.1, 9.2, 9.10).
 */
import { toldCapabilities } from "../codec/client-capabilities.ts";
import { canAsk } from "../codec/modern-capabilities.ts";
import { modernMethod } from "../codec/modern-methods.ts";
import type { ServerConfig } from "../config/model.ts";
import type { Group } from "../upstream/group.ts";
import type { Pool } from "../upstream/pool.ts";
import type { ModernRequest } from "./modern-request.ts";

/** @throws GatewayError OVERLOADED when no further process may be started */
export function legacyGroupFor(request: ModernRequest, pool: Pool, server: ServerConfig): Group {
  const { principal, envelope, message } = request;
  const { capabilities } = envelope;
  if (server.instances === "shared" || message.method === "server/discover") {
    return pool.base(principal);
  }
  const told = toldCapabilities(capabilities, server.roots, server.clientCapabilities);
  const mayAsk = modernMethod(message.method)?.mayAsk === true && canAsk(capabilities);
  return mayAsk ? pool.leased(principal, told) : pool.group(principal, told);
}
