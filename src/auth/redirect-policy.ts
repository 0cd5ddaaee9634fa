/**
 * Pure. Where a browser may be sent back to (auth.md 3.2): by the characters, the scheme and the
 * host of a redirect URI. Whether it is the client's own is compared elsewhere, letter by letter.
 */

/** Hosts of the clients that everybody uses. */
const KNOWN_HOSTS: readonly string[] = [
  "claude.ai",
  "claude.com",
  "chatgpt.com",
  "vscode.dev",
  "cursor.com",
  "www.cursor.com",
];

const LOOPBACK_HOSTS: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** Schemes that run or read something instead of sending a browser somewhere. */
const NEVER = new Set([
  "about:",
  "blob:",
  "data:",
  "file:",
  "ftp:",
  "intent:",
  "javascript:",
  "mailto:",
  "vbscript:",
  "view-source:",
  "ws:",
  "wss:",
]);

const MAX_LENGTH = 2048;
/** Printable ASCII without what browsers and parsers read differently. */
const PLAIN = /^[!-~]+$/;
const ODD = /["'<>\\^`{|}#]/;

/** What the configuration allows beside the known. */
export interface RedirectRules {
  readonly redirectHosts: "any" | readonly string[];
  readonly redirectSchemes: readonly string[];
}

/** Why a redirect URI is refused; undefined when it is not. */
export function redirectProblem(uri: unknown, rules: RedirectRules): string | undefined {
  const problem = redirectFormProblem(uri);
  if (problem !== undefined || typeof uri !== "string") return problem;
  const url = new URL(uri);
  if (url.protocol === "https:") {
    return isAllowedHost(url, rules)
      ? undefined
      : `redirects to the host ${url.host} are not allowed here (proxy.auth.redirectHosts)`;
  }
  if (url.protocol === "http:") return undefined;
  return rules.redirectSchemes.includes(url.protocol.slice(0, -1))
    ? undefined
    : `redirects to the scheme ${url.protocol} are not allowed here (proxy.auth.redirectSchemes)`;
}

/** Why a URI can never be one to redirect to, whatever the configuration says. */
export function redirectFormProblem(uri: unknown): string | undefined {
  if (typeof uri !== "string" || uri.length > MAX_LENGTH || !PLAIN.test(uri) || ODD.test(uri)) {
    return "a redirect URI must be an absolute URL in plain letters, without a fragment";
  }
  const url = URL.parse(uri);
  if (url === null) return "a redirect URI must be an absolute URL";
  if (url.username !== "" || url.password !== "" || authorityOf(uri).includes("@")) {
    return "a redirect URI must not hold a user name";
  }
  if (/^https?:/.test(url.protocol) && authorityOf(uri) === "") {
    return "a redirect URI must be an absolute URL";
  }
  if (NEVER.has(url.protocol)) return `redirects to the scheme ${url.protocol} are never allowed`;
  if (url.protocol === "http:" && !isLoopbackRedirect(uri)) {
    return "redirects over http are only allowed to this machine (localhost, 127.0.0.1, [::1])";
  }
  if (url.protocol === "https:" && LOOPBACK_HOSTS.includes(url.hostname)) {
    return "redirects to this machine go over http";
  }
  return undefined;
}

/** True for a redirect to a program on the person's own machine. */
export function isLoopbackRedirect(uri: string): boolean {
  const url = URL.parse(uri);
  return url !== null && url.protocol === "http:" && LOOPBACK_HOSTS.includes(url.hostname);
}

/** True when a client with these is one on the person's machine: the port of a loopback is free. */
export function isNative(uris: readonly string[]): boolean {
  return uris.some((uri) => !uri.startsWith("https:"));
}

/** The known ones at the usual port only; who writes a host of their own knows its ports. */
function isAllowedHost({ host, hostname }: URL, { redirectHosts }: RedirectRules): boolean {
  return redirectHosts === "any" || KNOWN_HOSTS.includes(host) || redirectHosts.includes(hostname);
}

function authorityOf(uri: string): string {
  return /^[^:]+:\/\/([^/?#]*)/.exec(uri)?.[1] ?? "";
}
