/**
 * One instance: performs what lifecycle.ts decides, for one incarnation after the other. The only
 * writer of its phase, its failure history and its run.
 *
 * Events are taken one at a time; what a command brings about (a start that is refused at once) is
 * queued behind the running one.
 */
import type { Timer } from "../kernel/clock.ts";
import { GatewayError, messageOf } from "../kernel/error.ts";
import type { InstanceState } from "../kernel/event.ts";
import { draining, exitText, exitTextWithStderr, unavailable } from "./exit-text.ts";
import {
  type Command,
  endIsFailure,
  isWanted,
  type LifecycleEvent,
  type Phase,
  step,
} from "./lifecycle.ts";
import type { ChildExit, Incarnation, Instance, InstanceOptions } from "./model.ts";
import { ReadyWaiters } from "./ready-waiters.ts";
import {
  type FailureHistory,
  judgeFailure,
  type RestartPolicy,
  type Verdict,
} from "./restart-policy.ts";
import { Run, type RunDeps } from "./run.ts";

const FOR_GOOD: Verdict = { kind: "give-up", retryInMs: undefined };

/** What an instance is given by its supervisor. */
export interface InstanceDeps extends RunDeps {
  readonly random: () => number;
  readonly policy: RestartPolicy;
  readonly isDraining: () => boolean;
  /** It is wanted again: for the list of instances. */
  readonly onWanted: (instance: ManagedInstance) => void;
  /** It rests and will not start by itself. */
  readonly onGone: (instance: ManagedInstance) => void;
}

/** The Instance of model.ts; finished once `stop` has resolved. */
export class ManagedInstance implements Instance {
  readonly server: string;
  readonly label: string;
  readonly #options: InstanceOptions;
  readonly #deps: InstanceDeps;
  readonly #waiters: ReadyWaiters;
  readonly #queue: { readonly event: LifecycleEvent; readonly cause: string }[] = [];
  #isStepping = false;
  #phase: Phase = { state: "stopped" };
  #history: FailureHistory = [];
  #run: Run | undefined;
  #started = 0;
  #restarts = 0;
  #wait: { readonly timer: Timer; readonly dueAtMs: number } | undefined;
  #stopping: PromiseWithResolvers<void> | undefined;
  #lastError: string | undefined;
  #spawnError: GatewayError | undefined;
  #stderrTail: readonly string[] = [];

  constructor(options: InstanceOptions, deps: InstanceDeps) {
    this.server = options.server;
    this.label = options.label;
    this.#options = options;
    this.#deps = deps;
    this.#waiters = new ReadyWaiters(deps.clock);
  }

  get state(): InstanceState {
    return this.#phase.state;
  }

  get incarnation(): Incarnation | undefined {
    return this.#run?.incarnation;
  }

  get pid(): number | undefined {
    return this.incarnation?.pid;
  }

  get restartCount(): number {
    return this.#restarts;
  }

  get lastError(): string | undefined {
    return this.#lastError;
  }

  get stderrTail(): readonly string[] {
    return this.#run?.stderrTail ?? this.#stderrTail;
  }

  get retryInMs(): number | undefined {
    if (this.#wait === undefined) return undefined;
    return Math.max(0, this.#wait.dueAtMs - this.#deps.clock.nowMs());
  }

  start(): void {
    if (this.#deps.isDraining() || isWanted(this.#phase)) return;
    this.#deps.onWanted(this);
    this.#take({ type: "start" }, "asked to start");
  }

  whenReady(deadlineMs: number): Promise<void> {
    if (this.#phase.state === "ready" && this.incarnation !== undefined) return Promise.resolve();
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    return this.#waiters.wait(deadlineMs, () => this.#unavailable("is not ready yet"));
  }

  stop(reason: string): Promise<void> {
    if (this.#phase.state === "stopped") {
      this.#deps.onGone(this);
      return Promise.resolve();
    }
    this.#stopping ??= Promise.withResolvers<void>();
    const { promise } = this.#stopping;
    this.#take({ type: "stop" }, reason);
    return promise;
  }

  /** SIGKILL to the whole tree, now; its exit is observed later, if there is a later. */
  kill(reason: string): void {
    this.#run?.kill();
    this.#take({ type: "stop" }, reason);
  }

  #take(event: LifecycleEvent, cause: string): void {
    this.#queue.push({ event, cause });
    if (this.#isStepping) return;
    this.#isStepping = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        this.#step(next.event, next.cause);
      }
    } finally {
      this.#isStepping = false;
    }
  }

  #step(event: LifecycleEvent, cause: string): void {
    const { server, label: instance } = this;
    const from = this.#phase.state;
    const { phase, commands } = step(this.#phase, event);
    this.#phase = phase;
    const to = phase.state;
    if (from !== to) this.#deps.emit({ kind: "instance.state", server, instance, from, to, cause });
    for (const command of commands) this.#perform(command);
    if (from !== to) this.#settle();
  }

  #perform(command: Command): void {
    switch (command.do) {
      case "spawn":
        this.#wait = undefined;
        this.#spawn();
        break;
      case "end-child":
        this.#run?.end();
        break;
      case "wait":
        this.#startWait(command.delayMs);
        break;
      case "cancel-wait":
        this.#wait?.timer.cancel();
        this.#wait = undefined;
        break;
    }
  }

  #startWait(delayMs: number): void {
    const { clock } = this.#deps;
    const timer = clock.after(delayMs, () => {
      this.#restarts += 1;
      this.#take({ type: "due" }, "the wait is over");
    });
    this.#wait = { timer, dueAtMs: clock.nowMs() + delayMs };
  }

