/**
 * Pure. The configuration as the rest of the program sees it: expanded, defaulted, frozen.
 * Times are milliseconds, sizes are bytes. Written by `schema.ts` and `load.ts`, read by all.
 */
import type { LogLevel } from "../kernel/event.ts";

export type InstancesMode = "auto" | "shared" | "session";
/** `user`: each person has processes of their own; `none`: all share them. */
export type IsolationMode = "user" | "none";
export type ToolNamesMode = "snake_case" | "keep";
/** Who runs `npx`, `bunx`, `node` and `bun`: the machine's own, this executable, or the first if it is there. */
export type RuntimeMode = "auto" | "self" | "system";

/** `none`: never forwarded; `forward`: asked of the remote client; a list: answered by the gateway. */
export type RootsPolicy = "none" | "forward" | readonly string[];

export interface ToolFilter {
  /** Patterns with `*`; undefined allows all. */
  readonly allow: readonly string[] | undefined;
  readonly deny: readonly string[];
}

/** How the health of a server is watched, and what follows. */
export interface HealthSettings {
  /** 0: never. */
  readonly probeIntervalMs: number;
  readonly probeTimeoutMs: number;
  /** In a row; then it is restarted. */
  readonly probeFailures: number;
  /** In the window; one more failure and it has failed. */
  readonly maxRestarts: number;
  readonly restartWindowMs: number;
  /** How long it rests once it has failed. */
  readonly restartCoolDownMs: number;
  /** 0: no alert. */
  readonly alertMemoryBytes: number;
  /** Of one core; 0: no alert. */
  readonly alertCpuPercent: number;
}

export interface ServerConfig {
  /** As written in the file. */
  readonly name: string;
  /** The DNS label in URLs. */
  readonly slug: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment that the child gets: minimal or inherited part, then the entry's `env`. */
  readonly env: Readonly<Record<string, string>>;
  /** Values of the entry's own `env`, to be redacted from anything shown. */
  readonly secrets: readonly string[];
  readonly cwd: string | undefined;
  /** Another user than the gateway's. */
  readonly runAs: { readonly uid: number; readonly gid: number } | undefined;
  readonly runtime: RuntimeMode;
  /** Run the install scripts of its packages. */
  readonly installScripts: boolean;
  /** For the installation of its packages. */
  readonly installTimeoutMs: number;
  readonly instances: InstancesMode;
  readonly isolation: IsolationMode;
  readonly toolNames: ToolNamesMode;
  readonly tools: ToolFilter;
  readonly roots: RootsPolicy;
  /** Serve requests of legacy clients that carry no session id from the shared child (protocol.md 9.4). */
  readonly legacyStateless: boolean;
  /** Which era the server is opened in; `auto` finds out what it speaks and matches its clients. */
  readonly era: "auto" | "legacy" | "modern";
  /** What clients of 2026-07-28 get from a server that does not speak it. */
  readonly modern: "bridge" | "decline";
  /** Processes for calls of modern clients that may ask; 0 for the one that they share (protocol.md 9.2). */
  readonly leases: number;
  /** What a legacy child is told that its modern clients can do (protocol.md 9.10). */
  readonly clientCapabilities: "match" | "all";
  /** Requests in the child at once; more wait in the queue. */
  readonly maxInFlight: number;
  /** Requests that may wait; one more is refused. */
  readonly maxQueue: number;
  /** Own children of sessions that may run at once. */
  readonly maxInstances: number;
  /** From spawn to the answer to `initialize`. */
  readonly startTimeoutMs: number;
  /** From a request to its answer; progress starts it anew. */
  readonly requestTimeoutMs: number;
  /** For resources/list, resources/templates/list and prompts/list. */
  readonly optionalListTimeoutMs: number;
  /** Longest line that the child may write. */
  readonly maxLineBytes: number;
  /** `demand`: the process is started by the first request. */
  readonly startOn: "boot" | "demand";
  /** Without a request for so long it is stopped until the next one; 0: never. */
  readonly idleTimeoutMs: number;
  /** The gateway is only ready while this server is. */
  readonly required: boolean;
  readonly health: HealthSettings;
}

