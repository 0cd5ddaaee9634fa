/**
 * `grant`: shows and ends the leaves that people have given to programs, in the authorization file of
 * the data folder, also while a gateway runs.
 */
import type { GrantSummary } from "../auth/authorization-server.ts";
import { rightsOf } from "../auth/rights.ts";
import { TOKEN_TABLES, TokenStore } from "../auth/token-store.ts";
import type { GatewayConfig } from "../config/model.ts";
import { type AuthFileContext, timeJson, timeText, withAuthFile } from "./auth-file.ts";
import { columns } from "./columns.ts";
import { EXIT } from "./exit-codes.ts";
import { coded } from "./failure.ts";

export interface GrantOptions {
  readonly json?: boolean;
  readonly user?: string;
}

/** Prints the leaves. @returns the exit code */
export function listGrants(context: AuthFileContext, { json, user }: GrantOptions): number {
  return withStore(context, (store, config) => {
    const grants = store.grants().filter((grant) => user === undefined || grant.user === user);
    if (json === true) {
      context.print(`${JSON.stringify(grants.map(jsonOf), null, 2)}\n`);
      return;
    }
    const header = ["ID", "USER", "SERVER", "PROGRAM", "SINCE", "LAST USED", "CLIENT ID"];
    context.print(columns([header, ...grants.map((grant) => rowOf(grant, config))]));
  });
}

/** Ends leaves with all their tokens. @returns the exit code, a failure when one is not there */
export function revokeGrants(
  context: AuthFileContext,
  ids: readonly string[],
  { json, user }: GrantOptions,
): number {
  if (ids.length === 0 && user === undefined) {
    const message = "say which, by ids as `grant list` shows them or by --user";
    context.tell(`error: ${coded("BAD_USAGE", message)}\n`);
    return EXIT.usage;
  }
  const revoked: string[] = [];
  const unknown: string[] = [];
  const exitCode = withStore(context, (store) => {
    const theirs = store.grants().filter((grant) => user !== undefined && grant.user === user);
    for (const id of new Set([...ids, ...theirs.map(({ grantId }) => grantId)])) {
      (store.revokeGrant(id) ? revoked : unknown).push(id);
    }
  });
  if (exitCode !== EXIT.stopped) return exitCode;
  if (json === true) context.print(`${JSON.stringify({ revoked, unknown })}\n`);
  else for (const id of revoked) context.print(`revoked ${id}\n`);
  for (const id of unknown)
    context.tell(`error: ${coded("NO_SUCH_GRANT", `there is no grant ${JSON.stringify(id)}`)}\n`);
  return unknown.length === 0 ? EXIT.stopped : EXIT.bug;
}

function withStore(
  context: AuthFileContext,
  work: (store: TokenStore, config: GatewayConfig) => void,
): number {
  return withAuthFile(context, TOKEN_TABLES, (database, config) => {
    work(new TokenStore({ database, wallMs: context.wallMs }), config);
  });
}

function rowOf(grant: GrantSummary, config: GatewayConfig): readonly string[] {
  const { grantId, user, slug, clientName, clientId, createdAtMs, lastUsedAtMs } = grant;
  return [
    grantId,
    rightsOf(user, config) === undefined ? `${user} (unknown)` : user,
    config.servers.some((server) => server.slug === slug) ? slug : `${slug} (not served)`,
    clientName,
    timeText(createdAtMs),
    lastUsedAtMs === undefined ? "never" : timeText(lastUsedAtMs),
    clientId,
  ];
}

function jsonOf(grant: GrantSummary): object {
  const { grantId, user, slug, clientName, clientId, createdAtMs, lastUsedAtMs } = grant;
  return {
    id: grantId,
    user,
    server: slug,
    clientName,
    clientId,
    createdAt: timeJson(createdAtMs),
    lastUsedAt: timeJson(lastUsedAtMs),
  };
}
