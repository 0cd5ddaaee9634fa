/**
 * A remote MCP server with an issuer as the doctor wants it, small and by hand, so that a test can
 * break one thing of it. Issues no tokens; `good-token` is one that it knows.
 */
import type { Certificate } from "./x509.ts";
import { testAuthority } from "./authority.ts";

/** Where a request goes: its method and path. */
export interface Place {
  readonly method: string;
  readonly path: string;
  readonly request: Request;
  /** `https://{host}:PORT`. */
  readonly origin: string;
}

/** Stands in for an answer; undefined leaves it as it is. */
export type Fault = (
  place: Place,
  good: () => Promise<Response>,
) => Response | undefined | Promise<Response | undefined>;

/** How to start it. */
export interface ModelOptions {
  readonly fault?: Fault;
  /** Null for plain HTTP. */
  readonly certificate?: Certificate | null;
  readonly isOpen?: boolean;
  readonly tools?: readonly object[];
}

export const GOOD_TOKEN = "good-token";
const SESSION = "a-session";
const TOOL = {
  name: "look",
  description: "Looks.",
  inputSchema: { type: "object", properties: { at: { type: "string" } } },
};

/** A server that runs. */
export interface ModelServer extends AsyncDisposable {
  readonly port: number;
  /** `METHOD path` of every request, in order. */
  readonly seen: readonly string[];
}

/** Starts it. */
export function startModelServer(options: ModelOptions = {}): ModelServer {
  const seen: string[] = [];
  const { certificate = testAuthority().certificate, fault } = options;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    ...(certificate === null ? {} : { tls: { cert: certificate.cert, key: certificate.key } }),
    async fetch(request) {
      const { pathname: path, origin } = new URL(request.url);
      const { method } = request;
      seen.push(`${method} ${path}`);
      const place = { method, path, request, origin };
      const good = (): Promise<Response> => answer(place, options);
      return (await fault?.(place, good)) ?? good();
    },
  });
  return {
    port: server.port ?? 0,
    seen,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

/** Changes members of a JSON answer; undefined takes one out. */
export async function changed(good: Response, members: object): Promise<Response> {
  const { status, headers } = good;
  return new Response(JSON.stringify({ ...((await good.json()) as object), ...members }), {
    status,
    headers,
  });
}

function json(value: object, status = 200, headers: Record<string, string> = {}): Response {
  return Response.json(value, {
    status,
    headers: { "access-control-allow-origin": "*", ...headers },
  });
}

async function answer(place: Place, options: ModelOptions): Promise<Response> {
  const { path, origin, method, request } = place;
  switch (path) {
    case "/mcp":
      return mcp(place, options);
    case "/.well-known/oauth-protected-resource/mcp":
      if (options.isOpen === true) break;
      return json({
        resource: `${origin}/mcp`,
        authorization_servers: [origin],
        scopes_supported: ["mcp"],
        bearer_methods_supported: ["header"],
      });
    case "/.well-known/oauth-authorization-server":
      if (options.isOpen === true) break;
      return json({
        issuer: origin,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        registration_endpoint: `${origin}/register`,
        response_types_supported: ["code"],
        grant_types_supported: ["authorization_code", "refresh_token"],
        code_challenge_methods_supported: ["S256"],
        token_endpoint_auth_methods_supported: ["none"],
        scopes_supported: ["mcp", "offline_access"],
        authorization_response_iss_parameter_supported: true,
        client_id_metadata_document_supported: true,
      });
    case "/register": {
      const registration_client_uri = `${origin}/register/1`;
      const management = { registration_client_uri, registration_access_token: "take-away" };
      return json({ client_id: "one", ...management }, 201);
    }
    case "/authorize":
      return new Response("<h1>Sign in</h1>", {
        headers: {
          "content-type": "text/html; charset=utf-8",
          "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        },
      });
    case "/token": {
      const form = new URLSearchParams(await request.text());
      const isKnown = form.get("client_id") === "one";
      const error = isKnown ? "invalid_grant" : "invalid_client";
      return json({ error }, isKnown ? 400 : 401, { "cache-control": "no-store" });
    }
    case "/register/1":
      if (method === "DELETE") return new Response(null, { status: 204 });
  }
  return json({ error: "not_found" }, 404);
}

async function mcp({ method, request, origin }: Place, options: ModelOptions): Promise<Response> {
  const token = request.headers.get("authorization");
  if (options.isOpen !== true && token !== `Bearer ${GOOD_TOKEN}`) {
    const where = `resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp", scope="mcp"`;
    const error = token === null ? "" : 'error="invalid_token", ';
    return json({ error: "unauthorized" }, 401, { "www-authenticate": `Bearer ${error}${where}` });
  }
  if (method === "DELETE") return new Response(null, { status: 204 });
  if (method !== "POST") return new Response(null, { status: 405 });
  const session = request.headers.get("mcp-session-id");
  if (session !== null && session !== SESSION) return json({ error: "no such session" }, 404);
  const { id, method: asked } = (await request.json()) as { id?: number; method: string };
  if (id === undefined) return new Response(null, { status: 202 });
  const results: Record<string, object> = {
    initialize: {
      protocolVersion: "2025-11-25",
      capabilities: { tools: {} },
      serverInfo: { name: "model", version: "1" },
    },
    ping: {},
    "tools/list": { tools: options.tools ?? [TOOL] },
    "tools/call": { content: [{ type: "text", text: "looked" }] },
  };
  const result = results[asked];
  if (result === undefined)
    return json({ jsonrpc: "2.0", id, error: { code: -32_601, message: "no such method" } }, 400);
  const headers: Record<string, string> =
    asked === "initialize" ? { "mcp-session-id": SESSION } : {};
  if (asked !== "tools/call") return json({ jsonrpc: "2.0", id, result }, 200, headers);
  const event = `: hello\n\nevent: message\ndata: ${JSON.stringify({ jsonrpc: "2.0", id, result })}\n\n`;
  return new Response(event, { headers: { "content-type": "text/event-stream" } });
}
