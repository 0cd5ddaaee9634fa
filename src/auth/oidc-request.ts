/**
 * Pure. A request as the protocol engine is asked it, and its answer as it leaves. Of the caller's
 * request only parameters, cookies and client credentials go on; host, scheme and mounting are the
 * issuer's.
 */
import { authorizeParams, revokeParams, tokenParams } from "./authorize-params.ts";
import type { Issuer, PublicHosts } from "./public-hosts.ts";

/** Which of the engine's endpoints, and what it is asked. */
export interface EngineRequest {
  readonly issuer: Issuer;
  readonly endpoint: "authorize" | "resume" | "token" | "revoke";
  /** Path below the issuer. */
  readonly path: string;
  readonly params: URLSearchParams;
  readonly headers: Headers;
}

/** The same request as a server of Node would tell it. */
export interface RequestForNode {
  readonly method: string;
  readonly url: string;
  readonly originalUrl: string;
  readonly isSecure: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
}

const RELAYED = ["cookie", "authorization"];
/** The engine's memory of a browser; there is none. */
const ENGINE_SESSION = /^(?:__Secure-)?mcp-engine=/;

/** The parameters in the form that the engine is asked in. */
export function engineParams(
  { endpoint, params, issuer }: EngineRequest,
  hosts: Pick<PublicHosts, "resourcesOf" | "serverOf">,
): URLSearchParams {
  switch (endpoint) {
    case "authorize":
      return authorizeParams(params, issuer, hosts);
    case "token":
      return tokenParams(params, issuer, hosts);
    case "revoke":
      return revokeParams(params);
    case "resume":
      return new URLSearchParams();
  }
}

/** The request with these parameters. */
export function nodeRequest(
  { issuer, endpoint, path, headers }: EngineRequest,
  params: URLSearchParams,
): RequestForNode {
  const isGet = endpoint === "authorize" || endpoint === "resume";
  const query = isGet && params.size > 0 ? `?${params.toString()}` : "";
  const body = isGet ? undefined : new TextEncoder().encode(params.toString());
  const relayed: Record<string, string> = {
    host: new URL(issuer.issuer).host,
    accept: isGet ? "text/html" : "application/json",
  };
  for (const name of RELAYED) {
    const value = headers.get(name);
    if (value !== null) relayed[name] = value;
  }
  if (body !== undefined) {
    relayed["content-type"] = "application/x-www-form-urlencoded";
    relayed["content-length"] = String(body.byteLength);
  }
  return {
    method: isGet ? "GET" : "POST",
    url: path + query,
    originalUrl: issuer.basePath + path + query,
    isSecure: issuer.issuer.startsWith("https:"),
    headers: relayed,
    body,
  };
}

/** Without the engine's own session, and without headers that the HTTP room sets. */
export function cleaned(response: Response): Response {
  const { headers } = response;
  const cookies = headers.getSetCookie().filter((cookie) => !ENGINE_SESSION.test(cookie));
  headers.delete("set-cookie");
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  for (const name of [...headers.keys()]) {
    if (name.startsWith("access-control-") || name === "vary") headers.delete(name);
  }
  return response;
}
