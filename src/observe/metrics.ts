/**
 * The metrics, in the format of Prometheus by prom-client: one reader of the event stream for what
 * is counted, and of the owners for what is so at the moment of a scrape.
 *
 * Labels take their values from closed sets: servers of the configuration, words of the events.
 */
import { Gauge, Registry } from "./prom-client.ts";
import type { GatewayEvent, InstanceState } from "../kernel/event.ts";
import type { AlertKind, ServerUsage } from "../kernel/health-event.ts";
import { createCounters, restartCause } from "./event-counters.ts";
import { processMetrics } from "./process-metrics.ts";
import { requestMetrics } from "./request-metrics.ts";
import { RequestMeter } from "./request-meter.ts";

/** What all names begin with. */
export const METRIC_PREFIX = "remote_mcp_proxy_";

/** What is so now, of one server. */
export interface ServerReading {
  readonly server: string;
  readonly state: InstanceState;
  readonly running: boolean;
  readonly inFlight: number;
  readonly queued: number;
  /** Calls that wait for a person, of modern clients and of legacy ones. */
  readonly parked: number;
  readonly questions: number;
  readonly listens: number;
}

/** Whoever knows what is so now; asked at each scrape. */
export interface MetricSources {
  readonly servers: () => readonly ServerReading[];
  /** Server and revision of each session; revision undefined before its `initialize`. */
  readonly sessions: () => Iterable<{
    readonly server: string;
    readonly revision: string | undefined;
  }>;
  /** Event streams that are open. */
  readonly streams: () => number;
}

export interface MetricsOptions {
  readonly version: string;
  readonly wallMs: () => number;
}

const STATES: readonly InstanceState[] = [
  "stopped",
  "starting",
  "ready",
  "degraded",
  "backoff",
  "stopping",
  "failed",
  "idle",
];

const ALERTS: readonly AlertKind[] = ["memory", "cpu"];

export class Metrics {
  readonly #registry = new Registry();
  readonly #requests = new RequestMeter();
  readonly #counters;
  #usage: readonly ServerUsage[] = [];
  /** By server and alert; of servers of the configuration, so there are few. */
  readonly #alerts = new Map<string, number>();
  #sources: MetricSources | undefined;

  constructor(options: MetricsOptions) {
    const registers = [this.#registry];
    requestMetrics(this.#registry, METRIC_PREFIX, this.#requests);
    this.#counters = createCounters(registers, METRIC_PREFIX, () =>
      this.#servers().map(({ server }) => server),
    );
    this.#addGauges(registers);
    this.#addUsage(registers);
    processMetrics(registers, options);
    const info = gauge(registers, "build_info", "Always 1; the version is in the label.", [
      "version",
      "bun",
    ]);
    info.set({ version: options.version, bun: Bun.version }, 1);
  }

  /** The media type of `text`. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** From now on scrapes also tell what is so. */
  watch(sources: MetricSources): void {
    this.#sources = sources;
  }

  /** All series as text. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Counts what an event says. Never throws. */
  observe(event: GatewayEvent): void {
    const count = this.#counters;
    switch (event.kind) {
      case "request.settled": {
        const { server, era, method, outcome, durationMs } = event;
        this.#requests.count(server, era, method, outcome, durationMs);
        return;
      }
      case "instance.state": {
        const { server, instance, to, why } = event;
        if (instance === "probe") return;
        count.transitions.inc({ server, to });
        const cause = restartCause(event.from, to, why.kind, why.after);
        if (cause !== undefined) count.restarts.inc({ server, cause });
        return;
      }
      case "child.noise":
        return count.noise.inc({ server: event.server }, event.count);
      case "child.stderr":
        return count.stderr.inc({ server: event.server });
      case "message.dropped":
        return count.dropped.inc({ server: event.server }, event.count ?? 1);
      case "session.opened":
        return count.sessionsOpened.inc({ server: event.server, binding: event.binding });
      case "auth.step":
        return count.auth.inc({ step: event.step, outcome: event.outcome });
      case "webhook.sent":
        return count.webhooks.inc({ outcome: event.outcome });
      case "instance.probed":
        return count.probes.inc({ server: event.server, outcome: event.outcome });
      case "alert.raised":
        return void this.#alerts.set(`${event.server} ${event.alert}`, 1);
      case "alert.cleared":
        return void this.#alerts.set(`${event.server} ${event.alert}`, 0);
      case "resources.sampled":
        this.#usage = event.servers;
        return;
      default:
        return;
    }
  }

  #servers(): readonly ServerReading[] {
    return this.#sources?.servers() ?? [];
  }

