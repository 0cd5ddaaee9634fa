/**
 * One instance: performs what lifecycle.ts decides, for one incarnation after the other. The only
 * writer of its run; its phase is state-machine.ts's, its failures are failure-judge.ts's.
 */
import type { Timer } from "../kernel/clock.ts";
import { GatewayError, messageOf } from "../kernel/error.ts";
import type { InstanceState } from "../kernel/event.ts";
import type { StateCause } from "../kernel/health-event.ts";
import { draining, exitText, exitTextWithStderr, unavailable } from "./exit-text.ts";
import {
  type Command,
  endIsFailure,
  isServing,
  isWanted,
  type LifecycleEvent,
  type Phase,
} from "./lifecycle.ts";
import type {
  ChildCommand,
  ChildExit,
  Incarnation,
  Instance,
  InstanceOptions,
  StartedBy,
  StoppedBy,
} from "./model.ts";
import { Preparation } from "./preparation.ts";
import { ReadyWaiters } from "./ready-waiters.ts";
import { FailureJudge } from "./failure-judge.ts";
import type { RestartPolicy, Verdict } from "./restart-policy.ts";
import { Run, type RunDeps } from "./run.ts";
import {
  exitCause,
  mayBeOutOfMemory,
  NOT_STARTED,
  type Reason,
  spawnErrorCause,
} from "./state-cause.ts";
import { StateMachine } from "./state-machine.ts";

