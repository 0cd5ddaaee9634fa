/**
 * Pure. The URLs under which people reach what the gateway serves.
 */
import { localName } from "../kernel/address.ts";
import type { GatewayConfig } from "./model.ts";
import { isIpv4, isLocalName } from "./scalars.ts";

/** The addresses of one server. */
export interface ServerUrls {
  /** Streamable HTTP. */
  readonly mcp: string;
  /** HTTP+SSE, and Streamable HTTP by POST. */
  readonly sse: string;
}

/** What URLs depend on. */
export type UrlConfig = Pick<
  GatewayConfig,
  "host" | "domain" | "mcpDomain" | "publicUrl" | "tls" | "rootServer"
>;

/** The address at which the gateway listens, as a client on this machine writes it; no slash at its end. */
export function bindUrl(config: UrlConfig, boundPort: number): string {
  const scheme = config.tls === undefined ? "http" : "https";
  const anywhere: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };
  const host = anywhere[config.host] ?? config.host;
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${boundPort}`;
}

/**
 * The URLs of a server that are worth printing: behind the public URL if there is one, at its
 * subdomain of a real domain, else by path at the bind address, since `*.localhost` does not
 * resolve everywhere.
 */
export function serverUrls(
  config: UrlConfig,
  slug: string,
  boundPort: number,
  isAuthOn = false,
): ServerUrls {
  if (config.publicUrl !== undefined) return below(`${config.publicUrl}/${slug}`);
  if (isLocalName(config.mcpDomain) || isIpv4(config.domain)) {
    return below(`${localUrl(config, boundPort, isAuthOn)}/${slug}`);
  }
  return below(`https://${slug}.${config.mcpDomain}`);
}

/** The URLs of the only server of a one-server form, at the root; undefined in any other form. */
export function rootUrls(
  config: UrlConfig,
  boundPort: number,
  isAuthOn = false,
): ServerUrls | undefined {
  if (config.rootServer === undefined) return undefined;
  return below(config.publicUrl ?? localUrl(config, boundPort, isAuthOn));
}

/** With authentication a client compares the URL with the one that tokens are for (RFC 9728 3.3). */
function localUrl(config: UrlConfig, boundPort: number, isAuthOn: boolean): string {
  if (!isAuthOn) return bindUrl(config, boundPort);
  const scheme = config.tls === undefined ? "http" : "https";
  return `${scheme}://${localName(config.host)}:${boundPort}`;
}

function below(base: string): ServerUrls {
  return { mcp: `${base}/mcp`, sse: `${base}/sse` };
}

/** Host of the public URL, without a port. */
export function publicHost(url: string | undefined): string | undefined {
  return url === undefined ? undefined : new URL(url).hostname.toLowerCase();
}

/** Path of the public URL without a slash at its end; "" when there is none. */
export function publicPrefix(url: string | undefined): string {
  return url === undefined ? "" : new URL(url).pathname.replace(/\/+$/, "");
}
