/**
 * The composition root: builds every owner once, starts them in order, stops them in reverse.
 *
 * Says what the HTTP room is allowed to do. Parts that are long for one reason are in `compose/`.
 */
import { createHash, randomBytes } from "node:crypto";
import type { Bridge } from "./bridge/bridge.ts";
import { listTools } from "./bridge/list-tools.ts";
import { statusOf } from "./bridge/status.ts";
import { publicHost, publicPrefix } from "./config/urls.ts";
import { createApp } from "./http/app.ts";
import { listen, type Listener } from "./http/listener.ts";
import type { ServerStatus } from "./http/context.ts";
import { watchTls } from "./http/tls-watch.ts";
import { ByteBudget } from "./kernel/byte-budget.ts";
import { isLoopback } from "./kernel/address.ts";
import { messageOf } from "./kernel/error.ts";
import type { Emit } from "./kernel/event.ts";
import { createEndpoints } from "./compose/endpoints.ts";
import { openKept } from "./compose/kept.ts";
import type { GatewayOptions } from "./compose/options.ts";
import { drain, startTimers } from "./compose/timers.ts";
import { SessionRegistry } from "./session/registry.ts";
import { createSupervisor } from "./supervisor/supervisor.ts";
import { WaitingPosts } from "./transport/endpoint.ts";
import { StreamSet } from "./transport/sse-stream.ts";

export interface Gateway {
  readonly port: number;
  readonly servers: () => readonly ServerStatus[];
  /** Drains, ends streams, stops listening, stops children. Resolves when no child is left. */
  readonly stop: (reason: string) => Promise<void>;
  /** Ends all children at once, for the second signal. */
  readonly killAll: () => void;
}

/** Without authentication everybody is the same person (protocol.md 9.13). */
const PRINCIPAL = "local";

/**
 * Listens at once; all children start in parallel behind it.
 * @throws Error when the address cannot be had
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, clock, emit } = options;
  const { limits } = config;
  const supervisor = createSupervisor({
    clock,
    emit,
    random: Math.random,
    selfCommand: options.selfCommand,
    host: options.host,
    shutdownMs: Math.max(1000, limits.shutdownMs - limits.drainMs),
  });
  const registry = new SessionRegistry({
    ...limits,
    session: { ...limits, replayBudget: new ByteBudget(limits.maxReplayTotalBytes) },
    clock,
    emit,
    randomId: () => randomBytes(32).toString("base64url"),
    refOf: (id) => createHash("sha256").update(id).digest("hex").slice(0, 8),
  });
  const streams = new StreamSet();
  const waiting = new WaitingPosts();
  let draining = false;
  const isDraining = (): boolean => draining;
  const kept = openKept(options);
  const endpoints = createEndpoints(options, supervisor, registry, kept, {
    streams,
    waiting,
    isDraining,
  });
  const bridges = [...endpoints.values()].map((endpoint) => endpoint.bridge);
  // Longer than keep-alives are apart, so that only connections without any purpose are cut.
  const idleTimeoutSeconds = Math.min(255, Math.max(30, Math.ceil(limits.keepAliveMs / 400)));
  const servers = (): ServerStatus[] => [
    ...bridges.map((bridge) => statusOf(bridge)),
    ...config.skipped.map((one) => ({
      name: one.name,
      slug: one.name,
      state: "skipped",
      running: false,
      command: "",
      error: one.reason,
    })),
  ];
  const onFault = (error: unknown): void => {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    emit({ kind: "gateway.notice", level: "ERROR", message: `fault in a request: ${detail}` });
  };
  const app = createApp({
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
    endpoints,
    actions: {
      servers,
      server: (slug) => {
        const bridge = endpoints.get(slug)?.bridge;
        return bridge === undefined ? undefined : statusOf(bridge);
      },
      listTools: (slug) => {
        const bridge = endpoints.get(slug)?.bridge;
        if (bridge === undefined) return Promise.reject(new Error("No such server"));
        return listTools(bridge, PRINCIPAL, { clock, timeoutMs: bridge.server.startTimeoutMs });
      },
      cleanup: () => {
        const before = registry.size;
        registry.closeIdle("cleaned up");
        const remaining = [...registry.sessions()].map((session) => ({
          ref: session.facts.ref,
          server: session.facts.server,
          openedAtMs: clock.wallMs() - (clock.nowMs() - session.openedAtMs),
        }));
        return { before, after: registry.size, remaining };
      },
    },
    principal: PRINCIPAL,
    idleTimeoutSeconds,
    onFault,
  });
  const listener = await listen({
    host: config.host,
    port: config.port,
    tls: config.tls,
    idleTimeoutSeconds,
    app,
    clock,
    onFault,
  });
  for (const bridge of bridges) if (startsAtBoot(bridge)) bridge.start(PRINCIPAL);
  const timers = [...startTimers({ clock, bridges, registry, streams, waiting, config })];
  if (config.tls !== undefined) {
    timers.push(watchTls(config.tls, clock, () => renewTls(listener, emit)));
  }

  let stopping: Promise<void> | undefined;
  const stop = async (reason: string): Promise<void> => {
    emit({ kind: "gateway.stopping", reason });
    draining = true;
    try {
      await drain(bridges, clock, limits.drainMs);
      registry.closeAll("the gateway stops");
      for (const bridge of bridges) bridge.endStateless("the gateway stops");
      streams.endAll();
    } catch (error) {
      // A fault in the polite part must not keep the children alive.
      onFault(error);
    }
    await Promise.all([listener.close(), supervisor.shutdown(reason)]);
    for (const timer of timers) timer.cancel();
    await kept.store.flush();
    emit({ kind: "gateway.stopped" });
  };
  return {
    port: listener.port,
    servers,
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

/** Servers whose every session has its own child have nothing to start before the first one. */
function startsAtBoot(bridge: Bridge): boolean {
  return bridge.server.instances !== "session";
}
