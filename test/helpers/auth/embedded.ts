/**
 * The embedded authorization server by itself, with a clock that a test moves: two servers on
 * subdomains of `mcp.test`, and the root issuer. A person's part is played by `approve`.
 */
import { createHash, randomBytes } from "node:crypto";
import { openAuthDatabase } from "../../../src/auth/database.ts";
import {
  AUTHORIZATION_SERVER_TABLES,
  EmbeddedServer,
  type EmbeddedServerOptions,
} from "../../../src/auth/embedded-server.ts";
import { type Issuer, PublicHosts } from "../../../src/auth/public-hosts.ts";
import { TokenStore } from "../../../src/auth/token-store.ts";
import type { AuthConfig, GatewayConfig } from "../../../src/config/model.ts";
import type { GatewayEvent } from "../../../src/kernel/event.ts";
import { serverConfig } from "../server-config.ts";
import { CookieJar } from "./cookie-jar.ts";

/** What a test sets. */
export interface EmbeddedOptions {
  readonly auth?: Partial<AuthConfig>;
  readonly publicUrl?: string;
  readonly rootServer?: string;
  readonly fetcher?: EmbeddedServerOptions["fetcher"];
  /** Where the file lies; in memory without. */
  readonly folder?: string;
}

/** One authorization as its client began it. */
export interface Asked {
  readonly issuer: Issuer;
  readonly response: Response;
  /** Where the browser is sent; undefined for a page. */
  readonly location: URL | undefined;
  /** Of the request that waits, if it does. */
  readonly id: string | undefined;
  readonly cookies: CookieJar;
  readonly verifier: string;
  /** As it was sent. */
  readonly query: string;
}

/** Parameters; undefined leaves one out that would come by itself. */
export type Params = Readonly<Record<string, string | undefined>>;

const CLIENT_ID = "conf";
/** Of the client that is written in the configuration. */
export const REDIRECT_URI = "http://127.0.0.1:4399/callback";

export class Embedded {
  /** Added to the clock. */
  aheadMs = 0;
  readonly events: GatewayEvent[] = [];
  readonly server: EmbeddedServer;
  readonly tokens: TokenStore;
  readonly database;
  auth: AuthConfig;
  /** What is done once an hour. */
  sweep: () => void = () => undefined;
  readonly #options: EmbeddedOptions;

  constructor(options: EmbeddedOptions = {}) {
    this.#options = options;
    this.auth = {
      allowInsecure: false,
      required: true,
      users: {},
      clients: {
        conf: { name: "Conformance", secret: undefined, redirectUris: [REDIRECT_URI] },
        secretive: { name: "With a secret", secret: "s3cret-s3cret", redirectUris: [REDIRECT_URI] },
      },
      redirectHosts: [],
      documentHosts: [],
      redirectSchemes: [],
      accessTokenLifetimeMs: 86_400_000,
      refreshTokenIdleMs: 90 * 86_400_000,
      refreshGraceMs: 120_000,
      ...options.auth,
    } as AuthConfig;
    this.database = openAuthDatabase(options.folder, AUTHORIZATION_SERVER_TABLES);
    const wallMs = (): number => Date.now() + this.aheadMs;
    this.tokens = new TokenStore({ database: this.database, wallMs });
    this.server = new EmbeddedServer({
      config: () => this.config,
      hosts: () => this.hosts,
      database: this.database,
      tokens: this.tokens,
      clock: {
        nowMs: () => performance.now() + this.aheadMs,
        wallMs,
        after: (delayMs, callback) => {
          const timer = setTimeout(callback, delayMs);
          return { cancel: () => clearTimeout(timer) };
        },
        every: (_periodMs, callback) => {
          this.sweep = callback;
          return { cancel: () => undefined };
        },
      },
      emit: (event) => this.events.push(event),
      ...(options.fetcher === undefined ? {} : { fetcher: options.fetcher }),
    });
  }

  get config(): GatewayConfig {
    const servers = ["memory", "notion"].map((slug) => serverConfig({ name: slug, slug }));
    const { publicUrl, rootServer } = this.#options;
    return {
      host: "127.0.0.1",
      domain: "test",
      mcpDomain: "mcp.test",
      publicUrl,
      publicPort: undefined,
      tls: undefined,
      rootServer,
      auth: this.auth,
      servers,
    } as unknown as GatewayConfig;
  }

  get hosts(): PublicHosts {
    return new PublicHosts(this.config, 8080);
  }

  /** The issuer of a server's subdomain, or the root. */
  issuer(slug?: string): Issuer {
    const issuer = slug === undefined ? this.hosts.root : this.hosts.ofServer(slug);
    if (issuer === undefined) throw new Error(`no issuer for ${slug}`);
    return issuer;
  }

