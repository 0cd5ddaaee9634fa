/**
 * Starts each server of a configuration once, lists its tools and ends it: for whoever wants to know
 * whether a configuration works before anybody depends on it. Listens nowhere and keeps nothing.
 */
import { listTools } from "../bridge/list-tools.ts";
import { createStateSealer } from "../bridge/request-state.ts";
import type { ServerConfig } from "../config/model.ts";
import { messageOf } from "../kernel/error.ts";
import { LOCAL_PRINCIPAL } from "../auth/principal.ts";
import { SelfRuntime } from "../runtime/self-runtime.ts";
import { createSupervisor } from "../supervisor/supervisor.ts";
import { WaitingPosts } from "../transport/endpoint.ts";
import { StreamSet } from "../transport/stream-set.ts";
import { ProfileStore } from "../upstream/profile-store.ts";
import { endpointFactory, type CreateEndpoint } from "./endpoints.ts";
import type { GatewayOptions } from "./options.ts";
import { createRegistry } from "./registry.ts";
import { startTimers } from "./timers.ts";

/** What came of one server. */
export interface Trial {
  readonly server: string;
  /** Names of its tools as clients see them; undefined when it did not work. */
  readonly tools: readonly string[] | undefined;
  /** Why it did not work. */
  readonly error: string | undefined;
  readonly tookMs: number;
}

/** What a trial is made with. */
export type TrialOptions = Pick<
  GatewayOptions,
  "config" | "version" | "selfCommand" | "host" | "clock" | "emit"
>;

/** So many start at a time: more would only wait for each other. */
const AT_ONCE = 4;

/** Tries every server, in the order of the file. Resolves when no process is left. */
export async function tryServers(options: TrialOptions): Promise<readonly Trial[]> {
  const { config, clock, emit, selfCommand, host } = options;
  const { limits, dataDir, installEnv } = config;
  const { shutdownMs } = limits;
  const supervisor = createSupervisor({
    clock,
    emit,
    random: Math.random,
    selfCommand,
    host,
    shutdownMs,
  });
  const runtime = new SelfRuntime({ dataDir, installEnv, selfCommand, supervisor, clock, emit });
  const registry = createRegistry(options);
  const kept = keepNothing(options);
  const streams = new StreamSet(config.limits, () => clock.nowMs());
  const waiting = new WaitingPosts();
  const shared = { streams, waiting, isDraining: () => false };
  const create = endpointFactory(options, { supervisor, registry, kept, runtime, shared });
  const bridges: ReturnType<CreateEndpoint>["bridge"][] = [];
  const timers = startTimers({ clock, bridges: () => bridges, registry, streams, waiting, config });
  const waitingServers = [...config.servers.entries()];
  const trials: Trial[] = [];
  const work = async (): Promise<void> => {
    for (let next = waitingServers.shift(); next !== undefined; next = waitingServers.shift()) {
      const [index, server] = next;
      const probe = new AbortController();
      const { bridge } = create(once(server), probe.signal);
      bridges.push(bridge);
      trials[index] = await tryServer(bridge, options);
      probe.abort();
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return trials;
  } finally {
    for (const timer of timers) timer.cancel();
    await supervisor.shutdown("the trial is over");
  }
}

async function tryServer(
  bridge: ReturnType<CreateEndpoint>["bridge"],
  { clock }: TrialOptions,
): Promise<Trial> {
  const { slug, startTimeoutMs } = bridge.server;
  const beginMs = clock.nowMs();
  const tookMs = (): number => Math.round(clock.nowMs() - beginMs);
  try {
    const text = await listTools(bridge, LOCAL_PRINCIPAL.user, {
      clock,
      timeoutMs: startTimeoutMs,
    });
    const tools = JSON.parse(text) as readonly { readonly name: string }[];
    return {
      server: slug,
      tools: tools.map(({ name }) => name),
      error: undefined,
      tookMs: tookMs(),
    };
  } catch (error) {
    return { server: slug, tools: undefined, error: messageOf(error), tookMs: tookMs() };
  }
}

/** The entry for one start: what fails is not tried again, what works is not looked after. */
function once(server: ServerConfig): ServerConfig {
  const health = { ...server.health, maxRestarts: 0, probeIntervalMs: 0 };
  return { ...server, instances: "shared", startOn: "demand", idleTimeoutMs: 0, health };
}

/** A gateway that runs beside has the files of the data folder. */
function keepNothing({ clock, emit }: TrialOptions): Parameters<typeof endpointFactory>[1]["kept"] {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const files = { read: () => undefined, write: () => Promise.resolve() };
  const store = new ProfileStore({ files, secret, clock, emit });
  return { store, sealer: createStateSealer(secret, clock) };
}
