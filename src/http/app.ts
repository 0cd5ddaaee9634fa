/**
 * The HTTP surface: who may come in, and the whole route table on one screen.
 *
 * Order for every request: form of the URL, Host, Origin, preflight, route, and in the route who it is
 * from. Nothing about a server is said, and no child is touched, before all of these have passed.
 */
import { Hono } from "hono";
import { TRANSPORT_REFUSED } from "../wire/error-codes.ts";
import { refusal } from "../transport/answers.ts";
import type { ConnectionControl } from "./connection.ts";
import { incoming, type AppOptions, type Env } from "./context.ts";
import { watchAdmin } from "./gate.ts";
import { createHostMatcher, type HostMatch } from "./hosts.ts";
import { authPathKind } from "./auth-paths.ts";
import {
  addCorsHeaders,
  isAllowedOrigin,
  isSameOrigin,
  openPreflightResponse,
  openToAll,
  preflightResponse,
} from "./origins.ts";
import { Peers } from "./peers.ts";
import { healthRoutes } from "./routes/health.ts";
import { adminGuard } from "./admin-guard.ts";
import { adminRoutes } from "./routes/admin.ts";
import { MCP_ENDPOINTS, serveMcp, SlugsByPath } from "./routes/mcp.ts";
import { reply } from "./reply.ts";
import { oauthRoutes } from "./routes/oauth.ts";
import { setUpRoutes } from "./routes/set-up.ts";
import { signInRoutes } from "./routes/sign-in.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { utilityRoutes } from "./routes/utility.ts";
import { wellKnownRoutes } from "./routes/well-known.ts";

export type App = (request: Request, control: ConnectionControl) => Response | Promise<Response>;

const INTERNAL_FAULT = {
  error: "internal_error",
  message: "Internal error of the gateway; see its log",
} as const;

/** What pages of other origins may call, as far as the allow-list lets them; never what steers the gateway. */
const FOR_PAGES = /^\/(?:servers\/)?[^/]+\/(?:mcp|sse|messages?|health)$|^\/health$/;
const ROOT_ENDPOINT = /^\/(?:mcp|sse|messages?)$/;

/** The request handler. Never throws and never rejects. */
export function createApp(options: AppOptions): App {
  const routes = createRoutes(options);
  const matchHost = createHostMatcher(options.hosts);
  const { idleTimeoutSeconds } = options;
  const peers = new Peers(options.trustedProxies);
  const slugs = new SlugsByPath();
  // Calls do not pass Hono: finding the route costs it as much as relaying costs us.
  const serve = (
    request: Request,
    env: Env["Bindings"],
    slug: string | undefined,
  ): Response | Promise<Response> =>
    slug === undefined ? routes.fetch(request, env) : serveMcp({ request, env }, slug, options);
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
    const via = options.isForThisMachine ? peers.untrustedForwarding(request, control) : undefined;
    if (via !== undefined) return forbidden(throughProxy(via));
    const queryAt = url.indexOf("?", pathAt);
    const ownPath = pathOf(url.slice(pathAt, queryAt < 0 ? url.length : queryAt), options);
    const routed = routePath(ownPath, host, options);
    const slug = request.method === "POST" ? slugs.of(routed) : undefined;
    const mayBeAuth = slug === undefined && options.auth !== undefined;
    const kind = mayBeAuth ? authPathKind(ownPath) : undefined;
    const bindings = {
      path: kind === undefined ? routed : ownPath,
      ownPath,
      query: queryAt < 0 ? "" : url.slice(queryAt + 1),
      host,
      peers,
      control,
      idleTimeoutSeconds,
    };
    const origin = request.headers.get("origin");
    if (kind === "documents") {
      return isPreflight(request)
        ? openPreflightResponse(request.headers.get("access-control-request-headers"))
        : openToAll(routes.fetch(request, bindings));
    }
    if (kind === "pages" && origin !== null) {
      return isOwnPage(request, origin, hostHeader)
        ? routes.fetch(request, bindings)
        : forbidden("Forbidden: a page of another origin may not call");
    }
    if (origin === null) {
      if (request.headers.get("sec-fetch-site") === "cross-site" && !isNavigation(request)) {
        return forbidden("Forbidden: a page of another site may not call");
      }
      return serve(request, bindings, slug);
    }
    if (!isAllowedOrigin(origin, hostHeader, options.origins)) {
      return forbidden(
        `Forbidden: Origin ${JSON.stringify(origin)} may not call (see allowedOrigins)`,
      );
    }
    if (!FOR_PAGES.test(bindings.path) && !isSameOrigin(origin, hostHeader)) {
      return forbidden("Forbidden: pages of other origins may call MCP endpoints only");
    }
    if (isPreflight(request)) {
      return preflightResponse(origin, request.headers.get("access-control-request-headers"));
    }
    return withCors(serve(request, bindings, slug), origin);
  };
}

/** The route table, without what comes before it. */
export function createRoutes(options: AppOptions): Hono<Env> {
  const app = new Hono<Env>({ getPath: (_request, context) => context?.env?.path ?? "/" });
  for (const endpoint of MCP_ENDPOINTS) {
    app.all(`/servers/:server/${endpoint}`, (c) =>
      serveMcp(incoming(c), c.req.param("server"), options),
    );
    app.all(`/:server/${endpoint}`, (c) => serveMcp(incoming(c), c.req.param("server"), options));
  }
  utilityRoutes(app, options);
  healthRoutes(app, options.health, adminGuard(options));
  adminRoutes(app, options.admin, adminGuard(options), (request) => watchAdmin(request, options));
  metricsRoutes(app, options.metrics, adminGuard(options));
  if (options.auth !== undefined) {
    wellKnownRoutes(app, options.auth);
    oauthRoutes(app, options.auth);
    setUpRoutes(app, options.auth, options.onFault);
    signInRoutes(app, options.auth, options.onFault);
  }
  app.notFound((c) =>
    reply(c, { error: "not_found", message: "There is nothing at this path" }, 404),
  );
  app.onError((error, c) => {
    options.onFault(error);
    return reply(c, INTERNAL_FAULT, 500);
  });
  return app;
}

/** The path without the public prefix and without a slash at its end. */
function pathOf(whole: string, { publicPrefix }: AppOptions): string {
  const hasPrefix = publicPrefix !== "" && whole.startsWith(`${publicPrefix}/`);
  const path = hasPrefix ? whole.slice(publicPrefix.length) : whole;
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

/** The path to route by: subdomains turned into paths, and the endpoints of a server at the root. */
function routePath(path: string, host: HostMatch, { rootServer }: AppOptions): string {
  if (host.kind === "server") return `/servers/${host.slug}${path === "/" ? "/mcp" : path}`;
  return rootServer !== undefined && ROOT_ENDPOINT.test(path)
    ? `/servers/${rootServer}${path}`
    : path;
}

/** Forms of a page that sends no referrer have the origin "null": then the browser vouches for them. */
function isOwnPage(request: Request, origin: string, host: string): boolean {
  if (origin !== "null") return isSameOrigin(origin, host);
  return request.headers.get("sec-fetch-site") === "same-origin";
}

function isPreflight(request: Request): boolean {
  return request.method === "OPTIONS" && request.headers.has("access-control-request-method");
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

function throughProxy(header: string): string {
  return `Forbidden: the request came through a proxy (${header}), and without authentication only this machine is served. Turn it on (auth.required), or name the proxy in trustedProxies`;
}

function forbidden(message: string): Response {
  return refusal({ status: 403, code: TRANSPORT_REFUSED, message });
}
