/**
 * The documents by which clients find out how to get in: protected resource metadata for each URL of
 * a server, and the authorization server's own. Built from the configuration, never from a header.
 *
 * They are the same for servers that exist and those that do not: nobody is told names here.
 * @see https://www.rfc-editor.org/rfc/rfc9728
 * @see https://www.rfc-editor.org/rfc/rfc8414
 */
import type { Context, Hono } from "hono";
import type { Issuer, PublicHosts } from "../../auth/public-hosts.ts";
import type { AuthPort, Env } from "../context.ts";
import { reply } from "../reply.ts";

const RESOURCE = "/.well-known/oauth-protected-resource";
const SERVER_DOCUMENTS = [
  "/.well-known/oauth-authorization-server",
  "/.well-known/openid-configuration",
] as const;

/** Behind the name of a well-known: nothing, or an endpoint, of a host or of a server's path. */
const ENDPOINT = /^\/?$|^\/(?:mcp|sse)$/;
const SERVER_PATH = /^(?:\/servers)?\/([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(\/?|\/mcp|\/sse)$/;

/** Mounts the documents. */
export function wellKnownRoutes(app: Hono<Env>, auth: AuthPort): void {
  app.get(`${RESOURCE}/*`, (c) => resourceMetadata(c, auth));
  for (const name of SERVER_DOCUMENTS) {
    app.get(`${name}/*`, (c) => serverMetadata(c, auth, name));
  }
}

/** Where the metadata of the URL that a request came to is, as the client can reach it. */
export function resourceMetadataUrl(env: Env["Bindings"], auth: AuthPort): string {
  const { issuer, base } = placeOf(env, auth.publicHosts());
  const { ownPath } = env;
  const path = ownPath === "/" ? "" : ownPath.replace(/\/messages?$/, "/sse");
  return `${issuer.issuer}${RESOURCE}${base.slice(issuer.issuer.length)}${path}`;
}

/** What the host of a request stands for. */
interface Place {
  readonly issuer: Issuer;
  /** What the paths of resources are added to. */
  readonly base: string;
  /** The server of a subdomain, whether or not it exists. */
  readonly slug: string | undefined;
}

function placeOf({ host }: Env["Bindings"], hosts: PublicHosts): Place {
  const { root } = hosts;
  if (host.kind === "main") return { issuer: root, base: root.issuer, slug: undefined };
  const own = hosts.atSubdomain(host.slug);
  // Subdomains that mean this machine only are a second way to a path of the root.
  if (own === undefined)
    return { issuer: root, base: `${root.issuer}/${host.slug}`, slug: host.slug };
  return { issuer: own, base: own.issuer, slug: host.slug };
}

function resourceMetadata(c: Context<Env>, auth: AuthPort): Response {
  const hosts = auth.publicHosts();
  const { issuer, base, slug } = placeOf(c.env, hosts);
  const suffix = behind(c, RESOURCE, issuer);
  const named = slug === undefined ? serverAt(suffix, hosts) : slug;
  if (named === undefined || (slug !== undefined && !ENDPOINT.test(suffix))) return nothing(c);
  return reply(c, {
    resource: base + suffix,
    authorization_servers: [issuer.issuer],
    scopes_supported: ["mcp"],
    bearer_methods_supported: ["header"],
    resource_name: named,
  });
}

/** The server that a path of the root issuer means. */
function serverAt(suffix: string, hosts: PublicHosts): string | undefined {
  if (ENDPOINT.test(suffix)) return hosts.rootServer;
  return SERVER_PATH.exec(suffix)?.[1];
}

function serverMetadata(c: Context<Env>, auth: AuthPort, name: string): Response {
  const { issuer } = placeOf(c.env, auth.publicHosts());
  const isExact = behind(c, name, issuer) === "";
  if (!isExact || auth.authorizationServer === undefined) return nothing(c);
  return reply(c, auth.authorizationServer.metadata(issuer));
}

/** What follows the name of the well-known, without the issuer's path: both places of it are served. */
function behind(c: Context<Env>, name: string, { basePath }: Issuer): string {
  const suffix = c.env.ownPath.slice(name.length);
  const isBelow = basePath !== "" && (suffix === basePath || suffix.startsWith(`${basePath}/`));
  return isBelow ? suffix.slice(basePath.length) : suffix;
}

function nothing(c: Context<Env>): Response {
  return reply(c, { error: "not_found", message: "There is nothing at this path" }, 404);
}
