/**
 * What routes are given: by the composition root once, and by each request.
 */
import type { Context } from "hono";
import type { Accounts } from "../auth/accounts.ts";
import type { AuthorizationServer } from "../auth/authorization-server.ts";
import type { PublicHosts } from "../auth/public-hosts.ts";
import type { ResourceServer } from "../auth/resource-server.ts";
import type { TokenBuckets } from "../auth/token-bucket.ts";
import type { SignIn } from "../auth/sign-in.ts";
import type { Emit } from "../kernel/event.ts";
import type { Endpoint } from "../transport/endpoint.ts";
import type { HealthActions } from "./health-actions.ts";
import type { AdminActions } from "./admin-actions.ts";
import type { ConnectionControl } from "./connection.ts";
import type { HostMatch, HostPolicy } from "./hosts.ts";
import type { OriginPolicy } from "./origins.ts";
import type { Peers } from "./peers.ts";

export interface ServerStatus {
  readonly name: string;
  readonly slug: string;
  readonly state: string;
  readonly running: boolean;
  readonly pid?: number;
  readonly command: string;
  readonly error?: string;
  /** What it holds of everything that has a cap, as counts. */
  readonly load?: object;
}

export interface CleanupReport {
  readonly before: number;
  readonly after: number;
  readonly remaining: readonly {
    readonly ref: string;
    readonly server: string;
    readonly openedAtMs: number;
  }[];
}

/** What the composition root lets HTTP do. */
export interface UtilityActions {
  readonly servers: () => readonly ServerStatus[];
  readonly server: (slug: string) => ServerStatus | undefined;
  /** All tools of a running server for a person, as JSON text of an array. @throws GatewayError */
  readonly listTools: (slug: string, user: string) => Promise<string>;
  readonly cleanup: () => CleanupReport;
}

/** The metrics as HTTP needs them. */
export interface MetricsPort {
  /** The media type of the text. */
  readonly contentType: string;
  /** All series. */
  readonly text: () => Promise<string>;
}

/** Authentication as HTTP needs it. */
export interface AuthPort {
  readonly resourceServer: ResourceServer;
  /** As the configuration is now. */
  readonly publicHosts: () => PublicHosts;
  readonly authorizationServer: AuthorizationServer | undefined;
  readonly people: PeoplePort;
}

/** What the pages for people are made of. */
export interface PeoplePort {
  readonly accounts: Accounts;
  /** Undefined without an authorization server. */
  readonly signIn: SignIn | undefined;
  /** URLs of the servers that a person may use. */
  readonly addressesOf: (user: string) => readonly string[];
  readonly emit: Emit;
}

export interface AppOptions {
  readonly hosts: HostPolicy;
  readonly origins: OriginPolicy;
  /** Path of the public URL without a trailing slash, "" when there is none. */
  readonly publicPrefix: string;
  /** The server that one-server forms also serve at the root. */
  readonly rootServer: string | undefined;
  /** Changes while the gateway runs. */
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  /** Resolves when a server that is being replaced has changed hands; undefined for any other. */
  readonly handover: (slug: string) => Promise<void> | undefined;
  readonly actions: UtilityActions;
  readonly health: HealthActions;
  /** Addresses and networks of proxies whose forwarding headers are believed. */
  readonly trustedProxies: readonly string[];
  /** Only this machine is served, and nobody is asked who they are: no proxy may stand in between. */
  readonly isForThisMachine: boolean;
  readonly metrics: MetricsPort;
  /** How often a person may call; undefined for any number of times. */
  readonly callLimit: Pick<TokenBuckets, "take"> | undefined;
  /** Whose processes serve those who are not asked who they are. */
  readonly localUser: () => string;
  /** Undefined where everybody may call. */
  readonly auth: AuthPort | undefined;
  readonly admin: AdminActions;
  /** Seconds without bytes after which the listener cuts a connection. */
  readonly idleTimeoutSeconds: number;
  readonly onFault: (error: unknown) => void;
}

/** A request at its route, whoever found the route. */
export interface Incoming {
  readonly request: Request;
  readonly env: Env["Bindings"];
}

/** The same of Hono's. */
export function incoming(c: Context<Env>): Incoming {
  return { request: c.req.raw, env: c.env };
}

/** What a request brings to the routes. */
export interface Env {
  Bindings: {
    /** What is routed by: without the public prefix, subdomains turned into paths. */
    readonly path: string;
    /** The same before that turn: as the client wrote it behind host and prefix. */
    readonly ownPath: string;
    /** What follows the question mark; "" without one. */
    readonly query: string;
    readonly host: HostMatch;
    readonly peers: Peers;
    readonly control: ConnectionControl;
    readonly idleTimeoutSeconds: number;
  };
}
