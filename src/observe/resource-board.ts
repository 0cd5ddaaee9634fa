/**
 * What the servers use, as of the last look, and which of it is an alert now. Pages read it from
 * memory; changes are told as events.
 */
import type { Emit } from "../kernel/event.ts";
import type { AlertKind, ServerUsage } from "../kernel/health-event.ts";
import {
  type AlertState,
  CALM,
  judgeValue,
  type RaisedAlert,
  type Thresholds,
} from "./resource-alerts.ts";

interface Watched {
  readonly state: AlertState;
  readonly raised: RaisedAlert | undefined;
}

const KINDS: readonly AlertKind[] = ["memory", "cpu"];

/** What the board is given. */
export interface ResourceBoardOptions {
  /** Of every server that is served now, by slug. */
  readonly thresholds: () => ReadonlyMap<string, Thresholds>;
  readonly emit: Emit;
  readonly wallMs: () => number;
}

export class ResourceBoard {
  readonly #options: ResourceBoardOptions;
  #servers: readonly ServerUsage[] = [];
  #sampledAtMs: number | undefined;
  #watched = new Map<string, ReadonlyMap<AlertKind, Watched>>();

  constructor(options: ResourceBoardOptions) {
    this.#options = options;
  }

  /** As of the last look; servers without a process are not in it. */
  get servers(): readonly ServerUsage[] {
    return this.#servers;
  }

  /** Milliseconds since 1970; undefined before the first look. */
  get sampledAtMs(): number | undefined {
    return this.#sampledAtMs;
  }

  /** The alerts of a server that are on. */
  alertsOf(server: string): readonly RaisedAlert[] {
    const watched = [...(this.#watched.get(server)?.values() ?? [])];
    return watched.flatMap(({ raised }) => (raised === undefined ? [] : [raised]));
  }

  /** Takes a look. */
  take(servers: readonly ServerUsage[]): void {
    const { thresholds, emit, wallMs } = this.#options;
    this.#servers = servers;
    this.#sampledAtMs = wallMs();
    emit({ kind: "resources.sampled", servers });
    const bySlug = new Map(servers.map((one) => [one.server, one]));
    const watched = new Map<string, ReadonlyMap<AlertKind, Watched>>();
    for (const [server, limits] of thresholds()) {
      const usage = bySlug.get(server);
      const values = { memory: usage?.residentBytes ?? 0, cpu: usage?.cpuPercent ?? 0 };
      watched.set(
        server,
        new Map(
          KINDS.map((alert) => {
            const now = { value: values[alert], threshold: limits[alert] };
            return [alert, this.#judge(server, alert, now)];
          }),
        ),
      );
    }
    // Of servers that are served no more nothing is kept.
    this.#watched = watched;
  }

  /** Tells the log what all servers use; nothing when there is no process. */
  summarize(): void {
    const servers = this.#servers;
    if (servers.length === 0) return;
    this.#options.emit({
      kind: "resources.summary",
      processCount: servers.reduce((sum, one) => sum + one.processes.length, 0),
      residentBytes: servers.reduce((sum, one) => sum + one.residentBytes, 0),
      cpuPercent: servers.reduce((sum, one) => sum + one.cpuPercent, 0),
      servers: servers.map(({ processes: _, ...totals }) => totals),
    });
  }

  #judge(
    server: string,
    alert: AlertKind,
    now: { readonly value: number; readonly threshold: number },
  ): Watched {
    const before = this.#watched.get(server)?.get(alert);
    const state = judgeValue(before?.state ?? CALM, alert, now);
    const wasRaised = before?.state.isRaised === true;
    if (state.isRaised !== wasRaised) {
      const kind = state.isRaised ? "alert.raised" : "alert.cleared";
      this.#options.emit({ kind, server, alert, ...now });
    }
    if (!state.isRaised) return { state, raised: undefined };
    const sinceMs = before?.raised?.sinceMs ?? this.#options.wallMs();
    return { state, raised: { alert, sinceMs, ...now } };
  }
}
