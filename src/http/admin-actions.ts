/**
 * What an administrator may ask of a running gateway, as the composition root offers it.
 *
 * Nothing in an answer is a session id or a secret: sessions have short references, lines of the log
 * are redacted before they are kept.
 */
import type { LineListener, LineQuery, NumberedLine } from "../observe/log-ring.ts";
import type { StreamSet } from "../transport/stream-set.ts";

/** A server as the routes need to know it; answers show all there is. */
export interface SteeredServer {
  readonly slug: string;
  readonly state: string;
}

/** The gateway as a whole. */
export interface GatewayStatus {
  readonly version: string;
  readonly pid: number;
  readonly uptimeSeconds: number;
  /** It takes no requests any more, since it stops. */
  readonly draining: boolean;
  /** The file that it runs with; null for the demo and for a server of the command line. */
  readonly configFile: string | null;
  readonly sessions: number;
  readonly servers: readonly SteeredServer[];
}

/** A session that is open. */
export interface SessionStatus {
  /** Short; not the id. */
  readonly ref: string;
  readonly server: string;
  readonly binding: string;
  readonly openedAtMs: number;
  readonly idleMs: number;
  /** Open responses and running calls. */
  readonly busy: number;
}

/** What can be done to a server. */
export type Steering = "restart" | "stop" | "start";

/** Lines of the log, and who listens to them. */
export interface LogSource {
  tail(query?: LineQuery): readonly NumberedLine[];
  subscribe(server: string | null | undefined, listener: LineListener): (() => void) | undefined;
}

/** What the rules depend on beside the configuration. */
export interface RulesQuery {
  /** Where Traefik reaches the gateway. */
  readonly backendUrl: string;
  /** Name of Traefik's certificate resolver. */
  readonly certResolver: string;
  /** One certificate for all subdomains, which needs the DNS challenge. */
  readonly wildcard: boolean;
}

export interface AdminActions {
  readonly status: () => GatewayStatus;
  readonly sessions: () => readonly SessionStatus[];
  /** Resolves once it is done: stopped, or ready or failed. Undefined when there is no such server. */
  readonly steer: (slug: string, what: Steering) => Promise<SteeredServer | undefined>;
  /** Reads the configuration again. Never rejects. */
  readonly reload: () => Promise<{ readonly outcome: string }>;
  /** What Traefik has to know to route every server that is configured now. */
  readonly traefikRules: (asked: RulesQuery) => object;
  readonly logs: LogSource;
  /** Streams of the log end with all others. */
  readonly streams: StreamSet;
}
