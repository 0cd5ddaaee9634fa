/**
 * The settings that make an OAuth 2.1 authorization server for MCP out of the protocol engine, for
 * one issuer: everything that is not needed switched off, everything that it would ask by default
 * answered here (auth.md 3.3).
 */
import { generateKeyPairSync } from "node:crypto";
import type { Configuration, KoaContextWithOIDC } from "oidc-provider";
import { errors, interactionPolicy } from "oidc-provider";
import {
  ASSERTION_ALGORITHMS,
  CLIENT_AUTH_METHODS,
  ENDPOINTS,
  SCOPE,
} from "./authorization-metadata.ts";
import { type AdapterOptions, createAdapter } from "./oidc-adapter.ts";
import { PENDING_KEEP_MS } from "./pending-requests.ts";
import type { Issuer } from "./public-hosts.ts";

/** A request that was refused where there is no client to tell it to. */
export interface ShownProblem {
  readonly status: number;
  /** Code of the protocol. */
  readonly error: string;
  /** For the person. */
  readonly description: string;
}

/** What the engine asks of us. */
export interface EngineHooks {
  readonly adapter: AdapterOptions;
  readonly accessTokenLifetimeMs: () => number;
  readonly refreshTokenIdleMs: () => number;
  /** True when the resource is a published one of this issuer. */
  readonly isResource: (resource: string) => boolean;
  /** Whether this person may use the server of the leave in question, by the configuration of now. */
  readonly isUserAllowed: (user: string, grantId: string | undefined) => boolean;
  /** Fetches the keys that a client's document names. */
  readonly fetchKeys: (url: string) => Promise<Response>;
  /** A person has to be asked. @returns the page */
  readonly onAsked: (ctx: KoaContextWithOIDC, id: string) => string;
  /** @returns it in better words, where there are any */
  readonly onProblem: (
    ctx: KoaContextWithOIDC,
    problem: ShownProblem,
    cause: Error,
  ) => ShownProblem;
}

/** Signs nothing that leaves this program: without one the engine takes a key that all know. */
function ownKey(): object {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...privateKey.export({ format: "jwk" }), use: "sig", alg: "ES256" };
}

const seconds = (ms: number): number => Math.max(1, Math.round(ms / 1000));

