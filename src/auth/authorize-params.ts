/**
 * Pure. What an authorization, token or revocation request says, brought into the one form that the
 * protocol engine is asked in.
 *
 * Parameters that mean nothing here are left out, unknown scopes too (clients send what they know
 * from elsewhere), and every name of a server becomes its published resource. What is given twice
 * stays twice: the engine refuses it.
 */
import { SCOPE } from "./authorization-metadata.ts";
import type { Issuer, PublicHosts } from "./public-hosts.ts";

const AUTHORIZE = [
  "response_type",
  "client_id",
  "redirect_uri",
  "state",
  "code_challenge",
  "code_challenge_method",
];
const CLIENT = ["client_id", "client_secret", "client_assertion", "client_assertion_type"];
const TOKEN = [...CLIENT, "grant_type", "code", "redirect_uri", "code_verifier", "refresh_token"];
const REVOKE = [...CLIENT, "token", "token_type_hint"];

/** One is the limit; one more tells the engine that there were several. */
const MAX_RESOURCES = 8;

type Hosts = Pick<PublicHosts, "resourcesOf" | "serverOf">;

/** For the authorization endpoint. */
export function authorizeParams(
  asked: URLSearchParams,
  issuer: Issuer,
  hosts: Hosts,
): URLSearchParams {
  const params = pick(asked, AUTHORIZE);
  params.set("scope", SCOPE);
  // Everybody is asked every time; only "do not ask" changes anything, and it means a refusal.
  if (asked.get("prompt") === "none") params.set("prompt", "none");
  // Said in any case: errors of requests for other types would go into the fragment otherwise.
  const mode = asked.get("response_mode") ?? "query";
  params.set("response_mode", mode === "query" ? mode : "unsupported");
  for (const resource of resourcesIn(asked, issuer, hosts)) params.append("resource", resource);
  if (!params.has("resource")) {
    const slug = issuer.slug ?? hosts.serverOf(issuer, issuer.issuer);
    const published = slug === undefined ? undefined : hosts.resourcesOf(issuer, slug)[0];
    if (published !== undefined) params.set("resource", published);
  }
  return params;
}

/** For the token endpoint. Without a resource the token is for what the person gave leave to. */
export function tokenParams(asked: URLSearchParams, issuer: Issuer, hosts: Hosts): URLSearchParams {
  const params = pick(asked, TOKEN);
  if (asked.get("scope")?.split(" ").includes(SCOPE) === true) params.set("scope", SCOPE);
  for (const resource of resourcesIn(asked, issuer, hosts)) params.append("resource", resource);
  return params;
}

/** For the revocation endpoint. */
export function revokeParams(asked: URLSearchParams): URLSearchParams {
  return pick(asked, REVOKE);
}

/** Each server once, by its published resource; what means no server stays as it is. */
function resourcesIn(asked: URLSearchParams, issuer: Issuer, hosts: Hosts): ReadonlySet<string> {
  return new Set(
    asked
      .getAll("resource")
      .slice(0, MAX_RESOURCES)
      .map((resource) => {
        const slug = hosts.serverOf(issuer, resource);
        return (slug === undefined ? undefined : hosts.resourcesOf(issuer, slug)[0]) ?? resource;
      }),
  );
}

function pick(asked: URLSearchParams, names: readonly string[]): URLSearchParams {
  const picked = new URLSearchParams();
  for (const [name, value] of asked) if (names.includes(name)) picked.append(name, value);
  return picked;
}
