/**
 * The phase of one instance and why it is in it. The only writer of both: takes events one at a time,
 * tells each change of state, and has the owner perform what the table (lifecycle.ts) commands.
 *
 * What a command brings about (a start that is refused at once) is queued behind the running event.
 */
import type { Emit, InstanceState } from "../kernel/event.ts";
import type { StateCause } from "../kernel/health-event.ts";
import { type Command, type LifecycleEvent, type Phase, step } from "./lifecycle.ts";
import type { Reason } from "./state-cause.ts";

/** Whose phase it is, and who acts on it. */
export interface StateMachineOptions {
  readonly server: string;
  readonly label: string;
  readonly initial: "stopped" | "idle";
  readonly emit: Emit;
  readonly perform: (command: Command) => void;
  /** After the commands of a change of state. */
  readonly onChanged: (state: InstanceState) => void;
}

/** Events that end the live incarnation. */
const ORDERS: ReadonlySet<LifecycleEvent["type"]> = new Set(["stop", "doze", "restart", "faulted"]);

/** Owns the phase. */
export class StateMachine {
  readonly #options: StateMachineOptions;
  readonly #queue: { readonly event: LifecycleEvent; readonly reason: Reason }[] = [];
  #isStepping = false;
  #phase: Phase;
  #cause: StateCause | undefined;
  #order: Reason | undefined;
  #lastFailure: StateCause | undefined;

  constructor(options: StateMachineOptions) {
    this.#options = options;
    this.#phase = { state: options.initial };
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Why the state is what it is. */
  get cause(): StateCause | undefined {
    return this.#cause;
  }

  /** Why the live incarnation is being stopped. */
  get order(): Reason | undefined {
    return this.#order;
  }

  /** Why it was in `backoff` or `failed` the last time. */
  get lastFailure(): StateCause | undefined {
    return this.#lastFailure;
  }

  /** Takes an event, now or after those that came before it. */
  take(event: LifecycleEvent, reason: Reason): void {
    this.#queue.push({ event, reason });
    if (this.#isStepping) return;
    this.#isStepping = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        this.#step(next.event, next.reason);
      }
    } finally {
      this.#isStepping = false;
    }
  }

  #step(event: LifecycleEvent, reason: Reason): void {
    const { server, label: instance, emit, perform, onChanged } = this.#options;
    const before = this.#phase;
    const { phase, commands } = step(before, event);
    this.#phase = phase;
    if (phase !== before && ORDERS.has(event.type)) this.#order = reason;
    const [from, to] = [before.state, phase.state];
    if (from !== to) {
      const { why, text: cause } = reason;
      this.#cause = why;
      if (to === "backoff" || to === "failed") this.#lastFailure = why;
      if (to === "starting") this.#order = undefined;
      emit({ kind: "instance.state", server, instance, from, to, cause, why });
    }
    for (const command of commands) perform(command);
    if (from !== to) onChanged(to);
  }
}
