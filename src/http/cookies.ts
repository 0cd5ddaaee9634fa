/**
 * The two cookies of the pages: the session of a browser, and the mark of one that has signed in before.
 *
 * Over https they are `__Host-` cookies: no other host can plant them. Over plain http, which only
 * this machine should use, no browser would take such a cookie everywhere, so they are plain ones;
 * cookies of one host are shared by all its ports, hence the port in the name.
 */
import type { Context } from "hono";
import { generateCookie, getCookie } from "hono/cookie";
import type { Issuer } from "../auth/public-hosts.ts";
import type { Env } from "./context.ts";

/** `session` ends with the browser; `browser` stays. */
export type CookieKind = "session" | "browser";

const BROWSER_SECONDS = 180 * 86_400;
/** What we hand out; anything else was not ours. */
const VALUE = /^[A-Za-z0-9_-]{43}$/;

/** The value that the browser has sent. */
export function readCookie(c: Context<Env>, kind: CookieKind, issuer: Issuer): string | undefined {
  const { name, isSecure } = nameOf(kind, issuer);
  const value = isSecure ? getCookie(c, name, "host") : getCookie(c, name);
  return value !== undefined && VALUE.test(value) ? value : undefined;
}

/** Adds the cookie to an answer. */
export function giveCookie(
  headers: Headers,
  kind: CookieKind,
  issuer: Issuer,
  value: string,
): void {
  const { name, isSecure } = nameOf(kind, issuer);
  // The session is needed right after another site has sent the browser here; the mark never is.
  const lasting =
    kind === "session"
      ? ({ sameSite: "Lax" } as const)
      : ({ sameSite: "Strict", maxAge: BROWSER_SECONDS } as const);
  const options = { httpOnly: true, path: "/", ...lasting } as const;
  const cookie = isSecure
    ? generateCookie(name, value, { ...options, secure: true, prefix: "host" })
    : generateCookie(name, value, options);
  headers.append("set-cookie", cookie);
}

/** By the issuer, which the configuration gives: never by what a request says. */
function nameOf(kind: CookieKind, { issuer }: Issuer): { name: string; isSecure: boolean } {
  const { protocol, port } = new URL(issuer);
  return {
    name: `mcp-proxy-${kind}${port === "" ? "" : `-${port}`}`,
    isSecure: protocol === "https:",
  };
}
