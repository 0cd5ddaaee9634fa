/**
 * Pure. What a configuration that was read again changes in a gateway that runs: which servers start,
 * stop and are replaced, and which settings stay as they were until the next start.
 */
import type { GatewayConfig, ServerConfig } from "./model.ts";

/** Settings of the gateway itself, without the servers. */
type SettingName = Exclude<keyof GatewayConfig, "source" | "servers" | "skipped">;

/**
 * When a changed setting counts. `start`: what hangs on it (the listener, limits of streams that are
 * open) is built once, so it stays as it was until the next start. `now`: its owner takes it on.
 */
const COUNTS_FROM: Readonly<Record<SettingName, "start" | "now">> = {
  host: "start",
  port: "start",
  domain: "start",
  mcpDomain: "start",
  publicUrl: "start",
  dataDir: "start",
  installEnv: "start",
  logLevelSystem: "start",
  logLevelMcp: "start",
  logFormat: "start",
  logDir: "start",
  logRetentionSystemMs: "start",
  logRetentionMcpMs: "start",
  logMaxFileBytes: "start",
  logMaxFiles: "start",
  webhook: "now",
  allowedOrigins: "start",
  allowedHosts: "start",
  tls: "start",
  rootServer: "start",
  limits: "start",
  // Whether authentication is on is decided at the start; who may do what counts at once.
  auth: "now",
  publicPort: "start",
  trustedProxies: "start",
  resources: "start",
};

/** A server that goes on as it was, since its entry is wrong now. */
export interface KeptServerEntry {
  readonly server: ServerConfig;
  readonly reason: string;
}

export interface ConfigDiff {
  /** What the gateway runs with from now on. */
  readonly config: GatewayConfig;
  readonly start: readonly ServerConfig[];
  readonly stop: readonly ServerConfig[];
  /** The new value of each; the old one is found by its slug. */
  readonly replace: readonly ServerConfig[];
  readonly keep: readonly KeptServerEntry[];
  /** Those that go on, with another threshold or the like that counts at once. */
  readonly adjust: readonly ServerConfig[];
  /** Settings that differ and wait for the next start. */
  readonly waiting: readonly SettingName[];
  /** Settings that differ and count at once. */
  readonly changed: readonly SettingName[];
}

/**
 * Compares what runs with what was read.
 * @param broken names of entries that are wrong, as opposed to left out on purpose, each with why
 */
export function diffConfig(
  running: GatewayConfig,
  next: GatewayConfig,
  broken: ReadonlyMap<string, string>,
): ConfigDiff {
  const old = new Map(running.servers.map((server) => [server.slug, server]));
  const wanted = new Map(next.servers.map((server) => [server.slug, server]));
  const gone = running.servers.filter(({ slug }) => !wanted.has(slug));
  const keep = gone.flatMap((server) => {
    const reason = broken.get(server.name);
    return reason === undefined ? [] : [{ server, reason }];
  });
  const kept = new Set(keep.map(({ server }) => server.name));
  const settings = (Object.keys(COUNTS_FROM) as SettingName[]).filter(
    (name) => !isSame(running[name], next[name]),
  );
  const changed = settings.filter((name) => COUNTS_FROM[name] === "now");
  const live = Object.fromEntries(changed.map((name) => [name, next[name]]));
  return {
    config: Object.freeze({
      ...running,
      ...live,
      source: next.source,
      servers: Object.freeze([...next.servers, ...keep.map(({ server }) => server)]),
      skipped: Object.freeze(next.skipped.filter(({ name }) => !kept.has(name))),
    }),
    start: next.servers.filter(({ slug }) => !old.has(slug)),
    stop: gone.filter(({ name }) => !kept.has(name)),
    replace: next.servers.filter((server) => {
      const before = old.get(server.slug);
      return before !== undefined && !isSame(processFacts(before), processFacts(server));
    }),
    keep,
    adjust: next.servers.filter((server) => {
      const before = old.get(server.slug);
      if (before === undefined || isSame(before, server)) return false;
      return isSame(processFacts(before), processFacts(server));
    }),
    waiting: settings.filter((name) => COUNTS_FROM[name] === "start"),
    changed,
  };
}

/** What of an entry its processes and sessions hang on: all but what is only looked up. */
function processFacts({ required: _required, health, ...rest }: ServerConfig): object {
  const { alertMemoryBytes: _memory, alertCpuPercent: _cpu, ...watched } = health;
  return { ...rest, health: watched };
}

/** True for values of JSON that mean the same, whatever the order of their members. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  const members = (value: object): Readonly<Record<string, unknown>> =>
    value as Readonly<Record<string, unknown>>;
  return [...keys].every((key) => isSame(members(a)[key], members(b)[key]));
}
