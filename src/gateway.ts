/**
 * The composition root: builds every owner once, starts them in order, stops them in reverse.
 *
 * Says what the HTTP room is allowed to do. Parts that are long for one reason are in `compose/`.
 */
import type { Bridge } from "./bridge/bridge.ts";
import { watchConfigFile } from "./config/watch.ts";
import { publicHost, publicPrefix } from "./config/urls.ts";
import { createApp } from "./http/app.ts";
import { listen, type Listener } from "./http/listener.ts";
import type { AppOptions, ServerStatus } from "./http/context.ts";
import { watchTls } from "./http/tls-watch.ts";
import { isLoopback } from "./kernel/address.ts";
import { messageOf } from "./kernel/error.ts";
import type { Emit } from "./kernel/event.ts";
import { createActions } from "./compose/actions.ts";
import {
  bootUser,
  callLimit,
  isForThisMachine,
  localUser,
  openAuthorization,
  tellAuthChange,
} from "./compose/authorization.ts";
import { createAdminActions } from "./compose/admin.ts";
import { openAdminSocket } from "./compose/admin-socket.ts";
import { endpointFactory } from "./compose/endpoints.ts";
import { Fleet } from "./compose/fleet.ts";
import { watchHealth } from "./compose/health.ts";
import { isolate } from "./compose/isolation.ts";
import { openObservers } from "./compose/observers.ts";
import { openKept } from "./compose/kept.ts";
import type { GatewayOptions } from "./compose/options.ts";
import type { FirstSetUp } from "./compose/people.ts";
import { giveBackMemory } from "./compose/memory.ts";
import { createRegistry } from "./compose/registry.ts";
import { Reloader, type ReloadReport } from "./compose/reload.ts";
import { drain, hasCalls, startTimers } from "./compose/timers.ts";
import { SelfRuntime } from "./runtime/self-runtime.ts";
import { createSupervisor } from "./supervisor/supervisor.ts";
import { WaitingPosts } from "./transport/endpoint.ts";
import { StreamSet } from "./transport/stream-set.ts";

export interface Gateway {
  readonly port: number;
  readonly servers: () => readonly ServerStatus[];
  /** A link by which the first person chooses a password, new each time, while nobody has one. */
  readonly firstSetUp: () => FirstSetUp | undefined;
  /** Reads the configuration again and applies what has changed. Never rejects. */
  readonly reload: (cause: string) => Promise<ReloadReport>;
  /** Drains, ends streams, stops listening, stops children. Resolves when no child is left. */
  readonly stop: (reason: string) => Promise<void>;
  /** Ends all children at once, for the second signal. */
  readonly killAll: () => void;
}

/**
 * Listens at once; all children start in parallel behind it.
 * @throws Error when the address cannot be had
 */
