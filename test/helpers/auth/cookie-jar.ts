/**
 * The cookies of a scripted browser, by the rules that matter here: host, path, Secure, lifetime, and
 * what a name with `__Host-` or `__Secure-` promises. What a browser would refuse is remembered as
 * refused, so that a test can say so.
 * @see https://www.rfc-editor.org/rfc/rfc6265
 */

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly host: string;
  readonly isHostOnly: boolean;
  readonly path: string;
  readonly isSecure: boolean;
  readonly untilMs: number;
}

export class CookieJar {
  readonly #cookies = new Map<string, Cookie>();
  /** `Set-Cookie` lines that a browser would not take. */
  readonly refused: string[] = [];

  /** Takes what a response sets. */
  take(url: URL, headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const cookie = parse(line, url);
      if (cookie === undefined) this.refused.push(line);
      else this.#cookies.set(`${cookie.name};${cookie.host};${cookie.path}`, cookie);
    }
  }

  /** The header for a request; undefined when there is nothing to send. */
  header(url: URL): string | undefined {
    const fitting = [...this.#cookies.values()].filter((cookie) => fits(cookie, url));
    if (fitting.length === 0) return undefined;
    return fitting.map(({ name, value }) => `${name}=${value}`).join("; ");
  }

  /** The values of a cookie by its name, for each host and path that has one. */
  values(name: string): readonly string[] {
    return this.all()
      .filter((cookie) => cookie.name === name)
      .map(({ value }) => value);
  }

  /** Everything that lives, as names and values. */
  all(): readonly { readonly name: string; readonly value: string }[] {
    return [...this.#cookies.values()].filter(({ untilMs }) => untilMs > Date.now());
  }

  /** Puts one in, as an attacker would who can write cookies of the host. */
  plant(url: string, name: string, value: string): void {
    const { hostname } = new URL(url);
    const cookie = { name, value, host: hostname, isHostOnly: true, path: "/", isSecure: true };
    this.#cookies.set(`${name};${hostname};/`, { ...cookie, untilMs: Infinity });
  }
}

function parse(line: string, url: URL): Cookie | undefined {
  const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
  const equalsAt = pair.indexOf("=");
  if (equalsAt < 1) return undefined;
  const name = pair.slice(0, equalsAt);
  const given = new Map(
    attributes.map((part) => {
      const [key = "", ...rest] = part.split("=");
      return [key.toLowerCase(), rest.join("=")];
    }),
  );
  const domain = given.get("domain")?.replace(/^\./, "");
  const host = domain ?? url.hostname;
  if (url.hostname !== host && !url.hostname.endsWith(`.${host}`)) return undefined;
  const isSecure = given.has("secure");
  if (isSecure && !isTrustworthy(url)) return undefined;
  if (/^__(?:Host|Secure)-/.test(name) && !isSecure) return undefined;
  const path = given.get("path") ?? "/";
  if (name.startsWith("__Host-") && (domain !== undefined || path !== "/")) return undefined;
  const maxAge = given.get("max-age");
  const expires = given.get("expires");
  const untilMs =
    maxAge !== undefined
      ? Date.now() + Number(maxAge) * 1000
      : expires !== undefined
        ? Date.parse(expires)
        : Infinity;
  const isHostOnly = domain === undefined;
  return { name, value: pair.slice(equalsAt + 1), host, isHostOnly, path, isSecure, untilMs };
}

function fits(cookie: Cookie, url: URL): boolean {
  const { host, isHostOnly, path, isSecure, untilMs } = cookie;
  const isHost = url.hostname === host || (!isHostOnly && url.hostname.endsWith(`.${host}`));
  const isPath =
    url.pathname === path || url.pathname.startsWith(path.endsWith("/") ? path : `${path}/`);
  return isHost && isPath && (!isSecure || isTrustworthy(url)) && untilMs > Date.now();
}

function isTrustworthy({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || hostname === "localhost" || hostname === "127.0.0.1";
}
