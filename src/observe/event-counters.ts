/**
 * The counters of events, and what counts as a restart.
 */
import type { Registry } from "prom-client";
import { Counter } from "./prom-client.ts";
import type { InstanceState } from "../kernel/event.ts";
import type { CauseKind } from "../kernel/health-event.ts";

/** What a server can be started again for. */
const RESTART_CAUSES: readonly CauseKind[] = [
  "exit",
  "signal",
  "out-of-memory",
  "probe",
  "spawn-error",
  "start-failed",
  "broken-pipe",
  "operator",
];

/**
 * What events are counted in. A series that began with its first event would hide that one from
 * `increase`, so those of known servers begin at 0.
 */
export function createCounters(
  registers: Registry[],
  prefix: string,
  servers: () => readonly string[],
) {
  const counter = (name: string, help: string, labelNames: string[]): Counter =>
    new Counter({ name: prefix + name, help, labelNames, registers });
  const perServer = (
    name: string,
    help: string,
    more: Readonly<Record<string, readonly string[]>> = {},
  ): Counter =>
    new Counter({
      name: prefix + name,
      help,
      labelNames: ["server", ...Object.keys(more)],
      registers,
      collect() {
        for (const server of servers()) {
          for (const labels of combinations(more)) this.inc({ server, ...labels }, 0);
        }
      },
    });
  return {
    transitions: counter("server_state_changes_total", "Changes of state, by the new state.", [
      "server",
      "to",
    ]),
    restarts: perServer("server_restarts_total", "Starts after an end, by the cause of the end.", {
      cause: RESTART_CAUSES,
    }),
    noise: perServer("stdout_noise_lines_total", "Lines on stdout that are no message."),
    stderr: perServer("stderr_lines_total", "Lines on stderr."),
    dropped: perServer("messages_dropped_total", "Messages without a recipient."),
    sessionsOpened: counter("sessions_opened_total", "Sessions that were opened.", [
      "server",
      "binding",
    ]),
    auth: counter("auth_steps_total", "Steps of authorization, by their outcome.", [
      "step",
      "outcome",
    ]),
    probes: perServer("health_checks_total", "Health checks, by their outcome.", {
      outcome: ["answered", "busy", "failed"],
    }),
    webhooks: new Counter({
      name: `${prefix}webhook_messages_total`,
      help: "Messages to the webhook, by their outcome.",
      labelNames: ["outcome"],
      registers,
      collect() {
        for (const outcome of ["delivered", "failed"]) this.inc({ outcome }, 0);
      },
    }),
  };
}

/** All combinations of one value each. */
function combinations(
  labels: Readonly<Record<string, readonly string[]>>,
): readonly Readonly<Record<string, string>>[] {
  return Object.entries(labels).reduce<readonly Readonly<Record<string, string>>[]>(
    (all, [name, values]) =>
      all.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
}

/** What an instance was started again for; undefined where it was not. */
export function restartCause(
  from: InstanceState,
  to: InstanceState,
  kind: CauseKind,
  after: CauseKind | undefined,
): string | undefined {
  if (to !== "starting") return undefined;
  if (kind === "retry") return after;
  const hasRun = from !== "stopped" && from !== "idle";
  return hasRun && kind !== "demand" ? kind : undefined;
}
