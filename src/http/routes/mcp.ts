/**
 * The MCP endpoints of a server: every binding on every one of its URLs, told apart by method,
 * session header and query (protocol.md 1.6).
 */
import type { Caller } from "../../kernel/caller.ts";
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
import type { AppOptions, Incoming } from "../context.ts";
import { admitToServer, unknownServer, watchAdmission } from "../gate.ts";

/** Last segments of MCP URLs. Claude.ai posts to whichever it was given, so all serve all. */
export const MCP_ENDPOINTS = ["mcp", "sse", "messages", "message"] as const;

const MCP_PATH = /^\/(?:servers\/)?([a-z0-9-]+)\/(?:mcp|sse|messages?)$/;
const MAX_PATHS = 1_000;
const MAX_PATH_CHARS = 200;

/** The server that a path is an MCP endpoint of, as the routes have it; remembered, as far as there is room. */
export class SlugsByPath {
  readonly #known = new Map<string, string>();

  /** Undefined for a path that the routes must look at. */
  of(path: string): string | undefined {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const slug = MCP_PATH.exec(path)?.[1];
    if (slug === undefined || slug === "servers") return undefined;
    if (this.#known.size < MAX_PATHS && path.length <= MAX_PATH_CHARS) this.#known.set(path, slug);
    return slug;
  }
}

const ALLOWED = "GET, POST, DELETE, OPTIONS";
const PREFIX = /^(?:\/[A-Za-z0-9._~-]+)+$/;

/** Serves one request to a server's MCP endpoint. */
export function serveMcp(
  at: Incoming,
  slug: string,
  options: AppOptions,
): Response | Promise<Response> {
  const caller = admitToServer(at, slug, options);
  if (caller instanceof Response) return caller;
  const handover = options.handover(slug);
  if (handover !== undefined) return handover.then(() => serveMcp(at, slug, options));
  const endpoint = options.endpoints.get(slug);
  if (endpoint === undefined) return unknownServer();
  const { request } = at;
  const context = new McpContext(caller, at, slug, options);
  switch (request.method) {
    case "POST": {
      const waitMs = options.callLimit?.take(caller.user) ?? 0;
      if (waitMs > 0) return tooManyCalls(waitMs);
      const sessionId = sessionIdOf(at.env.query);
      return sessionId === null
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

/** The facts of a request, found when they are asked for: most requests need none of them. */
class McpContext implements RequestContext {
  readonly caller: Caller;
  readonly #at: Incoming;
  readonly #slug: string;
  readonly #options: AppOptions;

  constructor(caller: Caller, at: Incoming, slug: string, options: AppOptions) {
    this.caller = caller;
    this.#at = at;
    this.#slug = slug;
    this.#options = options;
  }

  watchCaller(): () => boolean {
    const { auth } = this.#options;
    return auth === undefined ? always : watchAdmission(this.#at.request, this.#slug, auth);
  }

  messagesUri(sessionId: string): string {
    const path = messagesPath(this.#at, this.#slug, this.#options);
    return `${path}?sessionId=${encodeURIComponent(sessionId)}`;
  }

  liftTimeout(): void {
    const { request, env } = this.#at;
    env.control.timeout(request, 0);
  }

  restoreTimeout(): void {
    const { request, env } = this.#at;
    env.control.timeout(request, env.idleTimeoutSeconds);
  }
}

function sessionIdOf(query: string): string | null {
  return query.includes("sessionId=") ? new URLSearchParams(query).get("sessionId") : null;
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
function messagesPath({ request, env }: Incoming, slug: string, options: AppOptions): string {
  if (env.host.kind === "server") return "/messages";
  const forwarded = request.headers.get("x-forwarded-prefix")?.replace(/\/$/, "");
  const isBelieved =
    forwarded !== undefined &&
    PREFIX.test(forwarded) &&
    env.peers.isFromTrusted(request, env.control);
  return `${isBelieved ? forwarded : options.publicPrefix}/${slug}/messages`;
}
