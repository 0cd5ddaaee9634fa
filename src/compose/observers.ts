/**
 * Who reads the stream of events beside the log: metrics, history of states, webhook. All parts of the gateway emit to this.
 */
import { statusOf } from "../bridge/status.ts";
import type { GatewayConfig } from "../config/model.ts";
import { secretsOf } from "../config/secrets.ts";
import type { Emit, InstanceState } from "../kernel/event.ts";
import { createLineRedactor } from "../kernel/redact.ts";
import { Metrics, type ServerReading } from "../observe/metrics.ts";
import { StateHistory } from "../observe/state-history.ts";
import { Webhook } from "../observe/webhook.ts";
import type { SessionRegistry } from "../session/registry.ts";
import type { StreamSet } from "../transport/stream-set.ts";
import type { Fleet } from "./fleet.ts";
import type { GatewayOptions } from "./options.ts";

/** Whom the observers ask about the present. */
export interface ObservedParts {
  readonly fleet: Fleet;
  readonly registry: SessionRegistry;
  readonly streams: StreamSet;
}

/** The readers of the events. */
export interface Observers {
  /** Hands an event to the log and to all of them. */
  readonly emit: Emit;
  readonly metrics: Metrics;
  readonly history: StateHistory;
  /** Takes on a new configuration. */
  readonly reload: (config: GatewayConfig) => void;
  readonly watch: (parts: ObservedParts) => void;
}

/** Makes them, before anything emits. */
export function openObservers(options: GatewayOptions): Observers {
  const { version, clock, config } = options;
  const metrics = new Metrics({ version, wallMs: clock.wallMs });
  const history = new StateHistory(() => clock.wallMs());
  const emit: Emit = (event) => {
    history.record(event);
    metrics.observe(event);
    webhook.observe(event);
    options.emit(event);
  };
  let redact = createLineRedactor(secretsOf(config));
  const webhook = new Webhook({
    settings: config.webhook,
    version,
    redact: (server) => redact(server),
    clock,
    emit,
  });
  return {
    emit,
    metrics,
    history,
    reload: (next) => {
      redact = createLineRedactor(secretsOf(next));
      webhook.configure(next.webhook);
    },
    watch: ({ fleet, registry, streams }) =>
      metrics.watch({
        servers: () => serverReadings(fleet),
        sessions: () => sessionRevisions(registry),
        streams: () => streams.size,
      }),
  };
}

function serverReadings(fleet: Fleet): readonly ServerReading[] {
  return [...fleet.endpoints].map(([server, { bridge }]) => {
    const { state, running, load } = statusOf(bridge);
    const { unanswered, queued, parked, questions, listens } = load;
    return {
      server,
      state: state as InstanceState,
      running,
      inFlight: unanswered,
      queued,
      parked,
      questions,
      listens,
    };
  });
}

function* sessionRevisions(
  registry: SessionRegistry,
): Iterable<{ readonly server: string; readonly revision: string | undefined }> {
  for (const { facts, traits } of registry.sessions()) {
    yield { server: facts.server, revision: traits?.revision };
  }
}
