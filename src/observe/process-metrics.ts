/**
 * The gateway's own process, under the names that every Prometheus client uses. Read at the scrape;
 * prom-client's own set keeps timers and observers running for what is not asked for here.
 */
import { readdirSync } from "node:fs";
import type { Registry } from "prom-client";
import { Counter, Gauge } from "./prom-client.ts";

/** Adds CPU, memory, file descriptors and the time of the start. */
export function processMetrics(
  registers: Registry[],
  { wallMs }: { readonly wallMs: () => number },
): void {
  const startedSeconds = wallMs() / 1000 - process.uptime();
  new Gauge({
    name: "process_start_time_seconds",
    help: "Start time of the process since unix epoch in seconds.",
    registers,
  }).set(Math.round(startedSeconds * 1000) / 1000);
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory size in bytes.",
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Counter({
    name: "process_cpu_seconds_total",
    help: "Total user and system CPU time spent in seconds.",
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  new Gauge({
    name: "process_open_fds",
    help: "Number of open file descriptors.",
    registers,
    collect() {
      try {
        this.set(readdirSync("/proc/self/fd").length - 1);
      } catch {
        // No /proc, as on macOS: the series stays at 0.
        this.set(0);
      }
    },
  });
}
