/**
 * What happens in the protocol engine, as events of the gateway: each step with the correlation id of
 * its leave, never with a token in it.
 */
import type { EventEmitter } from "node:events";
import type { errors, KoaContextWithOIDC, Provider } from "oidc-provider";
import { messageOf } from "../kernel/error.ts";
import type { AuthEvent, Emit } from "../kernel/event.ts";
import type { Issuer } from "./public-hosts.ts";
import type { Grant, TokenStore } from "./token-store.ts";

/** Whom a step is about, as far as it is known. */
export type StepFacts = {
  readonly [Name in "correlation" | "user" | "clientId" | "slug"]?: string | undefined;
};

/** Tells of a step. */
export function emitStep(
  emit: Emit,
  step: AuthEvent["step"],
  outcome: AuthEvent["outcome"],
  { correlation, user, clientId, slug }: StepFacts = {},
  reason?: string,
): void {
  emit({
    kind: "auth.step",
    step,
    outcome,
    ...(correlation === undefined ? {} : { correlation }),
    ...(user === undefined ? {} : { user }),
    ...(clientId === undefined ? {} : { client: clientId }),
    ...(slug === undefined ? {} : { server: slug }),
    ...(reason === undefined ? {} : { reason }),
  });
}

/** Tells of what an issuer's engine does from here on. */
export function listenTo(
  provider: Provider,
  issuer: Issuer,
  tokens: Pick<TokenStore, "grant">,
  emit: Emit,
): void {
  const grantOf = (ctx: KoaContextWithOIDC): Grant | undefined => {
    const id = ctx.oidc.entities.Grant?.jti;
    return id === undefined ? undefined : tokens.grant(id, issuer.issuer);
  };
  const stepOf = (ctx: KoaContextWithOIDC): AuthEvent["step"] =>
    ctx.oidc.params?.["grant_type"] === "refresh_token" ? "token.refreshed" : "token.issued";
  const clientOf = (ctx: KoaContextWithOIDC): StepFacts => ({
    clientId: ctx.oidc.client?.clientId,
    slug: issuer.slug,
  });
  provider.on("grant.success", (ctx) => {
    emitStep(emit, stepOf(ctx), "ok", grantOf(ctx));
  });
  provider.on("grant.error", (ctx, error) => {
    emitStep(emit, stepOf(ctx), "refused", grantOf(ctx) ?? clientOf(ctx), reasonOf(error));
  });
  provider.on("authorization.error", (ctx, error) => {
    // Of a person who says no has been told already.
    if (error.message === "access_denied") return;
    emitStep(emit, "authorize.asked", "refused", clientOf(ctx), reasonOf(error));
  });
  const fault = (error: unknown): void => {
    const message = `fault in the authorization server: ${messageOf(error)}`;
    emit({ kind: "gateway.notice", level: "ERROR", message });
  };
  provider.on("server_error", (_ctx, error) => {
    fault(error);
  });
  // Of Koa, under which the engine works; without a listener it writes to the console.
  (provider as EventEmitter).on("error", fault);
}

function reasonOf(error: errors.OIDCProviderError): string {
  const parts = [error.message, error.error_description, error.error_detail];
  return parts.filter((part) => part !== undefined && part !== "").join(": ");
}
