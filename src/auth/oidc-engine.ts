/**
 * The protocol engine: one `oidc-provider` for each issuer, made when it is first needed, driven
 * with web requests. Everything that comes out of a request other than its parameters (host,
 * scheme, where it is mounted) is said by us from the configuration.
 *
 * Imported only when an authorization endpoint is used: it is large.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { type InteractionResults, type KoaContextWithOIDC, Provider } from "oidc-provider";
import type { GatewayConfig } from "../config/model.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Emit } from "../kernel/event.ts";
import type { PendingAuthorization } from "./authorization-server.ts";
import type { ClientDirectory } from "./client-directory.ts";
import { cleanClientName } from "./client-name.ts";
import { hashSecret } from "./database.ts";
import { exchange, type NodeHandler } from "./node-exchange.ts";
import { emitStep, listenTo } from "./oidc-events.ts";
import { AssertionIds } from "./oidc-adapter.ts";
import { cleaned, engineParams, type EngineRequest, nodeRequest } from "./oidc-request.ts";
import { engineSettings, type ShownProblem } from "./oidc-settings.ts";
import { PendingRequests } from "./pending-requests.ts";
import { mayUse } from "./principal.ts";
import type { Issuer, PublicHosts } from "./public-hosts.ts";
import { redirectFormProblem } from "./redirect-policy.ts";
import { rightsOf } from "./rights.ts";
import type { TokenStore } from "./token-store.ts";

/** What the engine is made of. */
export interface EngineOptions {
  readonly config: () => GatewayConfig;
  readonly hosts: () => Pick<PublicHosts, "resourcesOf" | "serverOf">;
  readonly tokens: TokenStore;
  readonly clients: ClientDirectory;
  readonly clock: Pick<Clock, "nowMs" | "wallMs">;
  readonly emit: Emit;
  /** URL of the page that asks a person. */
  readonly pageUrl: (issuer: Issuer, id: string) => string;
}

/** What came of it. */
export interface EngineAnswer {
  readonly response: Response;
  /** To be shown to the person instead of the response. */
  readonly problem: ShownProblem | undefined;
}

interface Running {
  readonly provider: Provider;
  readonly handler: NodeHandler;
}

const MAX_ISSUERS = 500;

