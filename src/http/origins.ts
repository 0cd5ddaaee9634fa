/**
 * Pure. Which web pages may call: the second wall against DNS rebinding and the allow-list of CORS.
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning
 */

/** Hosted clients that run in a browser. */
const KNOWN_CLIENTS: ReadonlySet<string> = new Set([
  "https://claude.ai",
  "https://claude.com",
  "https://chatgpt.com",
]);
/** Where the MCP Inspector's page is served. */
const INSPECTOR_PORTS: ReadonlySet<string> = new Set(["6274", "6277"]);

export interface OriginPolicy {
  readonly allowedOrigins: readonly string[];
  /** Pages of this machine may call on any port, because the gateway serves this machine only. */
  readonly loopbackOnly: boolean;
}

/** True when a page of this origin may call. `host` is the raw Host header. */
export function isAllowedOrigin(origin: string, host: string, policy: OriginPolicy): boolean {
  if (KNOWN_CLIENTS.has(origin) || policy.allowedOrigins.includes(origin)) return true;
  const match = /^https?:\/\/(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::(\d{1,5}))?$/.exec(origin);
  if (match === null) return false;
  const [, name = "", port = ""] = match;
  if (isSameOrigin(origin, host)) return true;
  const isLocal = name === "localhost" || name === "127.0.0.1" || name === "[::1]";
  return isLocal && (policy.loopbackOnly || INSPECTOR_PORTS.has(port));
}

/** True for a page that this very host has served. */
export function isSameOrigin(origin: string, host: string): boolean {
  return origin === `https://${host}` || origin === `http://${host}`;
}

const EXPOSED = "Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate";

/** Adds what lets the page of an allowed origin read the response. */
export function addCorsHeaders(headers: Headers, origin: string): void {
  headers.set("access-control-allow-origin", origin);
  headers.append("vary", "Origin");
  headers.set("access-control-expose-headers", EXPOSED);
}

/** The answer to a preflight. Names of `Mcp-Param-*` headers cannot be listed, so they are reflected. */
export function preflightResponse(origin: string, requestedHeaders: string | null): Response {
  const headers = new Headers({
    "access-control-allow-methods": "GET, POST, DELETE, OPTIONS",
    "access-control-max-age": "600",
  });
  if (requestedHeaders !== null) headers.set("access-control-allow-headers", requestedHeaders);
  addCorsHeaders(headers, origin);
  headers.append("vary", "Access-Control-Request-Headers");
  return new Response(null, { status: 204, headers });
}

/** Lets pages of any origin read an answer that holds nothing of anybody. */
export async function openToAll(pending: Response | Promise<Response>): Promise<Response> {
  const response = await pending;
  response.headers.set("access-control-allow-origin", "*");
  return response;
}

/** The answer to a preflight for what any page may call. */
export function openPreflightResponse(requestedHeaders: string | null): Response {
  const headers = new Headers({
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, POST, OPTIONS",
    "access-control-max-age": "600",
  });
  if (requestedHeaders !== null) headers.set("access-control-allow-headers", requestedHeaders);
  headers.append("vary", "Access-Control-Request-Headers");
  return new Response(null, { status: 204, headers });
}
