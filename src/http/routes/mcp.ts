/**
 * The MCP endpoints of a server: every binding on every one of its URLs, told apart by method,
 * session header and query (protocol.md 1.6).
 */
import type { Context } from "hono";
import { TRANSPORT_REFUSED } from "../../wire/error-codes.ts";
import { draining, refusal } from "../../transport/answers.ts";
import type { RequestContext } from "../../transport/endpoint.ts";
import { openHttpSse, postHttpSse } from "../../transport/http-sse.ts";
import { readAccept } from "../../transport/negotiation.ts";
import {
  deleteStreamable,
  getStreamable,
  postStreamable,
} from "../../transport/streamable-http.ts";
import type { AppOptions, Env } from "../context.ts";
import { admitToServer, unknownServer, watchAdmission } from "../gate.ts";

/** Last segments of MCP URLs. Claude.ai posts to whichever it was given, so all serve all. */
export const MCP_ENDPOINTS = ["mcp", "sse", "messages", "message"] as const;

const ALLOWED = "GET, POST, DELETE, OPTIONS";
const PREFIX = /^(?:\/[A-Za-z0-9._~-]+)+$/;

/** Serves one request to a server's MCP endpoint. */
export function serveMcp(c: Context<Env>, options: AppOptions): Response | Promise<Response> {
  const slug = c.req.param("server") ?? "";
  const caller = admitToServer(c, slug, options);
  if (caller instanceof Response) return caller;
  const handover = options.handover(slug);
  if (handover !== undefined) return handover.then(() => serveMcp(c, options));
  const endpoint = options.endpoints.get(slug);
  if (endpoint === undefined) return unknownServer(c);
  const request = c.req.raw;
  const context: RequestContext = {
    caller,
    mayGoOn: options.auth === undefined ? always : watchAdmission(request, slug, options.auth),
    messagesUri: (sessionId) =>
      `${messagesPath(c, slug, options)}?sessionId=${encodeURIComponent(sessionId)}`,
    liftTimeout: () => c.env.control.timeout(request, 0),
    restoreTimeout: () => c.env.control.timeout(request, c.env.idleTimeoutSeconds),
  };
  switch (request.method) {
    case "POST": {
      const waitMs = options.callLimit?.take(caller.user) ?? 0;
      if (waitMs > 0) return tooManyCalls(waitMs);
      const sessionId = request.url.includes("sessionId=") ? c.req.query("sessionId") : undefined;
      return sessionId === undefined
        ? postStreamable(request, endpoint, context)
        : postHttpSse(request, sessionId, endpoint, context);
    }
    case "GET": {
      const sessionId = request.headers.get("mcp-session-id");
      if (sessionId !== null) return getStreamable(request, sessionId, endpoint, context);
      if (endpoint.isDraining()) return draining();
      if (asksForStream(request)) return openHttpSse(endpoint, context);
      const message = "Not Acceptable: Accept must include text/event-stream";
      return refusal({ status: 406, code: TRANSPORT_REFUSED, message });
    }
    case "DELETE":
      return deleteStreamable(request, endpoint, context);
    case "OPTIONS":
      return new Response(null, { status: 204, headers: { allow: ALLOWED } });
    default: {
      const message = `Method Not Allowed: ${request.method}`;
      return refusal({ status: 405, code: TRANSPORT_REFUSED, message }, undefined, {
        allow: ALLOWED,
      });
    }
  }
}

function always(): boolean {
  return true;
}

function tooManyCalls(waitMs: number): Response {
  const message = "Too Many Requests: see limits.maxCallsPerMinute";
  const headers = { "retry-after": String(Math.ceil(waitMs / 1000)) };
  return refusal({ status: 429, code: TRANSPORT_REFUSED, message }, undefined, headers);
}

/** By name: what takes anything, such as an image on a foreign page, must not open a session. */
function asksForStream(request: Request): boolean {
  const accept = request.headers.get("accept") ?? "";
  return accept.includes("text/event-stream") && readAccept(accept).sse;
}

/** The path to post to, as the client sees it: behind a subdomain, a public prefix, or a path. */
function messagesPath(c: Context<Env>, slug: string, options: AppOptions): string {
  if (c.env.host.kind === "server") return "/messages";
  const forwarded = c.req.header("x-forwarded-prefix")?.replace(/\/$/, "");
  const isBelieved =
    forwarded !== undefined &&
    PREFIX.test(forwarded) &&
    c.env.peers.isFromTrusted(c.req.raw, c.env.control);
  return `${isBelieved ? forwarded : options.publicPrefix}/${slug}/messages`;
}