export class OidcEngine {
  readonly #options: EngineOptions;
  readonly #running = new Map<string, Running>();
  readonly #pending: PendingRequests;
  readonly #assertions: AssertionIds;
  readonly #problems = new WeakMap<object, ShownProblem>();

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#pending = new PendingRequests(() => options.clock.nowMs());
    this.#assertions = new AssertionIds(options.clock);
  }

  /** Lets the engine answer a request. */
  async answer(request: EngineRequest): Promise<EngineAnswer> {
    const params = engineParams(request, this.#options.hosts());
    const redirectUri = params.get("redirect_uri");
    if (request.endpoint === "authorize" && redirectUri !== null) {
      const description = redirectFormProblem(redirectUri);
      if (description !== undefined) {
        return problemAnswer({ status: 400, error: "invalid_redirect_uri", description });
      }
    }
    let problem: ShownProblem | undefined;
    const { handler } = this.#runningFor(request.issuer);
    const response = await exchange(
      async (incoming, outgoing) => {
        await handler(incoming, outgoing);
        problem = this.#problems.get(incoming);
      },
      nodeRequest(request, params),
    );
    return { response: cleaned(response), problem };
  }

  /** What a person is shown of a request that waits. */
  pending(issuer: Issuer, id: string): PendingAuthorization | undefined {
    const pending = this.#pending.described(id);
    return pending?.issuer.issuer === issuer.issuer ? pending : undefined;
  }

  /** Ends the wait with a leave. @throws Error when nothing waits, or for a person who may not */
  async approve(issuer: Issuer, id: string, user: string): Promise<string> {
    const { slug, clientId, clientName, correlation } = this.#waiting(issuer, id);
    if (!this.#isAllowed(user, slug)) throw new Error(`${user} may not use ${slug}`);
    this.#pending.close(id);
    const resource = this.#options.hosts().resourcesOf(issuer, slug)[0] ?? issuer.issuer;
    const grantId = randomBytes(9).toString("base64url");
    this.#options.tokens.addGrant({
      grantId,
      issuer: issuer.issuer,
      user,
      clientId,
      clientName,
      slug,
      resource,
      correlation,
    });
    return this.#finish(issuer, id, {
      login: { accountId: user, remember: false },
      consent: { grantId },
    });
  }

  /** Ends the wait without one. @throws Error when nothing waits */
  deny(issuer: Issuer, id: string): Promise<string> {
    this.#waiting(issuer, id);
    this.#pending.close(id);
    return this.#finish(issuer, id, {
      error: "access_denied",
      error_description: "The person did not give leave",
    });
  }

  #waiting(issuer: Issuer, id: string): PendingAuthorization {
    const pending = this.pending(issuer, id);
    if (pending === undefined) throw new Error("no such request waits (any more)");
    return pending;
  }

  async #finish(issuer: Issuer, id: string, result: InteractionResults): Promise<string> {
    const { provider } = this.#runningFor(issuer);
    const interaction = await provider.Interaction.find(id);
    if (interaction === undefined) throw new Error("no such request waits (any more)");
    interaction.result = result;
    await interaction.persist();
    return interaction.returnTo;
  }

  #runningFor(issuer: Issuer): Running {
    const known = this.#running.get(issuer.issuer);
    if (known !== undefined) return known;
    // Servers may come and go with the configuration; what is needed again is made again.
    if (this.#running.size >= MAX_ISSUERS) this.#running.clear();
    const provider = this.#createProvider(issuer);
    const running = { provider, handler: provider.callback() as NodeHandler };
    this.#running.set(issuer.issuer, running);
    return running;
  }

  #createProvider(issuer: Issuer): Provider {
    const { config, tokens, clients, clock, hosts, emit } = this.#options;
    const provider = new Provider(
      issuer.issuer,
      engineSettings(issuer, {
        adapter: {
          issuer: issuer.issuer,
          tokens,
          clock,
          pending: this.#pending,
          assertions: this.#assertions,
          refreshGraceMs: () => config().auth.refreshGraceMs,
          findClient: (clientId) => clients.find(clientId, issuer.issuer),
          revokeGrant: (grantId, why) => {
            this.#revoke(issuer, grantId, why);
          },
        },
        accessTokenLifetimeMs: () => config().auth.accessTokenLifetimeMs,
        refreshTokenIdleMs: () => config().auth.refreshTokenIdleMs,
        isResource: (resource) => {
          const slug = hosts().serverOf(issuer, resource);
          return slug !== undefined && hosts().resourcesOf(issuer, slug)[0] === resource;
        },
        isUserAllowed: (user, grantId) => {
          const grant = grantId === undefined ? undefined : tokens.grant(grantId, issuer.issuer);
          return grant !== undefined && this.#isAllowed(user, grant.slug);
        },
        fetchKeys: (url) => clients.fetchKeys(url),
        onAsked: (ctx, id) => this.#asked(ctx, issuer, id),
        onProblem: (ctx, problem, cause) => {
          const explained = { ...problem, ...clients.explain(cause) };
          this.#problems.set(ctx.req, explained);
          return explained;
        },
      }),
    );
    nameModels(provider);
    keepSecretsHashed(provider);
    listenTo(provider, issuer, tokens, emit);
    return provider;
  }

  #asked(ctx: KoaContextWithOIDC, issuer: Issuer, id: string): string {
    const { client, params } = ctx.oidc;
    const clientId = client?.clientId ?? "";
    const { hosts, clients, pageUrl } = this.#options;
    const resource = text(params?.["resource"]) ?? "";
    const pending: PendingAuthorization = {
      id,
      issuer,
      clientId,
      clientName: cleanClientName(client?.clientName),
      verifiedBy: clients.verifiedBy(clientId, issuer.issuer),
      redirectUri: text(params?.["redirect_uri"]) ?? "",
      slug: hosts().serverOf(issuer, resource) ?? "",
      correlation:
        clients.correlation(clientId, issuer.issuer) ?? randomBytes(6).toString("base64url"),
    };
    this.#pending.describe(pending);
    emitStep(this.#options.emit, "authorize.asked", "ok", { ...pending, user: undefined });
    return pageUrl(issuer, id);
  }

  #revoke(issuer: Issuer, grantId: string, why: string): void {
    const { tokens, emit } = this.#options;
    const grant = tokens.grant(grantId, issuer.issuer);
    if (grant === undefined) return;
    tokens.revokeGrant(grantId);
    emitStep(emit, "token.revoked", "ok", grant, why);
  }

  #isAllowed(user: string, slug: string): boolean {
    const config = this.#options.config();
    const rights = rightsOf(user, config);
    const isServed = config.servers.some((server) => server.slug === slug);
    return rights !== undefined && isServed && mayUse(rights, slug);
  }
}

const MODELS = [
  "AccessToken",
  "AuthorizationCode",
  "Grant",
  "Interaction",
  "RefreshToken",
  "ReplayDetection",
  "Session",
] as const;

/** The engine tells its models apart by the names of their classes, which a minifier takes away. */
function nameModels(provider: Provider): void {
  for (const name of MODELS) Object.defineProperty(provider[name], "name", { value: name });
}

/** Registered secrets are kept as hashes, so what is compared are hashes. */
function keepSecretsHashed(provider: Provider): void {
  const prototype = provider.Client.prototype as unknown as {
    compareClientSecret(this: { clientSecret?: string }, actual: string): boolean;
  };
  prototype.compareClientSecret = function (actual) {
    const expected = Buffer.from(this.clientSecret ?? "", "base64url");
    const given = hashSecret(actual);
    return expected.byteLength === given.byteLength && timingSafeEqual(expected, given);
  };
}

function problemAnswer(problem: ShownProblem): EngineAnswer {
  const text = `${problem.error}: ${problem.description}\n`;
  return { response: new Response(text, { status: problem.status }), problem };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
