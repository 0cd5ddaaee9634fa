/**
 * Which issuer a request is for: by its host, which was compared with the configured ones before.
 */
import type { Context } from "hono";
import type { Issuer } from "../../auth/public-hosts.ts";
import type { AuthPort, Env } from "../context.ts";

/** The issuer that a request's host stands for; undefined for a subdomain without a server. */
export function requestIssuer(c: Context<Env>, auth: AuthPort): Issuer | undefined {
  const { host } = c.env;
  const hosts = auth.publicHosts();
  if (host.kind === "main") return hosts.root;
  return hosts.hasSubdomains ? hosts.ofServer(host.slug) : hosts.root;
}
