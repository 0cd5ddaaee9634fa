/**
 * Pure. Which public names lead to the gateway, as rules of Traefik v3: one for each server's
 * subdomain, one for the main host, and one for a public URL.
 */
import type { GatewayConfig } from "../config/model.ts";
import { isLocalName } from "../config/scalars.ts";

/** The part of the configuration that routing depends on. */
export type RoutingConfig = Pick<
  GatewayConfig,
  "domain" | "mcpDomain" | "publicUrl" | "port" | "servers"
>;

export interface Route {
  /** Names the router: letters, digits and dashes. */
  readonly name: string;
  /** In Traefik's words, such as ``Host(`memory.mcp.example.org`)``. */
  readonly rule: string;
}

/** Name of the service, the image and the container. */
export const SERVICE = "remote-mcp-proxy";

/** True when the domain is one that others can reach. */
export function hasPublicDomain({ mcpDomain }: Pick<RoutingConfig, "mcpDomain">): boolean {
  return !isLocalName(mcpDomain);
}

/** All routes; none for an installation that has no public name. */
export function routesOf(config: RoutingConfig): readonly Route[] {
  const { mcpDomain, publicUrl, servers } = config;
  const subdomains = hasPublicDomain(config)
    ? [
        { name: SERVICE, rule: host(mcpDomain) },
        ...servers.map(({ slug }) => ({
          name: `${SERVICE}-${slug}`,
          rule: host(`${slug}.${mcpDomain}`),
        })),
      ]
    : [];
  return publicUrl === undefined ? subdomains : [...subdomains, publicRoute(publicUrl)];
}

/** The host that the health check of a reverse proxy must name, since others are refused. */
export function mainHost(config: RoutingConfig): string {
  if (hasPublicDomain(config)) return config.mcpDomain;
  return config.publicUrl === undefined ? "localhost" : new URL(config.publicUrl).hostname;
}

/** RFC 8414 and RFC 9728 put a path behind `/.well-known/…`, so that has to be routed as well. */
function publicRoute(publicUrl: string): Route {
  const { hostname, pathname } = new URL(publicUrl);
  const prefix = pathname.replace(/\/+$/, "");
  const name = `${SERVICE}-public`;
  if (prefix === "") return { name, rule: host(hostname) };
  const wellKnown = ["oauth-protected-resource", "oauth-authorization-server"].map(
    (document) => `PathPrefix(\`/.well-known/${document}${prefix}\`)`,
  );
  const paths = [`Path(\`${prefix}\`)`, `PathPrefix(\`${prefix}/\`)`, ...wellKnown].join(" || ");
  return { name, rule: `${host(hostname)} && (${paths})` };
}

function host(name: string): string {
  return `Host(\`${name}\`)`;
}
