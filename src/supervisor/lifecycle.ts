/**
 * Pure. The life of an instance as a table: phase × event → next phase and commands.
 *
 * The owner (instance.ts) performs the commands and reports what came of them as further events.
 * `degraded` and `idle` of InstanceState are words of those who probe and who start on demand; they
 * are not reached here.
 */
import type { Verdict } from "./restart-policy.ts";

/** What follows when a stopping incarnation has ended: nothing, a fresh start, or a verdict on the failure. */
export type AfterStop = "rest" | "restart" | "verdict";

/** Where an instance is, and for a stop also what follows it. */
export type Phase =
  | { readonly state: "stopped" | "starting" | "ready" | "backoff" | "failed" }
  | { readonly state: "stopping"; readonly then: AfterStop };

/** What happened to an instance. */
export type LifecycleEvent =
  /** Somebody wants it to run. */
  | { readonly type: "start" }
  /** Somebody wants it to rest. */
  | { readonly type: "stop" }
  /** The process could not be started. */
  | { readonly type: "refused"; readonly verdict: Verdict }
  | { readonly type: "connected" }
  /** The incarnation lives but is of no use: start failed or timed out, pipes closed. */
  | { readonly type: "faulted" }
  /** The incarnation and its tree are gone; the verdict counts only where `endIsFailure`. */
  | { readonly type: "ended"; readonly verdict: Verdict }
  /** A backoff or cool-down is over. */
  | { readonly type: "due" };

/** What the owner must do. */
export type Command =
  | { readonly do: "spawn" }
  | { readonly do: "end-child" }
  | { readonly do: "wait"; readonly delayMs: number }
  | { readonly do: "cancel-wait" };

/** The next phase and the commands that bring it about, in order. */
export interface Step {
  readonly phase: Phase;
  readonly commands: readonly Command[];
}

const SPAWN: Step = { phase: { state: "starting" }, commands: [{ do: "spawn" }] };
const REST: Step = { phase: { state: "stopped" }, commands: [] };

/** The next phase; an event that means nothing in a phase leaves it as it is, without commands. */
export function step(phase: Phase, event: LifecycleEvent): Step {
  const stay: Step = { phase, commands: [] };
  switch (phase.state) {
    case "stopped":
      return event.type === "start" ? SPAWN : stay;
    case "starting":
    case "ready":
      return stepAlive(phase, event) ?? stay;
    case "backoff":
    case "failed":
      if (event.type === "due") return SPAWN;
      if (event.type === "stop") return { ...REST, commands: [{ do: "cancel-wait" }] };
      return stay;
    case "stopping":
      return stepStopping(phase.then, event) ?? stay;
  }
}

function stepAlive(phase: Phase, event: LifecycleEvent): Step | undefined {
  switch (event.type) {
    case "connected":
      return phase.state === "starting" ? { phase: { state: "ready" }, commands: [] } : undefined;
    case "refused":
    case "ended":
      return sentence(event.verdict);
    case "faulted":
      return { phase: { state: "stopping", then: "verdict" }, commands: [{ do: "end-child" }] };
    case "stop":
      return { phase: { state: "stopping", then: "rest" }, commands: [{ do: "end-child" }] };
    case "start":
    case "due":
      return undefined;
  }
}

function stepStopping(then: AfterStop, event: LifecycleEvent): Step | undefined {
  if (event.type === "stop") return { phase: { state: "stopping", then: "rest" }, commands: [] };
  if (event.type === "start" && then === "rest") {
    return { phase: { state: "stopping", then: "restart" }, commands: [] };
  }
  if (event.type !== "ended") return undefined;
  if (then === "rest") return REST;
  if (then === "restart") return SPAWN;
  return sentence(event.verdict);
}

function sentence(verdict: Verdict): Step {
  switch (verdict.kind) {
    case "retry":
      return {
        phase: { state: "backoff" },
        commands: [{ do: "wait", delayMs: verdict.delayMs }],
      };
    case "give-up":
      return {
        phase: { state: "failed" },
        commands:
          verdict.retryInMs === undefined ? [] : [{ do: "wait", delayMs: verdict.retryInMs }],
      };
    case "rest":
      return REST;
  }
}

/** True where the end of the incarnation was not ordered and so counts as a failure. */
export function endIsFailure(phase: Phase): boolean {
  return phase.state !== "stopping" || phase.then === "verdict";
}

/** True while somebody wants the instance to run, whatever stands in the way at the moment. */
export function isWanted(phase: Phase): boolean {
  return phase.state !== "stopped" && !(phase.state === "stopping" && phase.then === "rest");
}
