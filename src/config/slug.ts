/**
 * Pure. Names of servers as people have them, and the DNS label that each gets in URLs.
 *
 * A slug is a label of RFC 1035 in lower case, so that `{slug}.mcp.example.org` is a host name, and
 * the first segment of a path, so that it must not be a route of the gateway's own.
 */

/** Longest DNS label (RFC 1035 section 2.3.4). */
const MAX_LABEL = 63;

/**
 * First path segments of every endpoint that exists or is planned, as slugs (`favicon.ico` is
 * `favicon-ico`). A server of such a name would hide one of them, or be hidden.
 */
export const RESERVED_SLUGS: ReadonlySet<string> = new Set(
  `mcp sse message messages servers health healthz livez readyz ready live status ping version
  listmcp listtools cleanup metrics admin api dashboard ui events logs log config reload restart
  authorize authorization token tokens register revoke login logout signin signout sign-in sign-out
  set-up consent oauth
  oauth2 oidc auth device callback setup keys jwks interaction interactions userinfo introspect
  session sessions account accounts users favicon-ico robots-txt well-known assets static docs
  schema openapi openapi-json traefik`.split(/\s+/),
);

/**
 * The DNS label of a name: lower case, accents removed, anything else than `a-z0-9-` a dash, at most
 * 63 characters, no dash at its ends. Empty when nothing of the name is left.
 */
export function slugOf(name: string): string {
  return name
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, MAX_LABEL)
    .replace(/-+$/, "");
}
