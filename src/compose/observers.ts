/**
 * Who reads the stream of events beside the log: the metrics, and the history of states. All parts of the gateway emit to this.
 */
import { statusOf } from "../bridge/status.ts";
import type { Emit, InstanceState } from "../kernel/event.ts";
import { Metrics, type ServerReading } from "../observe/metrics.ts";
import { StateHistory } from "../observe/state-history.ts";
import type { SessionRegistry } from "../session/registry.ts";
import type { StreamSet } from "../transport/sse-stream.ts";
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
  readonly watch: (parts: ObservedParts) => void;
}

/** Makes them, before anything emits. */
export function openObservers({ version, clock, emit }: GatewayOptions): Observers {
  const metrics = new Metrics({ version, wallMs: clock.wallMs });
  const history = new StateHistory(() => clock.wallMs());
  return {
    emit: (event) => {
      history.record(event);
      metrics.observe(event);
      emit(event);
    },
    metrics,
    history,
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
