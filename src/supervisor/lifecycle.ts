/**
 * Pure. The life of an instance as a table: phase × event → next phase and commands.
 *
 * The owner (instance.ts) performs the commands and reports what came of them as further events.
 * `degraded` serves as `ready` does: somebody above doubts it. `idle` rests until it is wanted.
 */
import type { Verdict } from "./restart-policy.ts";

/** What follows when a stopping incarnation has ended: nothing, a fresh start, or a verdict on the failure. */
export type AfterStop = "rest" | "idle" | "restart" | "verdict";

/** Where an instance is, and for a stop also what follows it. */
export type Phase =
  | {
      readonly state: "stopped" | "idle" | "starting" | "ready" | "degraded" | "backoff" | "failed";
    }
  | { readonly state: "stopping"; readonly then: AfterStop };

/** What happened to an instance. */
export type LifecycleEvent =
  /** Somebody wants it to run. */
  | { readonly type: "start" }
  /** Somebody wants it to rest. */
  | { readonly type: "stop" }
  /** Nobody needs it now; whoever does starts it. */
  | { readonly type: "doze" }
  /** Somebody wants a fresh incarnation at once, whatever has happened before. */
  | { readonly type: "restart" }
  /** The process could not be started. */
  | { readonly type: "refused"; readonly verdict: Verdict }
  | { readonly type: "connected" }
  /** It does not answer as it should, or does so again. */
  | { readonly type: "doubted" }
  | { readonly type: "recovered" }
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
const DOZE: Step = { phase: { state: "idle" }, commands: [] };

/** The next phase; an event that means nothing in a phase leaves it as it is, without commands. */
export function step(phase: Phase, event: LifecycleEvent): Step {
  const stay: Step = { phase, commands: [] };
  switch (phase.state) {
    case "stopped":
      return event.type === "start" || event.type === "restart" ? SPAWN : stay;
    case "idle":
      if (event.type === "stop") return REST;
      return event.type === "start" || event.type === "restart" ? SPAWN : stay;
    case "starting":
    case "ready":
    case "degraded":
      return stepAlive(phase, event) ?? stay;
    case "backoff":
    case "failed":
      return stepWaiting(event) ?? stay;
    case "stopping":
      return stepStopping(phase.then, event) ?? stay;
  }
}

function stepAlive({ state }: Phase, event: LifecycleEvent): Step | undefined {
  switch (event.type) {
    case "connected":
      return state === "starting" ? { phase: { state: "ready" }, commands: [] } : undefined;
    case "doubted":
      return state === "ready" ? { phase: { state: "degraded" }, commands: [] } : undefined;
    case "recovered":
      return state === "degraded" ? { phase: { state: "ready" }, commands: [] } : undefined;
    case "refused":
    case "ended":
      return sentence(event.verdict);
    case "faulted":
      return stopping("verdict");
    case "stop":
      return stopping("rest");
    case "doze":
      // One that still starts is wanted by somebody.
      return state === "starting" ? undefined : stopping("idle");
    case "restart":
      return stopping("restart");
    case "start":
    case "due":
      return undefined;
  }
}

function stopping(then: AfterStop): Step {
  return { phase: { state: "stopping", then }, commands: [{ do: "end-child" }] };
}

function stepWaiting(event: LifecycleEvent): Step | undefined {
  if (event.type === "due") return SPAWN;
  if (event.type === "stop") return { ...REST, commands: [{ do: "cancel-wait" }] };
  if (event.type !== "restart") return undefined;
  return { ...SPAWN, commands: [{ do: "cancel-wait" }, ...SPAWN.commands] };
}

function stepStopping(then: AfterStop, event: LifecycleEvent): Step | undefined {
  const goOn = (next: AfterStop): Step => ({
    phase: { state: "stopping", then: next },
    commands: [],
  });
  if (event.type === "stop") return goOn("rest");
  if (event.type === "restart") return goOn("restart");
  if (event.type === "start" && (then === "rest" || then === "idle")) return goOn("restart");
  if (event.type !== "ended") return undefined;
  switch (then) {
    case "rest":
      return REST;
    case "idle":
      return DOZE;
    case "restart":
      return SPAWN;
    case "verdict":
      return sentence(event.verdict);
  }
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
  if (phase.state === "stopping") return phase.then === "restart" || phase.then === "verdict";
  return phase.state !== "stopped" && phase.state !== "idle";
}

/** True where requests can be given to the live incarnation. */
export function isServing({ state }: Phase): boolean {
  return state === "ready" || state === "degraded";
}