  #addGauges(registers: Registry[]): void {
    const servers = (): readonly ServerReading[] => this.#servers();
    const each = (name: string, help: string, read: (one: ServerReading) => number): void => {
      const collect = (target: Gauge): void => {
        for (const one of servers()) target.set({ server: one.server }, read(one));
      };
      gauge(registers, name, help, ["server"], collect);
    };
    gauge(registers, "servers", "Servers that are served.", [], (target) => {
      target.set(servers().length);
    });
    gauge(registers, "servers_running", "Servers that have a process now.", [], (target) => {
      target.set(servers().filter((one) => one.running).length);
    });
    const help = "1 for the state that the server is in, 0 for the others.";
    gauge(registers, "server_state", help, ["server", "state"], (target) => {
      for (const one of servers()) {
        for (const state of STATES) {
          target.set({ server: one.server, state }, state === one.state ? 1 : 0);
        }
      }
    });
    const alerts = "1 while the server uses more than it should.";
    gauge(registers, "server_alert", alerts, ["server", "alert"], (target) => {
      for (const { server } of servers()) {
        for (const alert of ALERTS) {
          target.set({ server, alert }, this.#alerts.get(`${server} ${alert}`) ?? 0);
        }
      }
    });
    each("requests_in_flight", "Requests that were not answered yet.", (one) => one.inFlight);
    each("requests_queued", "Those of them that wait for a free slot.", (one) => one.queued);
    each("parked_calls", "Calls of modern clients that wait for a person.", (one) => one.parked);
    each(
      "questions_open",
      "Questions to legacy clients without an answer.",
      (one) => one.questions,
    );
    each("listens", "Standing subscriptions of modern clients.", (one) => one.listens);
    const revisions = "Sessions by revision; `none` before their initialize.";
    gauge(registers, "sessions", revisions, ["server", "revision"], (target) => {
      for (const { server, revision = "none" } of this.#sources?.sessions() ?? []) {
        target.inc({ server, revision });
      }
    });
    gauge(registers, "streams", "Event streams that are open.", [], (target) => {
      target.set(this.#sources?.streams() ?? 0);
    });
  }

  #addUsage(registers: Registry[]): void {
    const each = (name: string, help: string, read: (one: ServerUsage) => number): void => {
      gauge(registers, name, `${help} At the last sample.`, ["server"], (target) => {
        for (const one of this.#usage) target.set({ server: one.server }, read(one));
      });
    };
    each(
      "server_processes",
      "Processes of the server's whole tree.",
      (one) => one.processes.length,
    );
    each(
      "server_resident_memory_bytes",
      "Resident memory of that tree.",
      (one) => one.residentBytes,
    );
    each("server_virtual_memory_bytes", "Virtual memory of that tree.", (one) => one.virtualBytes);
    each("server_cpu_ratio", "CPU of that tree; 1 is one core.", (one) => one.cpuPercent / 100);
    each("server_threads", "Threads of that tree.", (one) => one.threads);
    each("server_open_fds", "Open file descriptors of that tree.", (one) => one.descriptors);
  }
}

/** A gauge that is set anew at each scrape when it has a `collect`. */
function gauge(
  registers: Registry[],
  name: string,
  help: string,
  labelNames: string[],
  collect?: (target: Gauge) => void,
): Gauge {
  return new Gauge({
    name: METRIC_PREFIX + name,
    help,
    labelNames,
    registers,
    ...(collect === undefined
      ? {}
      : {
          collect(this: Gauge) {
            this.reset();
            collect(this);
          },
        }),
  });
}
