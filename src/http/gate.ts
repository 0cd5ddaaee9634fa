/**
 * Who may pass: the check of every request that is for somebody only, before anything is said of a
 * server and before a child is touched (auth.md section 2).
 *
 * Without credentials 401, with bad ones 401 and why; for a server that the caller may not use the
 * same 404 as for one that is not there.
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3
 */
import type { Context, MiddlewareHandler } from "hono";
import { LOCAL_PRINCIPAL, mayUse, type Principal } from "../auth/principal.ts";
import type { Identity } from "../auth/resource-server.ts";
import { incoming, type AppOptions, type AuthPort, type Env, type Incoming } from "./context.ts";
import { reply, replyTo } from "./reply.ts";
import { resourceMetadataUrl } from "./routes/well-known.ts";

/** The only scope there is; which server a token is for says its audience. */
export const SCOPE = "mcp";

const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/** The principal that may use the server if it exists, or the refusal. */
export function admitToServer(
  at: Incoming,
  slug: string,
  { auth, localUser }: Pick<AppOptions, "auth" | "localUser">,
): Principal | Response {
  if (auth === undefined) return localPrincipal(localUser());
  const identity = identify(at.request, auth);
  if (identity.kind !== "known") return challenge(at, auth, slug, problemOf(identity));
  const { principal, audience } = identity;
  if (audience !== undefined && audience !== slug) {
    return challenge(at, auth, slug, "The token is for another server");
  }
  return mayUse(principal, slug) ? principal : unknownServer();
}

/** Whether who was admitted would still be: asked while a stream is open. */
export function watchAdmission(request: Request, slug: string, auth: AuthPort): () => boolean {
  const credential = credentialOf(request);
  return () => {
    const identity = auth.resourceServer.identify(credential);
    if (identity.kind !== "known") return false;
    const { principal, audience } = identity;
    return (audience === undefined || audience === slug) && mayUse(principal, slug);
  };
}

/** The same for who was let through as an admin. */
export function watchAdmin(request: Request, { auth }: Pick<AppOptions, "auth">): () => boolean {
  if (auth === undefined) return () => true;
  const credential = credentialOf(request);
  return () => {
    const identity = auth.resourceServer.identify(credential);
    return identity.kind === "known" && identity.principal.isAdmin;
  };
}

function localPrincipal(user: string): Principal {
  return user === LOCAL_PRINCIPAL.user ? LOCAL_PRINCIPAL : { ...LOCAL_PRINCIPAL, user };
}

/** Lets only those pass who may see and steer the gateway itself. */
export function requireAdmin({ auth }: Pick<AppOptions, "auth">): MiddlewareHandler<Env> {
  return async (c, next) => {
    if (auth === undefined) return next();
    const identity = identify(c.req.raw, auth);
    if (identity.kind !== "known")
      return challenge(incoming(c), auth, undefined, problemOf(identity));
    if (identity.principal.isAdmin) return next();
    const why = "An API key with admin rights is needed";
    c.header("www-authenticate", `Bearer error="insufficient_scope", error_description="${why}"`);
    return reply(c, { error: "insufficient_scope", message: why }, 403);
  };
}

/** Who an admin is, for what is done in their name; behind `requireAdmin` only. */
export function adminUser(
  c: Context<Env>,
  { auth, localUser }: Pick<AppOptions, "auth" | "localUser">,
): string {
  if (auth === undefined) return localUser();
  const identity = identify(c.req.raw, auth);
  return identity.kind === "known" ? identity.principal.user : localUser();
}

function identify(request: Request, auth: AuthPort): Identity {
  return auth.resourceServer.identify(credentialOf(request));
}

/** By header only: what stands in a URL ends up in logs and histories. */
function credentialOf({ headers }: Request): string | undefined {
  const authorization = headers.get("authorization");
  const bearer = authorization === null ? undefined : BEARER.exec(authorization)?.[1];
  return bearer ?? headers.get("x-api-key") ?? undefined;
}

function problemOf(identity: Exclude<Identity, { readonly kind: "known" }>): string | undefined {
  return identity.kind === "refused" ? sentence(identity.reason) : undefined;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** 401 with where to learn how to get in. Every value in it is ours, none is the client's. */
function challenge(
  at: Incoming,
  auth: AuthPort,
  slug: string | undefined,
  problem: string | undefined,
): Response {
  const parts = [
    ...(problem === undefined ? [] : [`error="invalid_token"`, `error_description="${problem}"`]),
    ...(slug === undefined
      ? [`realm="remote-mcp-proxy"`]
      : [`resource_metadata="${resourceMetadataUrl(at.env, auth)}"`, `scope="${SCOPE}"`]),
  ];
  const error = problem === undefined ? "unauthorized" : "invalid_token";
  const message = problem ?? "Authentication is needed: sign in, or give an API key";
  return replyTo({ error, message }, 401, { "www-authenticate": `Bearer ${parts.join(", ")}` });
}

/** The answer for what is not there and for what the caller may not use. */
export function unknownServer(): Response {
  return replyTo({ error: "unknown_server", message: "No such server is served here" }, 404);
}
