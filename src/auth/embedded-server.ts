/**
 * The embedded authorization server: routes its endpoints, limits what they may be asked, registers
 * clients, and hands the protocol itself to the engine, which is loaded at its first use.
 */
import type { Database } from "bun:sqlite";
import type { GatewayConfig } from "../config/model.ts";
import type { Clock, Timer } from "../kernel/clock.ts";
import type { Emit } from "../kernel/event.ts";
import { authorizationServerMetadata, ENDPOINTS } from "./authorization-metadata.ts";
import {
  type AuthorizationServer,
  type ErrorPage,
  type Peer,
  type PendingAuthorization,
  SIGN_IN_PATH,
} from "./authorization-server.ts";
import { ClientDirectory } from "./client-directory.ts";
import { ClientDocuments } from "./client-document.ts";
import { ClientRegistration } from "./client-registration.ts";
import { CLIENT_TABLES, ClientStore } from "./client-store.ts";
import { quietEngineNotices } from "./engine-notices.ts";
import type { EngineAnswer, OidcEngine } from "./oidc-engine.ts";
import type { EngineRequest } from "./oidc-request.ts";
import type { Issuer, PublicHosts } from "./public-hosts.ts";
import { SafeFetch } from "./safe-fetch.ts";
import { TokenBuckets } from "./token-bucket.ts";
import { TOKEN_TABLES, type TokenStore } from "./token-store.ts";

/** What the authorization file needs for it. */
export const AUTHORIZATION_SERVER_TABLES: readonly string[] = [...TOKEN_TABLES, ...CLIENT_TABLES];

export interface EmbeddedServerOptions {
  readonly config: () => GatewayConfig;
  readonly hosts: () => Pick<PublicHosts, "resourcesOf" | "serverOf">;
  /** With `AUTHORIZATION_SERVER_TABLES`. */
  readonly database: Database;
  readonly tokens: TokenStore;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Makes the page for a request that cannot be answered to its client; a line of text without. */
  readonly errorPage?: ErrorPage;
  /** Fetches documents of clients; another one in tests. */
  readonly fetcher?: Pick<SafeFetch, "get">;
}

const MAX_BODY_BYTES = 64 * 1024;
const MAX_CLIENTS_PER_ISSUER = 500;
const UNUSED_CLIENT_KEEP_MS = 24 * 3_600_000;
const SWEEP_PERIOD_MS = 3_600_000;
/** Of one address. People ask now and then; a vendor's cloud calls for all of its customers. */
const ASKS = { capacity: 120, periodMs: 60_000, maxKeys: 10_000 };
const TOKEN_CALLS = { capacity: 600, periodMs: 60_000, maxKeys: 10_000 };

type Route = EngineRequest["endpoint"] | "register";

export class EmbeddedServer implements AuthorizationServer {
  readonly #options: EmbeddedServerOptions;
  readonly #clients: ClientDirectory;
  readonly #registration: ClientRegistration;
  readonly #asks: TokenBuckets;
  readonly #tokenCalls: TokenBuckets;
  readonly #sweeper: Timer;
  #engine: Promise<OidcEngine> | undefined;

  constructor(options: EmbeddedServerOptions) {
    const { clock, config, database, tokens } = options;
    this.#options = options;
    const store = new ClientStore({
      database,
      wallMs: () => clock.wallMs(),
      maxPerIssuer: MAX_CLIENTS_PER_ISSUER,
      unusedKeepMs: UNUSED_CLIENT_KEEP_MS,
    });
    const rules = (): GatewayConfig["auth"] => config().auth;
    const fetcher = options.fetcher ?? new SafeFetch({ clock });
    const documents = new ClientDocuments({ fetcher, clock, rules });
    this.#clients = new ClientDirectory({ config, store, documents });
    this.#registration = new ClientRegistration({ store, clock, rules });
    this.#asks = new TokenBuckets(ASKS, clock);
    this.#tokenCalls = new TokenBuckets(TOKEN_CALLS, clock);
    const sweep = (): void => {
      tokens.sweep();
      store.sweep();
    };
    sweep();
    this.#sweeper = clock.every(SWEEP_PERIOD_MS, sweep);
  }

  metadata(issuer: Issuer): object {
    return authorizationServerMetadata(issuer);
  }

