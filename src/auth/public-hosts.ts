/**
 * Pure. The issuers of this installation and what each may issue tokens for (auth.md 0.1 and 2).
 *
 * Every URL comes from the configuration, never from a header of the request. A server on its own
 * subdomain is issuer and resource; all paths of the main host share one root issuer, which needs
 * the `resource` to know the server.
 */
import type { GatewayConfig } from "../config/model.ts";
import { localName } from "../kernel/address.ts";
import { isLocalHost } from "./rights.ts";

export interface Issuer {
  /** Exactly as published: an origin and maybe a path, no slash at its end. */
  readonly issuer: string;
  /** Path of the issuer, "" or `/tools`. */
  readonly basePath: string;
  /** The server of a subdomain; undefined for the root issuer. */
  readonly slug: string | undefined;
}

type HostConfig = Pick<
  GatewayConfig,
  "host" | "mcpDomain" | "publicUrl" | "tls" | "rootServer" | "publicPort"
> & { readonly servers: readonly { readonly slug: string }[] };

export class PublicHosts {
  readonly #config: HostConfig;
  readonly #port: number;

  /** @param port the port that is listened on */
  constructor(config: HostConfig, port: number) {
    this.#config = config;
    this.#port = port;
  }

  /** The issuer of all that is served by path. */
  get root(): Issuer {
    const { publicUrl, mcpDomain, tls, host } = this.#config;
    if (publicUrl !== undefined) {
      const { origin, pathname } = new URL(publicUrl);
      const basePath = pathname.replace(/\/+$/, "");
      return { issuer: origin + basePath, basePath, slug: undefined };
    }
    const scheme = tls === undefined ? "http" : "https";
    const issuer = this.hasSubdomains
      ? this.#publicOrigin(mcpDomain)
      : `${scheme}://${localName(host)}:${this.#port}`;
    return { issuer, basePath: "", slug: undefined };
  }

  /** The issuer of a server's subdomain; undefined where the domain has none. */
  ofServer(slug: string): Issuer | undefined {
    const isServed = this.#config.servers.some((server) => server.slug === slug);
    return isServed ? this.atSubdomain(slug) : undefined;
  }

  /** The same for a server that may not exist, for answers that must not tell. */
  atSubdomain(slug: string): Issuer | undefined {
    if (!this.hasSubdomains) return undefined;
    const issuer = this.#publicOrigin(`${slug}.${this.#config.mcpDomain}`);
    return { issuer, basePath: "", slug };
  }

  /** The server that is also served at the root of the main host. */
  get rootServer(): string | undefined {
    return this.#config.rootServer;
  }

  /** The issuer for a server as the request reached it: by its subdomain, or by path. */
  issuerFor(slug: string, isSubdomain: boolean): Issuer {
    return (isSubdomain ? this.ofServer(slug) : undefined) ?? this.root;
  }

  /** Everything that means this server at this issuer; the first is the one to publish. */
  resourcesOf(issuer: Issuer, slug: string): readonly string[] {
    const bases =
      issuer.slug === undefined
        ? [
            `${issuer.issuer}/${slug}`,
            `${issuer.issuer}/servers/${slug}`,
            ...(this.#config.rootServer === slug ? [issuer.issuer] : []),
          ]
        : [issuer.issuer];
    return bases.flatMap((base) => [`${base}/mcp`, `${base}/sse`, base, `${base}/`]);
  }

  /** The server that a resource means at this issuer; undefined for anything else. */
  serverOf(issuer: Issuer, resource: string): string | undefined {
    const slugs =
      issuer.slug === undefined ? this.#config.servers.map(({ slug }) => slug) : [issuer.slug];
    return slugs.find((slug) => this.resourcesOf(issuer, slug).includes(resource));
  }

  /** True when each server has an own host: not under a domain that only means this machine. */
  get hasSubdomains(): boolean {
    return !isLocalHost(this.#config.mcpDomain);
  }

  /** Without TLS of our own somebody in front has it, at the usual port. */
  #publicOrigin(host: string): string {
    const { publicPort, tls } = this.#config;
    const port = publicPort ?? (tls === undefined ? 443 : this.#port);
    return `https://${host}${port === 443 ? "" : `:${port}`}`;
  }
}
