/**
 * Pure. What Traefik v3 has to know: as a document of its file and HTTP providers, and as labels of
 * a container.
 *
 * No buffering middleware and no compression: both would hold back event streams. Only headers that
 * the gateway does not set itself are added.
 */
import { mainHost, routesOf, SERVICE, type Route, type RoutingConfig } from "./routes.ts";

export interface TraefikOptions {
  /** Where Traefik reaches the gateway, such as `http://remote-mcp-proxy:8080`. */
  readonly backendUrl: string;
  /** Name of the certificate resolver in Traefik's static configuration. */
  readonly certResolver: string;
  /** True asks for one certificate for all subdomains, which needs the DNS challenge. */
  readonly wildcard: boolean;
}

const SECURITY_HEADERS = {
  stsSeconds: 31_536_000,
  stsIncludeSubdomains: true,
  contentTypeNosniff: true,
  referrerPolicy: "no-referrer",
  customResponseHeaders: { "X-Powered-By": "", Server: "" },
} as const;

/** Requests a second from one address; far above what one person's clients do. */
const RATE_LIMIT = { average: 100, burst: 200, period: "1s" } as const;

const HEADERS = `${SERVICE}-headers`;
const RATE = `${SERVICE}-rate`;

/** The document of the file and HTTP providers. */
export function traefikRules(config: RoutingConfig, options: TraefikOptions): object {
  const routers = routesOf(config).map(({ name, rule }) => [
    name,
    {
      rule,
      entryPoints: ["websecure"],
      service: SERVICE,
      middlewares: [HEADERS, RATE],
      tls: tlsOf(config, options),
    },
  ]);
  return {
    http: {
      routers: Object.fromEntries(routers) as object,
      middlewares: { [HEADERS]: { headers: SECURITY_HEADERS }, [RATE]: { rateLimit: RATE_LIMIT } },
      services: {
        [SERVICE]: {
          loadBalancer: {
            servers: [{ url: options.backendUrl }],
            passHostHeader: true,
            // At once: an event that waits for others to fill a buffer comes too late.
            responseForwarding: { flushInterval: "-1ms" },
            healthCheck: {
              path: "/healthz",
              hostname: mainHost(config),
              interval: "10s",
              timeout: "3s",
            },
          },
        },
      },
    },
  };
}

/** The same as labels of the gateway's container, for Traefik's Docker provider. */
export function traefikLabels(
  config: RoutingConfig,
  options: TraefikOptions & { readonly network: string },
): Readonly<Record<string, string>> {
  const service = `traefik.http.services.${SERVICE}.loadbalancer`;
  return {
    "traefik.enable": "true",
    "traefik.docker.network": options.network,
    ...Object.assign({}, ...routesOf(config).map((route) => routerLabels(route, config, options))),
    ...flatten(`traefik.http.middlewares.${HEADERS}.headers`, SECURITY_HEADERS),
    ...flatten(`traefik.http.middlewares.${RATE}.ratelimit`, RATE_LIMIT),
    [`${service}.server.port`]: new URL(options.backendUrl).port,
    [`${service}.passhostheader`]: "true",
    [`${service}.responseforwarding.flushinterval`]: "-1ms",
    ...flatten(`${service}.healthcheck`, {
      path: "/healthz",
      hostname: mainHost(config),
      interval: "10s",
      timeout: "3s",
    }),
  };
}

function routerLabels(
  { name, rule }: Route,
  config: RoutingConfig,
  options: TraefikOptions,
): Readonly<Record<string, string>> {
  const router = `traefik.http.routers.${name}`;
  return {
    [`${router}.rule`]: rule,
    [`${router}.entrypoints`]: "websecure",
    [`${router}.service`]: SERVICE,
    [`${router}.middlewares`]: `${HEADERS},${RATE}`,
    [`${router}.tls`]: "true",
    ...flatten(`${router}.tls`, tlsOf(config, options)),
  };
}

function tlsOf({ mcpDomain }: RoutingConfig, { certResolver, wildcard }: TraefikOptions): object {
  const domains = wildcard ? { domains: [{ main: mcpDomain, sans: [`*.${mcpDomain}`] }] } : {};
  return { certResolver, ...domains };
}

/** Labels are lower case; lists of objects are written `[0]`, lists of texts with commas. */
function flatten(path: string, value: object): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
      // Names of headers keep their case.
      const name = path.includes("customresponseheaders") ? key : key.toLowerCase();
      return entriesOf(`${path}.${name}`, inner);
    }),
  );
}

function entriesOf(path: string, value: unknown): readonly (readonly [string, string])[] {
  if (Array.isArray(value)) {
    return value.every((one) => typeof one === "string")
      ? [[path, value.join(",")]]
      : value.flatMap((one, index) => entriesOf(`${path}[${index}]`, one));
  }
  if (typeof value === "object" && value !== null) return Object.entries(flatten(path, value));
  return [[path, String(value)]];
}