export interface Limits {
  readonly maxBodyBytes: number;
  readonly maxJsonDepth: number;
  readonly maxBatch: number;
  readonly maxSessions: number;
  readonly maxSessionsPerServer: number;
  readonly sessionIdleMs: number;
  readonly maxStreamsPerSession: number;
  /** Open event streams of one program of one person, and of one server. */
  readonly maxStreamsPerClient: number;
  readonly maxStreamsPerServer: number;
  readonly streamLifetimeMs: number;
  /** MCP requests of one person, all servers together; 0 for no limit. */
  readonly maxCallsPerMinute: number;
  /** Bytes that may wait in one event stream for a slow reader before it is ended. */
  readonly maxStreamBufferBytes: number;
  readonly maxReplayEvents: number;
  readonly maxReplayBytes: number;
  /** What all replay logs may hold together. */
  readonly maxReplayTotalBytes: number;
  /** What the unanswered requests of one server may hold together. */
  readonly maxPendingBytes: number;
  /** How long a stream can be resumed after its end. */
  readonly replayKeepMs: number;
  /** Silence after which a waiting answer becomes an event stream. */
  readonly lazyStreamMs: number;
  readonly keepAliveMs: number;
  /** How long a client may take to answer a request of the server. */
  readonly clientAnswerTimeoutMs: number;
  /** How long a request of the server waits for a stream to the client. */
  readonly streamWaitMs: number;
  readonly shutdownMs: number;
  readonly drainMs: number;
}

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** A person who may call. */
export interface UserConfig {
  /** Names or slugs of servers, as written. */
  readonly servers: "all" | readonly string[];
  readonly admin: boolean;
}

/** A client that was registered beforehand. */
export interface ClientConfig {
  readonly name: string | undefined;
  /** Undefined for a public client. */
  readonly secret: string | undefined;
  readonly redirectUris: readonly string[];
}

/** Who may call. */
export interface AuthConfig {
  readonly allowInsecure: boolean;
  readonly required: boolean;
  readonly users: Readonly<Record<string, UserConfig>>;
  readonly clients: Readonly<Record<string, ClientConfig>>;
  /** Beside the built-in ones. */
  readonly redirectHosts: "any" | readonly string[];
  readonly documentHosts: "any" | readonly string[];
  readonly redirectSchemes: readonly string[];
  readonly accessTokenLifetimeMs: number;
  readonly refreshTokenIdleMs: number;
  readonly refreshGraceMs: number;
}

/** Who is told when a server fails and when it is back. */
export interface WebhookConfig {
  /** It may hold a secret. */
  readonly url: string;
  readonly secret: string | undefined;
  readonly events: readonly ("server.failed" | "server.recovered")[];
  readonly minIntervalMs: number;
}

/** An entry of the file that is not run, and why, for the start table and `/listmcp`. */
export interface SkippedServer {
  readonly name: string;
  readonly reason: string;
}

export interface GatewayConfig {
  readonly source:
    { readonly kind: "file"; readonly path: string } | { readonly kind: "demo" | "command-line" };
  readonly host: string;
  readonly port: number;
  readonly domain: string;
  readonly mcpDomain: string;
  /** Without a trailing slash; the path is the public prefix. */
  readonly publicUrl: string | undefined;
  /** Port of public https URLs of the domain, where it is not the usual one. */
  readonly publicPort: number | undefined;
  /** Addresses (`10.0.0.1`) and networks (`10.0.0.0/8`) whose forwarding headers are believed. */
  readonly trustedProxies: readonly string[];
  readonly dataDir: string;
  /** What of our environment an installation of packages gets beside that of the server. */
  readonly installEnv: Readonly<Record<string, string>>;
  readonly logLevelSystem: LogLevel;
  readonly logLevelMcp: LogLevel;
  readonly logFormat: "text" | "json";
  /** Absolute; undefined: stderr only. */
  readonly logDir: string | undefined;
  readonly logRetentionSystemMs: number;
  readonly logRetentionMcpMs: number;
  readonly logMaxFileBytes: number;
  /** Files set aside that are kept of each log. */
  readonly logMaxFiles: number;
  readonly webhook: WebhookConfig | undefined;
  readonly allowedOrigins: readonly string[];
  readonly allowedHosts: readonly string[];
  readonly tls: TlsFiles | undefined;
  /** One-server forms also serve /mcp, /sse and /message at the root. */
  readonly rootServer: string | undefined;
  readonly auth: AuthConfig;
  readonly limits: Limits;
  /** How often resources are looked at, and told in the log (0: never). */
  readonly resources: { readonly sampleIntervalMs: number; readonly summaryIntervalMs: number };
  readonly servers: readonly ServerConfig[];
  readonly skipped: readonly SkippedServer[];
}