  async serve(request: Request, issuer: Issuer, peer: Peer): Promise<Response> {
    const path = pathBelow(new URL(request.url).pathname, issuer);
    const route = routeOf(path);
    if (route === undefined) return oauthError(404, "not_found", "There is nothing at this path");
    const isGet = route === "authorize" || route === "resume";
    if (request.method !== (isGet ? "GET" : "POST")) return notAllowed(isGet ? "GET" : "POST");
    // Registrations are limited by themselves: a flood of them must not use up anybody's tokens.
    const buckets = isGet ? this.#asks : this.#tokenCalls;
    const waitMs = route === "register" ? 0 : buckets.take(peer.address ?? "unknown");
    if (waitMs > 0) {
      return oauthError(429, "temporarily_unavailable", "Too many requests; wait a moment", waitMs);
    }
    if (isGet) {
      const params = new URL(request.url).searchParams;
      return this.#shown(await this.#ask(request, issuer, route, path, params));
    }
    const body = await readBody(request);
    if (body === undefined) {
      return oauthError(413, "invalid_request", `The body has more than ${MAX_BODY_BYTES} bytes`);
    }
    if (route === "register") return this.#register(body, issuer);
    const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
    if (type !== "application/x-www-form-urlencoded") {
      const description = "The body must be application/x-www-form-urlencoded";
      return oauthError(400, "invalid_request", description);
    }
    const params = new URLSearchParams(new TextDecoder().decode(body));
    const { response } = await this.#ask(request, issuer, route, path, params);
    return response;
  }

  async pending(issuer: Issuer, id: string): Promise<PendingAuthorization | undefined> {
    // Without an engine nothing was ever asked.
    return (await this.#engine)?.pending(issuer, id);
  }

  async approve(issuer: Issuer, id: string, user: string): Promise<string> {
    return (await this.#load()).approve(issuer, id, user);
  }

  async deny(issuer: Issuer, id: string): Promise<string> {
    return (await this.#load()).deny(issuer, id);
  }

  close(): Promise<void> {
    this.#sweeper.cancel();
    return Promise.resolve();
  }

  async #ask(
    { headers }: Request,
    issuer: Issuer,
    endpoint: EngineRequest["endpoint"],
    path: string,
    params: URLSearchParams,
  ): Promise<EngineAnswer> {
    const engine = await this.#load();
    return engine.answer({ issuer, endpoint, path, params, headers });
  }

  /** What a browser gets: where to go on, or a page that says what is wrong. */
  #shown({ response, problem }: EngineAnswer): Response {
    const { errorPage } = this.#options;
    if (problem === undefined || errorPage === undefined) return response;
    const { status, error, description } = problem;
    const title = "This request cannot go on";
    const headers = new Headers({ "content-type": "text/html; charset=utf-8" });
    headers.set("cache-control", "no-store");
    for (const cookie of response.headers.getSetCookie()) headers.append("set-cookie", cookie);
    const html = errorPage({ title, message: `${description} (${error})` });
    return new Response(html, { status, headers });
  }

  #register(body: Uint8Array, issuer: Issuer): Response {
    const result = this.#registration.register(body, issuer.issuer);
    const step = { kind: "auth.step", step: "client.registered" } as const;
    if (!result.ok) {
      const { status, error, description, retryAfterMs } = result.error;
      this.#options.emit({ ...step, outcome: "refused", reason: description });
      return oauthError(status, error, description, retryAfterMs);
    }
    const { correlation, clientId, name, answer } = result.value;
    const reason = `it calls itself ${name}`;
    this.#options.emit({ ...step, outcome: "ok", correlation, client: clientId, reason });
    return Response.json(answer, { status: 201, headers: { "cache-control": "no-store" } });
  }

  #load(): Promise<OidcEngine> {
    this.#engine ??= this.#start();
    return this.#engine;
  }

  async #start(): Promise<OidcEngine> {
    quietEngineNotices(this.#options.emit);
    const { OidcEngine } = await import("./oidc-engine.ts");
    return new OidcEngine({
      ...this.#options,
      clients: this.#clients,
      pageUrl: ({ issuer }, id) => issuer + SIGN_IN_PATH + id,
    });
  }
}

/** The path as the issuer's routes know it; a proxy in front may have taken the prefix off. */
function pathBelow(pathname: string, { basePath }: Issuer): string {
  const isBelow = basePath !== "" && pathname.startsWith(`${basePath}/`);
  return isBelow ? pathname.slice(basePath.length) : pathname;
}

function routeOf(path: string): Route | undefined {
  switch (path) {
    case ENDPOINTS.authorize:
      return "authorize";
    case ENDPOINTS.token:
      return "token";
    case ENDPOINTS.register:
      return "register";
    case ENDPOINTS.revoke:
      return "revoke";
    default:
      return /^\/authorize\/[\w-]{16,64}$/.test(path) ? "resume" : undefined;
  }
}

async function readBody(request: Request): Promise<Uint8Array | undefined> {
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) return undefined;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function oauthError(
  status: number,
  error: string,
  description: string,
  retryAfterMs?: number,
): Response {
  const headers = new Headers({ "cache-control": "no-store" });
  if (retryAfterMs !== undefined) {
    headers.set("retry-after", String(Math.ceil(retryAfterMs / 1000)));
  }
  return Response.json({ error, error_description: description }, { status, headers });
}

function notAllowed(allow: string): Response {
  const response = oauthError(405, "invalid_request", `This endpoint takes ${allow} only`);
  response.headers.set("allow", allow);
  return response;
}
