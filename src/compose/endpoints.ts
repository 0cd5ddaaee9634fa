/**
 * What serves one configured server: its bridge with the pool, the probe and what is kept.
 */
import { base64Url } from "../kernel/base64url.ts";
import { Bridge } from "../bridge/bridge.ts";
import { readClientCapabilities, openingParams } from "../codec/client-capabilities.ts";
import type { ServerConfig } from "../config/model.ts";
import type { SelfRuntime } from "../runtime/self-runtime.ts";
import type { SessionRegistry } from "../session/registry.ts";
import type { Supervisor } from "../supervisor/model.ts";
import type { Endpoint } from "../transport/endpoint.ts";
import { probeEra } from "../upstream/era-probe.ts";
import { Pool, type PoolEvents } from "../upstream/pool.ts";
import { readDiscoverProfile, readProfile } from "../upstream/profile.ts";
import { jsonBytes } from "../wire/message.ts";
import type { GatewayOptions } from "./options.ts";
import { preparing } from "./preparing.ts";
import type { Kept } from "./kept.ts";

/** Owners that all endpoints have in common. */
export interface EndpointParts {
  readonly supervisor: Supervisor;
  readonly registry: SessionRegistry;
  readonly kept: Kept;
  readonly runtime: SelfRuntime;
  readonly shared: Pick<Endpoint, "streams" | "waiting" | "isDraining">;
}

/** Makes the endpoint of a server; starts nothing. `signal` ends a probe that runs when it goes. */
export type CreateEndpoint = (server: ServerConfig, signal: AbortSignal) => Endpoint;

/** Endpoints with the options and limits that the gateway was started with. */
export function endpointFactory(
  options: Pick<GatewayOptions, "config" | "clock" | "emit" | "version">,
  parts: EndpointParts,
): CreateEndpoint {
  const { config, clock, emit, version } = options;
  const { registry, kept, shared } = parts;
  const gateway = { name: "remote-mcp-proxy", version };
  const { limits } = config;
  return (server, signal) => {
    const store = kept.store.of(server);
    const supervisor = preparing(parts.supervisor, parts.runtime.prepareFor(server));
    const createPool = (eventsFor: PoolEvents): Pool =>
      new Pool(
        {
          server,
          supervisor,
          clock,
          emit,
          maxJsonDepth: limits.maxJsonDepth,
          traceBodies: config.logLevelMcp === "TRACE",
          keptProfile: (facts) => {
            const result = store.handshake(facts);
            const read = facts.era === "legacy" ? readProfile : readDiscoverProfile;
            return result === undefined ? undefined : read(result);
          },
          baseFingerprint: readClientCapabilities(undefined, server.roots).fingerprint,
          openingParams: (era, fingerprint) => openingParams(era, fingerprint, gateway),
        },
        eventsFor,
      );
    const bridge = new Bridge({
      server,
      limits,
      createPool,
      registry,
      clock,
      emit,
      sealer: kept.sealer,
      kept: store,
      randomId: () => base64Url(crypto.getRandomValues(new Uint8Array(16))),
      probe: () =>
        probeEra({
          server,
          opening: jsonBytes(openingParams("modern", "{}", gateway)),
          supervisor,
          clock,
          emit,
          maxJsonDepth: limits.maxJsonDepth,
          signal,
        }),
    });
    return { bridge, registry, limits, clock, ...shared };
  };
}