  request(issuer: Issuer, path: string, init?: RequestInit): Promise<Response> {
    const request = new Request(issuer.issuer + path, { redirect: "manual", ...init });
    return this.server.serve(request, issuer, { address: "192.0.2.1" });
  }

  /** Sends a browser to the authorization endpoint. */
  async authorize(
    changed: Params = {},
    issuer = this.issuer("memory"),
    cookies = new CookieJar(),
  ): Promise<Asked> {
    const verifier = randomBytes(32).toString("base64url");
    const params = searchOf({
      response_type: "code",
      client_id: CLIENT_ID,
      redirect_uri: REDIRECT_URI,
      state: "a state",
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
      scope: "mcp",
      resource: this.hosts.resourcesOf(issuer, issuer.slug ?? "memory")[0],
      ...changed,
    });
    const url = new URL(`${issuer.issuer}/authorize?${params.toString()}`);
    const cookie = cookies.header(url);
    const headers: Record<string, string> = cookie === undefined ? {} : { cookie };
    const response = await this.request(issuer, `/authorize?${params.toString()}`, { headers });
    cookies.take(url, response.headers);
    const to = response.headers.get("location");
    const location = to === null ? undefined : new URL(to);
    const id = /\/sign-in\/([\w-]+)$/.exec(location?.pathname ?? "")?.[1];
    return { issuer, response, location, id, cookies, verifier, query: params.toString() };
  }

  /** The person says yes, and the browser goes on. @returns where it is sent */
  async approve(asked: Asked, user = "owner"): Promise<URL> {
    if (asked.id === undefined) {
      throw new Error(`nothing waits: ${asked.response.status} ${await asked.response.text()}`);
    }
    return this.follow(asked, await this.server.approve(asked.issuer, asked.id, user));
  }

  /** The browser goes on after the person's word. */
  async follow({ issuer, cookies }: Asked, to: string): Promise<URL> {
    const url = new URL(to);
    const cookie = cookies.header(url) ?? "";
    const path = to.slice(issuer.issuer.length);
    const response = await this.request(issuer, path, { headers: { cookie } });
    cookies.take(url, response.headers);
    const location = response.headers.get("location");
    if (location === null) throw new Error(`${response.status} ${await response.text()}`);
    return new URL(location);
  }

  /** From the beginning to the code. */
  async code(changed: Params = {}, issuer?: Issuer): Promise<{ code: string; asked: Asked }> {
    const asked = await this.authorize(changed, issuer);
    const url = await this.approve(asked);
    const code = url.searchParams.get("code");
    if (code === null) throw new Error(`no code: ${String(url)}`);
    return { code, asked };
  }

  /** Calls the token endpoint. */
  async token(
    params: Params,
    issuer = this.issuer("memory"),
    headers: Record<string, string> = {},
  ): Promise<TokenAnswer> {
    const response = await this.request(issuer, "/token", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
      body: searchOf({ client_id: CLIENT_ID, ...params }).toString(),
    });
    const json = (await response.json()) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, json };
  }

  /** Redeems a code as its client would. */
  redeem({ code, asked }: { code: string; asked: Asked }, changed: Params = {}, issuer?: Issuer) {
    const params = {
      grant_type: "authorization_code",
      code,
      redirect_uri: REDIRECT_URI,
      code_verifier: asked.verifier,
      ...changed,
    };
    return this.token(params, issuer ?? asked.issuer);
  }

  /** From the beginning to the tokens. */
  async tokensOf(
    changed: Params = {},
    issuer?: Issuer,
  ): Promise<{ access: string; refresh: string }> {
    const { status, json } = await this.redeem(await this.code(changed, issuer));
    if (status !== 200) throw new Error(`no tokens: ${status} ${JSON.stringify(json)}`);
    return { access: String(json["access_token"]), refresh: String(json["refresh_token"]) };
  }

  refresh(refresh: string, changed: Params = {}, issuer?: Issuer): Promise<TokenAnswer> {
    return this.token({ grant_type: "refresh_token", refresh_token: refresh, ...changed }, issuer);
  }

  /** Registers a client. */
  register(body: unknown, issuer = this.issuer("memory")): Promise<Response> {
    return this.request(issuer, "/register", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  }
}

/** An answer of the token endpoint. */
export interface TokenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Record<string, unknown>;
}

function searchOf(params: Params): URLSearchParams {
  return new URLSearchParams(
    Object.entries(params).filter((one): one is [string, string] => one[1] !== undefined),
  );
}