/** What an instance is given by its supervisor. */
export interface InstanceDeps extends RunDeps {
  readonly random: () => number;
  readonly policy: RestartPolicy;
  /** True when the kernel says that it killed a process for lack of memory, once for each. */
  readonly claimOomKill: () => boolean;
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
  readonly #machine: StateMachine;
  #isHeld = false;
  readonly #judge: FailureJudge;
  #run: Run | undefined;
  #preparation: Preparation | undefined;
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
    this.#judge = new FailureJudge(deps, options.restartLimits);
    this.#machine = new StateMachine({
      server: options.server,
      label: options.label,
      initial: options.startsIdle === true ? "idle" : "stopped",
      emit: deps.emit,
      perform: (command) => this.#perform(command),
      onChanged: (state) => this.#settle(state),
    });
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

  get cause(): StateCause | undefined {
    return this.#machine.cause;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  get retryInMs(): number | undefined {
    if (this.#wait === undefined) return undefined;
    return Math.max(0, this.#wait.dueAtMs - this.#deps.clock.nowMs());
  }

  processes(): readonly number[] {
    return this.#run?.processes() ?? [];
  }

  start(by: StartedBy = "demand"): void {
    if (by === "operator") this.#isHeld = false;
    if (this.#isHeld || this.#deps.isDraining() || isWanted(this.#phase)) return;
    this.#deps.onWanted(this);
    const text = by === "operator" ? "started by the operator" : "asked to start";
    this.#take({ type: "start" }, { why: { kind: by }, text });
  }

  restart(reason: string): void {
    if (this.#deps.isDraining()) return;
    this.#isHeld = false;
    this.#judge.forget();
    this.#deps.onWanted(this);
    this.#take({ type: "restart" }, { why: { kind: "operator" }, text: reason });
  }

  doze(reason: string): void {
    this.#take({ type: "doze" }, { why: { kind: "idle" }, text: reason });
  }

  doubt(failures: number, reason: string): void {
    const type = failures === 0 ? "recovered" : "doubted";
    this.#take({ type }, { why: { kind: "probe", failures }, text: reason });
  }

  fault(why: StateCause, reason: string): void {
    this.#lastError = reason;
    this.#take({ type: "faulted" }, { why, text: reason });
  }

  whenReady(deadlineMs: number): Promise<void> {
    if (isServing(this.#phase) && this.incarnation !== undefined) return Promise.resolve();
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    const what = (): string =>
      this.#preparation?.isPending === true ? "is still being installed" : "is not ready yet";
    return this.#waiters.wait(deadlineMs, () => this.#unavailable(what()));
  }

  stop(reason: string, by: StoppedBy = "released"): Promise<void> {
    if (by === "operator") this.#isHeld = true;
    if (this.#phase.state === "stopped") {
      this.#deps.onGone(this);
      return Promise.resolve();
    }
    this.#stopping ??= Promise.withResolvers<void>();
    const { promise } = this.#stopping;
    this.#take({ type: "stop" }, { why: { kind: by }, text: reason });
    return promise;
  }

  /** SIGKILL to the whole tree, now; its exit is observed later, if there is a later. */
  kill(reason: string): void {
    this.#run?.kill();
    this.#take({ type: "stop" }, { why: { kind: "shutdown" }, text: reason });
  }

  #perform(command: Command): void {
    switch (command.do) {
      case "spawn":
        this.#wait = undefined;
        this.#spawn();
        break;
      case "end-child":
        this.#run?.end();
        this.#preparation?.giveUp();
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
      const after = this.#machine.lastFailure?.kind;
      const why: StateCause = { kind: "retry", ...(after === undefined ? {} : { after }) };
      this.#take({ type: "due" }, { why, text: "the wait is over" });
    });
    this.#wait = { timer, dueAtMs: clock.nowMs() + delayMs };
  }

  get #phase(): Phase {
    return this.#machine.phase;
  }

  #take(event: LifecycleEvent, reason: Reason): void {
    this.#machine.take(event, reason);
  }

  /** Tells those who wait what a new state means for them. */
  #settle(state: InstanceState): void {
    if (isServing(this.#phase)) this.#waiters.settle(undefined);
    const refusal = this.#refusal();
    if (refusal !== undefined) this.#waiters.settle(refusal);
    const isOver = state === "failed" && this.#options.restart === "never";
    if (state === "stopped" || state === "idle" || isOver) this.#deps.onGone(this);
    if (state === "stopping") return;
    // Whatever came after it (even a new start): the incarnation that was to be stopped is gone.
    this.#stopping?.resolve();
    this.#stopping = undefined;
  }

  #spawn(): void {
    this.#spawnError = undefined;
    const { prepare, command } = this.#options;
    this.#preparation = new Preparation(prepare ?? (() => command), {
      onReady: (ready) => this.#launch(ready),
      onRefused: (thrown) => this.#refused(thrown),
      onGivenUp: () => this.#take({ type: "ended", verdict: { kind: "rest" } }, NOT_STARTED),
    });
    this.#preparation.begin();
  }

  #launch(command: ChildCommand): void {
    this.#started += 1;
    this.#run = new Run({ ...this.#options, command }, this.#started, this.#deps, {
      onReady: () => this.#take({ type: "connected" }, { why: { kind: "ready" }, text: "ready" }),
      onFault: (kind, reason) => this.fault({ kind }, reason),
      onEnded: (exit) => this.#ended(exit),
    });
    this.#run.begin();
  }

  #refused(thrown: unknown): void {
    const text = messageOf(thrown);
    this.#lastError = text;
    this.#spawnError = thrown instanceof GatewayError ? thrown : undefined;
    const why = spawnErrorCause(this.#spawnError);
    const verdict = this.#judge.onRefusal(this.#spawnError, this.#options.restart);
    this.#take({ type: "refused", verdict }, { why, text });
  }

  #ended(exit: ChildExit): void {
    this.#stderrTail = exit.stderrTail;
    this.#run = undefined;
    const isFailure = endIsFailure(this.#phase);
    const isOutOfMemory = mayBeOutOfMemory(exit) && this.#deps.claimOomKill();
    if (!exit.expected) this.#lastError = exitTextWithStderr(exit, isOutOfMemory);
    const verdict: Verdict = isFailure
      ? this.#judge.onExit(exit, this.#options.restart)
      : { kind: "rest" };
    const byItself = { why: exitCause(exit, isOutOfMemory), text: exitText(exit, isOutOfMemory) };
    // A child that we stopped is remembered for our reason, not for the signal that it needed.
    const ordered = exit.expected ? this.#machine.order : undefined;
    const text = isFailure ? ordered?.text : undefined;
    const reason = { why: ordered?.why ?? byItself.why, text: text ?? byItself.text };
    this.#take({ type: "ended", verdict }, reason);
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
