/**
 * The series of requests: prom-client's form around the numbers that `RequestMeter` has counted.
 */
import type { Metric, Registry } from "prom-client";
import { Counter } from "./prom-client.ts";
import { BUCKETS_SECONDS, OUTCOMES, type RequestMeter } from "./request-meter.ts";

/** Adds the counter of requests and the histogram of their durations. */
export function requestMetrics(registry: Registry, prefix: string, meter: RequestMeter): void {
  new Counter({
    name: `${prefix}requests_total`,
    help: "Requests of clients that have ended.",
    labelNames: ["server", "era", "method_class", "outcome"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { server, era, methodClass: method_class, byOutcome } of meter.counts()) {
        for (const [index, outcome] of OUTCOMES.entries()) {
          const count = byOutcome[index] ?? 0;
          if (count > 0) this.inc({ server, era, method_class, outcome }, count);
        }
      }
    },
  });
  const histogram = durations(`${prefix}request_duration_seconds`, meter);
  // The registry asks a metric for nothing but these; the class itself insists on its own counting.
  registry.registerMetric(histogram as unknown as Metric);
}

interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName: string;
  readonly value: number;
}

function durations(name: string, meter: RequestMeter) {
  const help = "Time from a request to its answer.";
  const type = "histogram";
  const samples = (): readonly Sample[] => {
    const values: Sample[] = [];
    for (const { server, era, methodClass: method_class, byDuration, seconds } of meter.counts()) {
      const labels = { server, era, method_class };
      let count = 0;
      for (const [index, amount] of byDuration.entries()) {
        count += amount;
        const le = BUCKETS_SECONDS[index] ?? "+Inf";
        values.push({ labels: { ...labels, le }, metricName: `${name}_bucket`, value: count });
      }
      values.push({ labels, metricName: `${name}_sum`, value: seconds });
      values.push({ labels, metricName: `${name}_count`, value: count });
    }
    return values;
  };
  const get = () => Promise.resolve({ name, help, type, aggregator: "sum", values: samples() });
  return { name, help, type, get, reset: () => undefined };
}
