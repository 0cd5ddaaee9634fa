/**
 * Pure. Which host a request is meant for, by the raw Host header against the configured hosts:
 * the first wall against DNS rebinding (auth.md section 2).
 *
 * Never `new URL(request.url).host`: with two Host headers the URL shows the first, the header both.
 */

/** `main`: utility endpoints and paths; `server`: the subdomain of one server. */
export type HostMatch =
  { readonly kind: "main" } | { readonly kind: "server"; readonly slug: string };

export interface HostPolicy {
  /** The address that is listened on. */
  readonly bindHost: string;
  readonly mcpDomain: string;
  /** Host of the public URL, without a port. */
  readonly publicHost: string | undefined;
  readonly allowedHosts: readonly string[];
}

const MAIN: HostMatch = { kind: "main" };
const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);
const WILDCARD: ReadonlySet<string> = new Set(["0.0.0.0", "::", "[::]"]);

/** Longest Host header whose answer is remembered: a DNS name, brackets and a port fit. */
const MAX_REMEMBERED = 300;

/** Name of a Host header without its port, lower case; undefined when it is no single host. */
export function hostName(header: string | null): string | undefined {
  if (header === null) return undefined;
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/.exec(header);
  return match?.[1]?.toLowerCase();
}

/** Matches Host headers, with the answer for each name remembered (a bounded number of them). */
export function createHostMatcher(
  policy: HostPolicy,
): (header: string | null) => HostMatch | undefined {
  const known = new Map<string, HostMatch | undefined>();
  return (header) => {
    if (header === null) return undefined;
    const before = known.get(header);
    if (before !== undefined || known.has(header)) return before;
    const match = matchHost(header, policy);
    if (known.size < 1000 && header.length <= MAX_REMEMBERED) known.set(header, match);
    return match;
  };
}

function matchHost(header: string, policy: HostPolicy): HostMatch | undefined {
  const name = hostName(header);
  if (name === undefined) return undefined;
  const { bindHost, mcpDomain, publicHost, allowedHosts } = policy;
  const domain = mcpDomain.toLowerCase();
  if (LOOPBACK.has(name) || name === asHost(bindHost) || name === domain) return MAIN;
  if (name === publicHost || allowedHosts.some((one) => one.toLowerCase() === name)) return MAIN;
  if (name.endsWith(`.${domain}`)) {
    const slug = name.slice(0, -domain.length - 1);
    return slug.includes(".") ? undefined : { kind: "server", slug };
  }
  // An address cannot be rebound, only a name can: whoever reached a wildcard bind by it meant us.
  const isAddress = name.startsWith("[") || /^\d{1,3}(\.\d{1,3}){3}$/.test(name);
  return WILDCARD.has(bindHost) && isAddress ? MAIN : undefined;
}

/** A bind address as a Host header writes it: IPv6 in brackets. */
function asHost(bindHost: string): string {
  const name = bindHost.toLowerCase();
  return name.includes(":") && !name.startsWith("[") ? `[${name}]` : name;
}
