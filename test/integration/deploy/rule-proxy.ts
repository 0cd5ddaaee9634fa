/**
 * A small reverse proxy that reads Traefik's dynamic configuration and routes by its rules: Host,
 * Path and PathPrefix with &&, || and brackets. Streams pass as they come.
 */

/** What of the document it reads. */
export interface Rules {
  readonly http: {
    readonly routers: Readonly<Record<string, { readonly rule: string; readonly service: string }>>;
    readonly services: Readonly<
      Record<
        string,
        {
          readonly loadBalancer: {
            readonly servers: readonly { readonly url: string }[];
            readonly healthCheck: { readonly path: string; readonly hostname: string };
          };
        }
      >
    >;
  };
}

/** A proxy that runs. */
export interface RuleProxy extends AsyncDisposable {
  readonly port: number;
  /** Names of the routers that requests took, in order. */
  readonly taken: readonly string[];
}

/** True when the rule matches. @throws Error for a rule that it cannot read */
export function matches(rule: string, host: string, path: string): boolean {
  const words = rule.match(/[A-Za-z]+\(`[^`]*`\)|&&|\|\||[()]/g) ?? [];
  let at = 0;
  const either = (): boolean => {
    let value = both();
    while (words[at] === "||") {
      at++;
      const right = both();
      value = value || right;
    }
    return value;
  };
  const both = (): boolean => {
    let value = one();
    while (words[at] === "&&") {
      at++;
      const right = one();
      value = value && right;
    }
    return value;
  };
  const one = (): boolean => {
    const word = words[at++] ?? "";
    if (word === "(") {
      const value = either();
      if (words[at++] !== ")") throw new Error(`no closing bracket in ${rule}`);
      return value;
    }
    const [, matcher, argument = ""] = /^([A-Za-z]+)\(`([^`]*)`\)$/.exec(word) ?? [];
    if (matcher === "Host") return host === argument;
    if (matcher === "Path") return path === argument;
    if (matcher === "PathPrefix") return path.startsWith(argument);
    throw new Error(`unknown matcher ${word} in ${rule}`);
  };
  const value = either();
  if (at !== words.length || words.join("") !== rule.replaceAll(" ", ""))
    throw new Error(`cannot read ${rule}`);
  return value;
}

/** Listens on a free port. The longest rule wins, as in Traefik. */
export function startRuleProxy({ http }: Rules): RuleProxy {
  const taken: string[] = [];
  const routers = Object.entries(http.routers).sort(
    ([, a], [, b]) => b.rule.length - a.rule.length,
  );
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      const host = (request.headers.get("host") ?? "").replace(/:\d+$/, "");
      const found = routers.find(([, { rule }]) => matches(rule, host, pathname));
      if (found === undefined) return new Response("404 page not found", { status: 404 });
      const [name, router] = found;
      taken.push(name);
      const target = http.services[router.service]?.loadBalancer.servers[0]?.url;
      const { method, body, signal } = request;
      const headers = new Headers(request.headers);
      headers.set("x-forwarded-for", "203.0.113.9");
      headers.set("x-forwarded-proto", "https");
      headers.set("x-forwarded-host", host);
      return fetch(`${target}${pathname}${search}`, {
        method,
        headers,
        body,
        signal,
        redirect: "manual",
        decompress: false,
      });
    },
  });
  return {
    port: server.port ?? 0,
    taken,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}
