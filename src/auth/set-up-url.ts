/**
 * Pure. Where a set-up link leads.
 */
import type { GatewayConfig } from "../config/model.ts";
import { PublicHosts } from "./public-hosts.ts";

/** Path of the page, below the issuer; the secret follows. */
export const SET_UP_PATH = "/set-up/";

/**
 * The whole link. Under a domain it is at the first server's host: the domain itself need not lead
 * here, since nothing is served at it that a client needs.
 */
export function setUpUrl(config: GatewayConfig, port: number, secret: string): string {
  const hosts = new PublicHosts(config, port);
  const [first] = config.servers;
  const ofFirst =
    config.publicUrl === undefined && first !== undefined ? hosts.ofServer(first.slug) : undefined;
  return `${(ofFirst ?? hosts.root).issuer}${SET_UP_PATH}${secret}`;
}
