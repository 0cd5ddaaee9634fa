/**
 * A fetch that finds the test domain on this machine: it connects to 127.0.0.1 and checks the
 * certificate for the name. Redirects are followed one by one, since each may lead back into the
 * domain; a body that is a stream is not sent again.
 */
import { testAuthority, TEST_DOMAIN } from "./authority.ts";

/** What is left of `fetch` for those who are handed one. */
export type FetchLike = (
  input: string | URL | Request,
  init?: BunFetchRequestInit,
) => Promise<Response>;

const MAX_REDIRECTS = 10;

/** For tests in this process: finds the test domain and trusts the test authority. */
export const testFetch: FetchLike = (input, init) =>
  mappedFetch(fetch, { ca: testAuthority().ca })(input, init);

/** `inner` that finds the test domain. */
export function mappedFetch(inner: FetchLike, tls: { readonly ca?: string }): FetchLike {
  return async (input, init) => {
    let request: Request =
      input instanceof Request ? new Request(input, init) : new Request(String(input), init);
    if (!isOurs(request.url)) return inner(input, init);
    const { redirect } = request;
    for (let hops = 0; ; hops++) {
      const hasBody = request.body !== null;
      const response = await (isOurs(request.url) ? sendTo(inner, request, tls) : inner(request));
      Object.defineProperty(response, "url", { value: request.url });
      const location = response.headers.get("location");
      if (redirect === "manual" || location === null || !isRedirect(response.status))
        return response;
      if (redirect === "error") throw new TypeError(`unexpected redirect to ${location}`);
      if (hops === MAX_REDIRECTS) throw new TypeError(`too many redirects, last ${location}`);
      await response.body?.cancel();
      request = nextRequest(request, hasBody, response.status, location);
    }
  };
}

function isOurs(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === TEST_DOMAIN || hostname.endsWith(`.${TEST_DOMAIN}`);
}

async function sendTo(
  inner: FetchLike,
  request: Request,
  tls: { readonly ca?: string },
): Promise<Response> {
  const url = new URL(request.url);
  const headers = new Headers(request.headers);
  headers.set("host", url.host);
  const serverName = url.hostname;
  url.hostname = "127.0.0.1";
  return inner(url, {
    method: request.method,
    headers,
    ...(request.body === null ? {} : { body: await request.bytes() }),
    redirect: "manual",
    signal: request.signal,
    tls: { ...tls, serverName },
  });
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

function nextRequest(last: Request, hasBody: boolean, status: number, location: string): Request {
  const url = new URL(location, last.url);
  const isSame = status === 307 || status === 308 || last.method === "HEAD";
  if (isSame && hasBody)
    throw new TypeError(`a ${status} to ${location} would need the body again`);
  const headers = new Headers(last.headers);
  if (url.origin !== new URL(last.url).origin) headers.delete("authorization");
  const method = isSame ? last.method : "GET";
  if (method === "GET") headers.delete("content-type");
  return new Request(String(url), { method, headers, signal: last.signal });
}
