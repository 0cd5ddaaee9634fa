/**
 * Pure. Who is calling: a person, and the program that calls for them.
 *
 * Children and parked calls are keyed by the person, sessions by person and program (protocol.md
 * 9.13): an API key and a sign-in of one person reach the same processes.
 */

/** Servers by slug. */
export type ServerSet = "all" | ReadonlySet<string>;

export interface Principal {
  /** The person; `local` without authentication. */
  readonly user: string;
  /** The program: `key:{id}`, `client:{client id}`, or `local`. */
  readonly client: string;
  readonly isAdmin: boolean;
  readonly servers: ServerSet;
}

/** Everybody, where authentication is off. */
export const LOCAL_PRINCIPAL: Principal = {
  user: "local",
  client: "local",
  isAdmin: true,
  servers: "all",
};

/** True when the principal, or whoever has these rights, may use the server. */
export function mayUse({ servers }: Pick<Principal, "servers">, slug: string): boolean {
  return servers === "all" || servers.has(slug);
}

/** What both sets hold. */
export function intersection(left: ServerSet, right: ServerSet): ServerSet {
  if (left === "all") return right;
  if (right === "all") return left;
  return new Set([...left].filter((slug) => right.has(slug)));
}