export async function startGateway(given: GatewayOptions): Promise<Gateway> {
  const observers = openObservers(given);
  const { emit, history } = observers;
  const options = { ...given, emit };
  const { config, clock } = options;
  const { limits } = config;
  await isolate(config, options.host.platform, emit);
  const supervisor = createSupervisor({
    clock,
    emit,
    random: Math.random,
    selfCommand: options.selfCommand,
    host: options.host,
    shutdownMs: Math.max(1000, limits.shutdownMs - limits.drainMs),
  });
  const registry = createRegistry(options);
  const streams = new StreamSet(limits, () => clock.nowMs());
  const waiting = new WaitingPosts();
  let draining = false;
  const isDraining = (): boolean => draining;
  const kept = openKept(options);
  const shared = { streams, waiting, isDraining };
  const { dataDir, installEnv } = config;
  const { selfCommand } = options;
  const runtime = new SelfRuntime({ dataDir, installEnv, selfCommand, supervisor, clock, emit });
  const fleet = new Fleet({
    createEndpoint: endpointFactory(options, { supervisor, registry, kept, runtime, shared }),
    registry,
    clock,
    drainMs: limits.drainMs,
    bootUser: (server) => bootUser(server, reloader.config),
  });
  for (const server of config.servers) fleet.add(server);
  observers.watch({ fleet, registry, streams });
  const bridges = (): Iterable<Bridge> => fleet.bridges();
  const onBusy = (isBusy: boolean): void => options.onReloading?.(isBusy);
  const reloader = new Reloader({ running: config, load: options.load, fleet, emit, onBusy });
  reloader.onReload(observers.reload);
  reloader.onReload((next) => tellAuthChange(config, next, emit));
  if (options.onReload !== undefined) reloader.onReload(options.onReload);
  const actions = createActions({
    fleet,
    registry,
    clock,
    config: () => reloader.config,
  });
  const health = watchHealth({
    fleet,
    supervisor,
    history,
    clock,
    emit,
    config: () => reloader.config,
    isDraining,
  });
  const admin = createAdminActions({
    fleet,
    registry,
    clock,
    version: options.version,
    pid: options.host.pid,
    config: () => reloader.config,
    servers: actions.servers,
    isDraining,
    reload: (cause) => reloader.reload(cause),
    logs: options.logs,
    streams,
  });
  // Longer than keep-alives are apart, so that only connections without any purpose are cut.
  const idleTimeoutSeconds = Math.min(255, Math.max(30, Math.ceil(limits.keepAliveMs / 400)));
  const onFault = (error: unknown): void => {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    emit({ kind: "gateway.notice", level: "ERROR", message: `fault in a request: ${detail}` });
  };
  const authorization = openAuthorization({ config: () => reloader.config, clock, emit });
  const appOptions: AppOptions = {
    hosts: {
      bindHost: config.host,
      mcpDomain: config.mcpDomain,
      publicHost: publicHost(config.publicUrl),
      allowedHosts: config.allowedHosts,
    },
    origins: {
      allowedOrigins: config.allowedOrigins,
      loopbackOnly: isLoopback(config.host) && config.publicUrl === undefined,
    },
    publicPrefix: publicPrefix(config.publicUrl),
    rootServer: config.rootServer,
    endpoints: fleet.endpoints,
    handover: (slug) => fleet.handover(slug),
    actions,
    health: health.actions,
    trustedProxies: config.trustedProxies,
    isForThisMachine: isForThisMachine(config),
    metrics: observers.metrics,
    callLimit: callLimit(config, clock),
    localUser: () => localUser(reloader.config),
    auth: authorization?.port,
    admin,
    idleTimeoutSeconds,
    onFault,
  };
  const listener = await listen({
    host: config.host,
    port: config.port,
    tls: config.tls,
    idleTimeoutSeconds,
    app: createApp(appOptions),
    clock,
    onFault,
  });
  authorization?.listensOn(listener.port);
  const adminSocket = await openAdminSocket(appOptions, options);
  await fleet.bootAll(config.servers, isDraining);
  const timers = [
    ...health.timers,
    ...startTimers({ clock, bridges, registry, streams, waiting, config }),
    runtime.startRefreshing(),
    giveBackMemory(clock, () => hasCalls(bridges())),
  ];
  if (options.load !== undefined && config.source.kind === "file") {
    const onChange = (): void => {
      reloader.reload("the file has changed").catch(onFault);
    };
    timers.push(watchConfigFile(config.source.path, clock, onChange));
  }
  if (config.tls !== undefined) {
    timers.push(watchTls(config.tls, clock, () => renewTls(listener, emit)));
  }

  let stopping: Promise<void> | undefined;
  const stop = async (reason: string): Promise<void> => {
    emit({ kind: "gateway.stopping", reason });
    draining = true;
    const reloading = reloader.close();
    try {
      await drain(bridges, clock, limits.drainMs);
      streams.announceStop();
      registry.closeAll("the gateway stops");
      for (const bridge of bridges()) bridge.endStateless("the gateway stops");
      streams.endAll();
    } catch (error) {
      // A fault in the polite part must not keep the children alive.
      onFault(error);
    }
    await Promise.all([
      listener.close(),
      adminSocket?.close(),
      supervisor.shutdown(reason),
      reloading,
    ]);
    for (const timer of timers) timer.cancel();
    await kept.store.flush();
    await authorization?.close();
    emit({ kind: "gateway.stopped" });
  };
  return {
    port: listener.port,
    servers: actions.servers,
    firstSetUp: () => authorization?.firstSetUp(),
    reload: (cause) => reloader.reload(cause),
    stop: (reason) => (stopping ??= stop(reason)),
    killAll: () => supervisor.killAll(),
  };
}

async function renewTls(listener: Listener, emit: Emit): Promise<void> {
  try {
    await listener.reloadTls();
    emit({ kind: "gateway.notice", level: "INFO", message: "the TLS certificate was renewed" });
  } catch (error) {
    const message = `the changed TLS certificate cannot be used, the old one stays: ${messageOf(error)}`;
    emit({ kind: "gateway.notice", level: "ERROR", message });
  }
}
