/**
 * Pure. Whether authentication is asked for, and what the configuration lets each person do.
 *
 * The configuration is the truth at every request: who is taken out of it is out at once.
 */
import type { GatewayConfig, ServerConfig } from "../config/model.ts";
import { isLoopback } from "../kernel/address.ts";
import type { ServerSet } from "./principal.ts";

/** The one person of an installation whose configuration names nobody. */
export const OWNER = "owner";

export interface Rights {
  readonly servers: ServerSet;
  readonly isAdmin: boolean;
}

/** Why authentication is on or off, for the start and for `check`. */
export type AuthDecision =
  | { readonly isOn: true; readonly why: string }
  | { readonly isOn: false; readonly isInsecure: boolean };

type DecisionConfig = Pick<GatewayConfig, "auth" | "host" | "mcpDomain" | "publicUrl">;

/**
 * On as soon as anybody but this machine can call, or a public name says that somebody should.
 * `isInsecure` when only `allowInsecure` keeps it off.
 */
export function decideAuth(config: DecisionConfig): AuthDecision {
  const why = reasonFor(config);
  if (why === undefined) return { isOn: false, isInsecure: false };
  if (config.auth.allowInsecure) return { isOn: false, isInsecure: true };
  return { isOn: true, why };
}

function reasonFor({ auth, host, mcpDomain, publicUrl }: DecisionConfig): string | undefined {
  if (auth.required) return "the configuration requires it";
  if (!isLoopback(host)) return `the address ${host} can be reached from elsewhere`;
  if (publicUrl !== undefined && !isLocalHost(new URL(publicUrl).hostname))
    return `the public URL is ${publicUrl}`;
  return isLocalHost(mcpDomain) ? undefined : `the domain is ${mcpDomain}`;
}

/** True for names that only ever mean this machine. */
export function isLocalHost(name: string): boolean {
  return isLoopback(name) || name === "localhost" || name.endsWith(".localhost");
}

/** What a person may do; undefined for one whom the configuration does not know. */
export function rightsOf(
  user: string,
  config: Pick<GatewayConfig, "auth"> & { readonly servers: readonly NamedServer[] },
): Rights | undefined {
  const { users } = config.auth;
  if (Object.keys(users).length === 0) {
    return user === OWNER ? { servers: "all", isAdmin: true } : undefined;
  }
  const entry = Object.hasOwn(users, user) ? users[user] : undefined;
  if (entry === undefined) return undefined;
  return { servers: slugsOf(entry.servers, config.servers), isAdmin: entry.admin };
}

/** Everybody whom the configuration knows. */
export function peopleOf({ auth }: Pick<GatewayConfig, "auth">): readonly string[] {
  const named = Object.keys(auth.users);
  return named.length === 0 ? [OWNER] : named;
}

/** The people who may use a server. */
export function usersOf(
  slug: string,
  config: Pick<GatewayConfig, "auth"> & { readonly servers: readonly NamedServer[] },
): readonly string[] {
  return peopleOf(config).filter((user) => {
    const servers = rightsOf(user, config)?.servers;
    return servers === "all" || servers?.has(slug) === true;
  });
}

type NamedServer = Pick<ServerConfig, "name" | "slug">;

/** Slugs of servers that are written by name or slug; names that are served nowhere give nothing. */
export function slugsOf(
  named: "all" | readonly string[],
  servers: readonly NamedServer[],
): ServerSet {
  if (named === "all") return "all";
  const wanted = new Set(named);
  return new Set(
    servers
      .filter(({ name, slug }) => wanted.has(name) || wanted.has(slug))
      .map(({ slug }) => slug),
  );
}