/** The settings for an issuer. */
export function engineSettings(issuer: Issuer, hooks: EngineHooks): Configuration {
  const isSecure = issuer.issuer.startsWith("https:");
  const prefix = isSecure ? "__Secure-mcp" : "mcp";
  const cookie = { httpOnly: true, sameSite: "lax", secure: isSecure, overwrite: true } as const;
  return {
    adapter: (model: string) => createAdapter(model, hooks.adapter),
    jwks: { keys: [ownKey()] },
    routes: {
      authorization: ENDPOINTS.authorize,
      token: ENDPOINTS.token,
      revocation: ENDPOINTS.revoke,
    },
    cookies: {
      names: {
        interaction: `${prefix}-pending`,
        resume: `${prefix}-resume`,
        session: `${prefix}-engine`,
      },
      long: cookie,
      short: cookie,
      keys: [],
    },
    scopes: ["offline_access"],
    responseTypes: ["code"],
    subjectTypes: ["public"],
    clientAuthMethods: [...CLIENT_AUTH_METHODS],
    pkce: { required: () => true },
    enabledJWA: {
      clientAuthSigningAlgValues: [...ASSERTION_ALGORITHMS],
      idTokenSigningAlgValues: ["ES256"],
    },
    clientDefaults: { id_token_signed_response_alg: "ES256" },
    allowOmittingSingleRegisteredRedirectUri: false,
    ttl: {
      AccessToken: () => seconds(hooks.accessTokenLifetimeMs()),
      AuthorizationCode: 60,
      RefreshToken: () => seconds(hooks.refreshTokenIdleMs()),
      Interaction: seconds(PENDING_KEEP_MS),
      Session: seconds(PENDING_KEEP_MS),
      Grant: seconds(PENDING_KEEP_MS),
      IdToken: 60,
    },
    // Clients refresh without asking for the scope of it first.
    issueRefreshToken: () => Promise.resolve(true),
    rotateRefreshToken: true,
    // Tokens outlive the browser.
    expiresWithSession: () => Promise.resolve(false),
    revokeGrantPolicy: () => true,
    clientBasedCORS: () => true,
    features: features(hooks),
    interactions: {
      policy: askEveryTime(),
      url: (ctx, interaction) => hooks.onAsked(ctx, interaction.uid),
    },
    // Only what was given just now, by this very request: nothing is remembered of earlier times.
    loadExistingGrant: (ctx) => {
      const grantId = ctx.oidc.result?.consent?.grantId;
      return grantId === undefined
        ? Promise.resolve(undefined)
        : ctx.oidc.provider.Grant.find(grantId);
    },
    findAccount: (ctx, user, token) => {
      const grantId =
        token !== undefined && "grantId" in token
          ? token.grantId
          : ctx.oidc.result?.consent?.grantId;
      return hooks.isUserAllowed(user, grantId)
        ? { accountId: user, claims: () => Promise.resolve({ sub: user }) }
        : undefined;
    },
    renderError: (ctx, { error, error_description }, cause) => {
      const problem = { status: ctx.status, error, description: error_description ?? error };
      const { description } = hooks.onProblem(ctx, problem, cause);
      ctx.type = "text/plain";
      ctx.body = `${error}: ${description}\n`;
    },
    fetch: (url: string | URL | Request) =>
      hooks.fetchKeys(url instanceof Request ? url.url : url.toString()),
    fetchResponseBodyLimits: { jwks_uri: 64 * 1024, sector_identifier_uri: 0 },
  } as Configuration;
}

function features(hooks: EngineHooks): object {
  const off = { enabled: false };
  return {
    // Documents as client ids come through the adapter: the engine's own fetch goes anywhere here.
    clientIdMetadataDocument: off,
    devInteractions: off,
    userinfo: off,
    pushedAuthorizationRequests: off,
    dPoP: off,
    claimsParameter: off,
    rpInitiatedLogout: off,
    registration: off,
    introspection: off,
    revocation: {
      enabled: true,
      // The token of another client stays, and that client is told nothing.
      allowedPolicy: (_ctx: unknown, client: { clientId: string }, token: { clientId?: string }) =>
        Promise.resolve(token.clientId === client.clientId),
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_ctx: unknown, _client: unknown, oneOf?: readonly string[]) => {
        if (oneOf?.length === 1) return Promise.resolve(oneOf[0]);
        throw invalidTarget("resource must name one server of this gateway");
      },
      useGrantedResource: () => Promise.resolve(true),
      getResourceServerInfo: (ctx: KoaContextWithOIDC, resource: string) => {
        if (Array.isArray(ctx.oidc.params?.["resource"])) {
          throw invalidTarget("resource must name one server of this gateway, not several");
        }
        if (!hooks.isResource(resource)) {
          throw invalidTarget("resource is no server of this gateway");
        }
        return Promise.resolve({
          scope: SCOPE,
          audience: resource,
          accessTokenFormat: "opaque",
          accessTokenTTL: seconds(hooks.accessTokenLifetimeMs()),
        });
      },
    },
  };
}

function invalidTarget(description: string): Error {
  return new errors.CustomOIDCProviderError("invalid_target", description);
}

/** One question, asked of everybody every time: who are you, and do you give leave? */
function askEveryTime(): ReturnType<typeof interactionPolicy.base> {
  const { base, Check, Prompt } = interactionPolicy;
  const policy = base();
  policy.clear();
  const unanswered = new Check(
    "not_asked",
    "a person has to give leave",
    "consent_required",
    (ctx) => ctx.oidc.result?.consent === undefined,
  );
  policy.add(new Prompt({ name: "consent", requestable: true }, unanswered));
  return policy;
}
