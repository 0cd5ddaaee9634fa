/**
 * A reverse proxy for tests that serves something below a path prefix and strips that prefix, as
 * many are set up in front of a program that knows nothing of it. Streams pass as they come.
 */

/** A proxy that runs. */
export interface PrefixProxy extends AsyncDisposable {
  /** The public address with the prefix, without a slash at its end. */
  readonly url: string;
  /** Where requests go; before it is called they get 502. */
  readonly forwardTo: (target: string) => void;
}

/** Listens on a free port; `prefix` begins with a slash and does not end with one. */
export function startPrefixProxy(prefix: string): PrefixProxy {
  let target: string | undefined;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      if (target === undefined) return new Response("no target yet", { status: 502 });
      // Nothing is behind other paths: a URI without the prefix ends here.
      if (!pathname.startsWith(`${prefix}/`)) return new Response("outside", { status: 404 });
      const { method, headers, body, signal } = request;
      return fetch(`${target}${pathname.slice(prefix.length)}${search}`, {
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
    url: `http://127.0.0.1:${server.port}${prefix}`,
    forwardTo: (url) => {
      target = url;
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}
