/**
 * Pure. A compose file for the gateway, alone behind somebody's Traefik or with one of its own.
 *
 * The gateway's container gets what it needs and nothing else: no capability, no write access but
 * to its volumes, no socket of the container engine. The local Traefik reads its rules from a file,
 * so it needs no socket either.
 */
import { imageFor } from "./image-target.ts";
import type { Reference } from "./references.ts";
import { SERVICE, type RoutingConfig } from "./routes.ts";
import { traefikLabels } from "./traefik.ts";

export interface ComposeOptions {
  /** With a Traefik of its own; without, the external network `proxy` has one. */
  readonly localTraefik: boolean;
  readonly acmeEmail: string | undefined;
  /** DNS provider of Traefik for the DNS challenge and one wildcard certificate; undefined for HTTP. */
  readonly dnsProvider: string | undefined;
  /** The config file as the compose file sees it, such as `./config.json`. */
  readonly configFile: string;
  /** Folder of the Dockerfile, or undefined to run a published image. */
  readonly buildContext: string | undefined;
  /** Variables that the config file names. */
  readonly references: readonly Reference[];
}

export interface ComposeConfig extends RoutingConfig {
  readonly servers: readonly (RoutingConfig["servers"][number] & {
    readonly name: string;
    readonly command: string;
  })[];
}

const PORT = 8080;
const CERT_RESOLVER = "letsencrypt";
/** Those of a container engine and of private networks: only containers of the network reach us. */
const PRIVATE_NETWORKS = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16";
const LOG_OPTIONS = { driver: "json-file", options: { "max-size": "10m", "max-file": "3" } };

/** What the gateway's container is called from the network. */
export const BACKEND_URL = `http://${SERVICE}:${PORT}`;

/** How Traefik is told to reach it and to get certificates. */
export function traefikOptions({ dnsProvider }: Pick<ComposeOptions, "dnsProvider">) {
  return {
    backendUrl: BACKEND_URL,
    certResolver: CERT_RESOLVER,
    wildcard: dnsProvider !== undefined,
  };
}

/** The compose document. */
export function composeFile(config: ComposeConfig, options: ComposeOptions): object {
  const { localTraefik } = options;
  return {
    services: {
      [SERVICE]: gatewayService(config, options),
      ...(localTraefik ? { traefik: traefikService(options) } : {}),
    },
    networks: { proxy: localTraefik ? {} : { external: true } },
    volumes: { data: {}, logs: {}, ...(localTraefik ? { acme: {} } : {}) },
  };
}

function gatewayService(config: ComposeConfig, options: ComposeOptions): object {
  const { localTraefik, buildContext } = options;
  const { target } = imageFor(config.servers);
  const build =
    buildContext === undefined
      ? {}
      : { build: { context: buildContext, target }, pull_policy: "build" };
  const labels = localTraefik
    ? {}
    : { labels: traefikLabels(config, { ...traefikOptions(options), network: "proxy" }) };
  return {
    image: `${SERVICE}:${target === "full" ? "full" : "latest"}`,
    ...build,
    restart: "unless-stopped",
    environment: environmentOf(config, options),
    volumes: [`${options.configFile}:/config/config.json:ro`, "data:/data", "logs:/logs"],
    tmpfs: ["/tmp"],
    networks: ["proxy"],
    ...labels,
    healthcheck: {
      test: ["CMD", `/usr/local/bin/${SERVICE}`, "health"],
      interval: "30s",
      timeout: "5s",
      retries: 3,
      start_period: "20s",
    },
    // The gateway's own end takes 8 seconds at most.
    stop_grace_period: "15s",
    user: "65532:65532",
    read_only: true,
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
    deploy: {
      resources: {
        limits: { memory: "2G", cpus: "2.0" },
        reservations: { memory: "512M", cpus: "0.5" },
      },
    },
    logging: LOG_OPTIONS,
  };
}

function environmentOf(
  { domain, mcpDomain, publicUrl }: ComposeConfig,
  { references }: ComposeOptions,
): Readonly<Record<string, string>> {
  const own: Record<string, string> = {
    DOMAIN: domain,
    MCP_DOMAIN: mcpDomain,
    ...(publicUrl === undefined ? {} : { PUBLIC_URL: publicUrl }),
    TRUSTED_PROXIES: `\${TRUSTED_PROXIES:-${PRIVATE_NETWORKS}}`,
    LOG_LEVEL_SYSTEM: "${LOG_LEVEL_SYSTEM:-INFO}",
    LOG_LEVEL_MCP: "${LOG_LEVEL_MCP:-INFO}",
    LOG_RETENTION_SYSTEM: "${LOG_RETENTION_SYSTEM:-24h}",
    LOG_RETENTION_MCP: "${LOG_RETENTION_MCP:-12h}",
  };
  const named = references
    .filter(({ name }) => !(name in own))
    .map(({ name, hasDefault }) => [
      name,
      hasDefault ? `\${${name}:-}` : `\${${name}:?the config file needs it}`,
    ]);
  return { ...own, ...(Object.fromEntries(named) as Record<string, string>) };
}

/** Flags only: Traefik reads its static configuration from one place and ignores the others. */
function traefikService({ acmeEmail, dnsProvider }: ComposeOptions): object {
  const acme = `--certificatesresolvers.${CERT_RESOLVER}.acme`;
  const challenge =
    dnsProvider === undefined
      ? [`${acme}.httpchallenge.entrypoint=web`]
      : [`${acme}.dnschallenge.provider=${dnsProvider}`];
  return {
    image: "traefik:v3",
    restart: "unless-stopped",
    command: [
      "--global.checknewversion=false",
      "--global.sendanonymoususage=false",
      "--log.level=INFO",
      "--ping=true",
      "--entrypoints.web.address=:80",
      "--entrypoints.web.http.redirections.entrypoint.to=websecure",
      "--entrypoints.web.http.redirections.entrypoint.scheme=https",
      "--entrypoints.websecure.address=:443",
      "--providers.file.directory=/etc/traefik/dynamic",
      "--providers.file.watch=true",
      ...(acmeEmail === undefined ? [] : [`${acme}.email=${acmeEmail}`]),
      `${acme}.storage=/acme/acme.json`,
      ...challenge,
    ],
    ...(dnsProvider === undefined ? {} : { env_file: [".env"] }),
    ports: ["80:80", "443:443"],
    volumes: ["./traefik:/etc/traefik/dynamic:ro", "acme:/acme"],
    networks: ["proxy"],
    healthcheck: {
      test: ["CMD", "traefik", "healthcheck", "--ping"],
      interval: "30s",
      timeout: "5s",
      retries: 3,
    },
    read_only: true,
    cap_drop: ["ALL"],
    cap_add: ["NET_BIND_SERVICE"],
    security_opt: ["no-new-privileges:true"],
    logging: LOG_OPTIONS,
  };
}
