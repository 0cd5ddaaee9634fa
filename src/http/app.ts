/**
 * The HTTP surface: who may come in, and the whole route table on one screen.
 *
 * Order for every request: form of the URL, Host, Origin, preflight, route. Nothing about a server
 * is said, and no child is touched, before the first three have passed.
 */
import { Hono } from "hono";
import { TRANSPORT_REFUSED } from "../wire/error-codes.ts";
import { refusal } from "../transport/answers.ts";
import type { AppOptions, ConnectionControl, Env } from "./context.ts";
import { createHostMatcher, type HostMatch } from "./hosts.ts";
import { addCorsHeaders, isAllowedOrigin, preflightResponse } from "./origins.ts";
import { MCP_ENDPOINTS, serveMcp } from "./routes/mcp.ts";
import { reply } from "./reply.ts";
import { utilityRoutes } from "./routes/utility.ts";

export type App = (request: Request, control: ConnectionControl) => Response | Promise<Response>;

const INTERNAL_FAULT = {
  error: "internal_error",
  message: "Internal error of the gateway; see its log",
} as const;

const ROOT_ENDPOINT = /^\/(?:mcp|sse|messages?)$/;

/** The request handler. Never throws and never rejects. */
export function createApp(options: AppOptions): App {
  const routes = createRoutes(options);
  const matchHost = createHostMatcher(options.hosts);
  const { idleTimeoutSeconds } = options;
  return (request, control) => {
    // Without a usable Host the URL has no origin, and paths in it would be read wrongly.
    const url = request.url;
    const pathAt = url.startsWith("http") ? url.indexOf("/", 8) : -1;
    if (pathAt < 0) return new Response(null, { status: 400 });
    const hostHeader = request.headers.get("host");
    const host = matchHost(hostHeader);
    if (host === undefined || hostHeader === null) {
      return forbidden(
        `Forbidden: Host ${JSON.stringify(hostHeader)} is not served here (see allowedHosts)`,
      );
    }
    const bindings = {
      path: routePath(url, pathAt, host, options),
      host,
      control,
      idleTimeoutSeconds,
    };
    const origin = request.headers.get("origin");
    if (origin === null) {
      if (request.headers.get("sec-fetch-site") === "cross-site" && !isNavigation(request)) {
        return forbidden("Forbidden: a page of another site may not call");
      }
      return routes.fetch(request, bindings);
    }
    if (!isAllowedOrigin(origin, hostHeader, options.origins)) {
      return forbidden(
        `Forbidden: Origin ${JSON.stringify(origin)} may not call (see allowedOrigins)`,
      );
    }
    if (request.method === "OPTIONS" && request.headers.has("access-control-request-method")) {
      return preflightResponse(origin, request.headers.get("access-control-request-headers"));
    }
    return withCors(routes.fetch(request, bindings), origin);
  };
}

function createRoutes(options: AppOptions): Hono<Env> {
  const app = new Hono<Env>({ getPath: (_request, context) => context?.env?.path ?? "/" });
  for (const endpoint of MCP_ENDPOINTS) {
    app.all(`/servers/:server/${endpoint}`, (c) => serveMcp(c, options));
    app.all(`/:server/${endpoint}`, (c) => serveMcp(c, options));
  }
  utilityRoutes(app, options.actions);
  app.notFound((c) =>
    reply(c, { error: "not_found", message: "There is nothing at this path" }, 404),
  );
  app.onError((error, c) => {
    options.onFault(error);
    return reply(c, INTERNAL_FAULT, 500);
  });
  return app;
}

/** The path to route by: public prefix and trailing slash taken off, subdomains turned into paths. */
function routePath(url: string, pathAt: number, host: HostMatch, options: AppOptions): string {
  const queryAt = url.indexOf("?", pathAt);
  let path = queryAt < 0 ? url.slice(pathAt) : url.slice(pathAt, queryAt);
  const { publicPrefix, rootServer } = options;
  if (publicPrefix !== "" && path.startsWith(`${publicPrefix}/`))
    path = path.slice(publicPrefix.length);
  if (path.length > 1 && path.endsWith("/")) path = path.slice(0, -1);
  if (host.kind === "server") return `/servers/${host.slug}${path === "/" ? "/mcp" : path}`;
  return rootServer !== undefined && ROOT_ENDPOINT.test(path)
    ? `/servers/${rootServer}${path}`
    : path;
}

/** A person who follows a link, as opposed to an image or a script that a page loads. */
function isNavigation(request: Request): boolean {
  return request.method === "GET" && request.headers.get("sec-fetch-mode") === "navigate";
}

async function withCors(pending: Response | Promise<Response>, origin: string): Promise<Response> {
  const response = await pending;
  addCorsHeaders(response.headers, origin);
  return response;
}

function forbidden(message: string): Response {
  return refusal({ status: 403, code: TRANSPORT_REFUSED, message });
}