  /** Tells those who wait what a new state means for them. */
  #settle(): void {
    const { state } = this.#phase;
    if (state === "ready") this.#waiters.settle(undefined);
    const refusal = this.#refusal();
    if (refusal !== undefined) this.#waiters.settle(refusal);
    const isOver = state === "failed" && this.#options.restart === "never";
    if (state === "stopped" || isOver) this.#deps.onGone(this);
    if (state === "stopping") return;
    // Whatever came after it (even a new start): the incarnation that was to be stopped is gone.
    this.#stopping?.resolve();
    this.#stopping = undefined;
  }

  #spawn(): void {
    this.#spawnError = undefined;
    this.#started += 1;
    let run: Run;
    try {
      run = new Run(this.#options, this.#started, this.#deps, {
        onReady: () => this.#take({ type: "connected" }, "ready"),
        onFault: (reason) => {
          this.#lastError = reason;
          this.#take({ type: "faulted" }, reason);
        },
        onEnded: (exit) => this.#ended(exit),
      });
    } catch (thrown) {
      this.#refused(thrown);
      return;
    }
    this.#run = run;
    run.begin();
  }

  #refused(thrown: unknown): void {
    const cause = messageOf(thrown);
    this.#lastError = cause;
    this.#spawnError = thrown instanceof GatewayError ? thrown : undefined;
    const isRetried =
      this.#options.restart === "on-failure" && this.#spawnError?.retryable === true;
    this.#take({ type: "refused", verdict: isRetried ? this.#judge() : FOR_GOOD }, cause);
  }

  #ended(exit: ChildExit): void {
    this.#stderrTail = exit.stderrTail;
    this.#run = undefined;
    const isFailure = endIsFailure(this.#phase);
    if (!exit.expected) this.#lastError = exitTextWithStderr(exit);
    // A child that we stopped for a fault is remembered for the fault, not for our signal.
    const cause = isFailure && exit.expected ? this.#lastError : exitText(exit);
    const verdict: Verdict = isFailure ? this.#verdictOn(exit) : { kind: "rest" };
    this.#take({ type: "ended", verdict }, cause ?? exitText(exit));
  }

  #verdictOn(exit: ChildExit): Verdict {
    if (this.#options.restart === "on-failure") return this.#judge();
    const isOrderly = exit.exitCode === 0 && !exit.expected;
    return isOrderly ? { kind: "rest" } : FOR_GOOD;
  }

  #judge(): Verdict {
    const { policy, clock, random } = this.#deps;
    const failure = { policy, history: this.#history, nowMs: clock.nowMs(), random: random() };
    const { history, verdict } = judgeFailure(failure);
    this.#history = history;
    return verdict;
  }

  /** Why waiting would be in vain, if it would. */
  #refusal(): GatewayError | undefined {
    if (this.#deps.isDraining()) return draining();
    if (this.#phase.state === "failed") return this.#spawnError ?? this.#unavailable("has failed");
    return isWanted(this.#phase) ? undefined : this.#unavailable("is stopped");
  }

  #unavailable(what: string): GatewayError {
    const { state, lastError, retryInMs } = this;
    return unavailable({ what, state, lastError, retryInMs });
  }
}
