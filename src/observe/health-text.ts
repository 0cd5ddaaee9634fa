/**
 * Pure. Health checks, resources and alerts in the words of the log, with their levels and fields.
 */
import type { LogLevel } from "../kernel/event.ts";
import type { AlertKind, HealthEvent } from "../kernel/health-event.ts";

const MEBIBYTE = 1024 * 1024;
const WORDS: Readonly<Record<AlertKind, string>> = { memory: "memory", cpu: "CPU" };

/** How grave such an event is. */
export function healthLevel(event: HealthEvent): LogLevel {
  switch (event.kind) {
    case "instance.probed":
      // Every server has one twice a minute.
      return event.outcome === "failed" ? "WARNING" : "TRACE";
    case "alert.raised":
      return "WARNING";
    case "alert.cleared":
    case "resources.summary":
      return "INFO";
    case "resources.sampled":
      return "TRACE";
  }
}

/** What is said of such an event. */
export function healthText(event: HealthEvent): string {
  switch (event.kind) {
    case "instance.probed": {
      const { instance, outcome, durationMs, consecutiveFails } = event;
      const text = `${instance}: health check ${outcome} after ${durationMs.toFixed(1)} ms`;
      return outcome === "failed" ? `${text}, ${consecutiveFails} in a row` : text;
    }
    case "resources.sampled":
      return `resources of ${event.servers.length} servers were sampled`;
    case "resources.summary": {
      const each = event.servers.map((one) => `${one.server} ${amounts(one)}`).join("; ");
      const all = `resources: ${event.processCount} processes, ${amounts(event)}`;
      return each === "" ? all : `${all} (${each})`;
    }
    case "alert.raised": {
      const { alert, value, threshold } = event;
      return `uses ${amount(alert, value)} of ${WORDS[alert]}; alert above ${amount(alert, threshold)}`;
    }
    case "alert.cleared": {
      const { alert, value } = event;
      return `alert over: ${amount(alert, value)} of ${WORDS[alert]}`;
    }
  }
}

/** The facts of such an event, for programs. */
export function healthFields(event: HealthEvent): Readonly<Record<string, string | number>> {
  switch (event.kind) {
    case "instance.probed": {
      const { instance, outcome, durationMs, consecutiveFails } = event;
      return { instance, outcome, durationMs, consecutiveFails };
    }
    case "resources.sampled":
      return { servers: event.servers.length };
    case "resources.summary": {
      const { processCount, residentBytes, cpuPercent } = event;
      return { processCount, residentBytes, cpuPercent };
    }
    case "alert.raised":
    case "alert.cleared": {
      const { alert, value, threshold } = event;
      return { alert, value, threshold };
    }
  }
}

function amounts(of: { readonly residentBytes: number; readonly cpuPercent: number }): string {
  return `${amount("memory", of.residentBytes)}, ${amount("cpu", of.cpuPercent)} CPU`;
}

function amount(kind: AlertKind, value: number): string {
  return kind === "memory" ? `${Math.round(value / MEBIBYTE)} MB` : `${Math.round(value)} %`;
}
