/**
 * One incarnation from its start to its burial: start deadline, stop ladder, the end of what it
 * leaves behind. Reports to its instance, decides nothing about what comes next.
 */
import type { Clock, Timer } from "../kernel/clock.ts";
import { messageOf } from "../kernel/error.ts";
import type { Emit } from "../kernel/event.ts";
import type { CauseKind } from "../kernel/health-event.ts";
import { climb, killRest } from "./child-tree.ts";
import type { Household, Member } from "./household.ts";
import type { ChildExit, Incarnation, InstanceOptions } from "./model.ts";
import { planStop, type StopTimes } from "./stop-ladder.ts";

/** What a run is given by its supervisor. */
export interface RunDeps {
  readonly household: Household;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly stopTimes: StopTimes;
  /** Milliseconds that a stop may take from now on. */
  readonly stopBudgetMs: () => number;
}

/** What a run tells its instance. */
export interface RunEvents {
  readonly onReady: () => void;
  /** It lives but is of no use, and why, also in words. */
  readonly onFault: (kind: CauseKind, reason: string) => void;
  /** The exit was observed, `onExit` was called, no process of the tree is left. */
  readonly onEnded: (exit: ChildExit) => void;
}

/** One incarnation under supervision; finished once `onEnded` was called. */
export class Run {
  readonly #options: InstanceOptions;
  readonly #deps: RunDeps;
  readonly #events: RunEvents;
  readonly #member: Member;
  readonly #connecting = new AbortController();
  #startTimer: Timer | undefined;
  #isConnected = false;
  #ladder: Promise<boolean> | undefined;

  /**
   * Starts the process.
   * @throws GatewayError UPSTREAM_SPAWN_FAILED
   */
  constructor(options: InstanceOptions, number: number, deps: RunDeps, events: RunEvents) {
    this.#options = options;
    this.#deps = deps;
    this.#events = events;
    this.#member = deps.household.launch(options, number, (reason) => {
      events.onFault("broken-pipe", `the child ${reason}`);
    });
  }

  /** The live incarnation; undefined once its exit was observed. */
  get incarnation(): Incarnation | undefined {
    return this.#member.child.dead ? undefined : this.#member.child;
  }

  get stderrTail(): readonly string[] {
    return this.#member.child.stderrTail;
  }

  /** The processes of its tree. */
  processes(): readonly number[] {
    return this.#member.child.dead ? [] : this.#member.tree.running();
  }

  /** Connects it and follows it to its end; apart from the start so that the instance knows it by then. */
  begin(): void {
    const { emit, clock } = this.#deps;
    const { server, label: instance, startTimeoutMs } = this.#options;
    const { child } = this.#member;
    emit({ kind: "child.spawned", server, instance, pid: child.pid });
    this.#follow().catch((thrown: unknown) => {
      this.#notice(`the watch over pid ${child.pid} failed: ${messageOf(thrown)}`);
    });
    this.#startTimer = clock.after(startTimeoutMs, () => {
      this.#fault(`not ready within ${startTimeoutMs} ms`);
    });
    this.#connect().then(
      () => {
        if (child.dead || this.#connecting.signal.aborted) return;
        this.#isConnected = true;
        this.#startTimer?.cancel();
        this.#events.onReady();
      },
      (thrown: unknown) => this.#fault(`start failed: ${messageOf(thrown)}`),
    );
  }

  /** Climbs the stop ladder; no effect when it is being climbed. `onEnded` tells when it is over. */
  end(): void {
    const { clock, stopTimes, stopBudgetMs } = this.#deps;
    const { child, tree } = this.#member;
    this.#startTimer?.cancel();
    child.expectExit();
    this.#connecting.abort(new Error("the child is being stopped"));
    if (this.#ladder !== undefined || child.dead) return;
    this.#ladder = climb(planStop(stopTimes, stopBudgetMs()), child, tree, clock);
    this.#ladder.then(
      (isGone) => {
        if (!isGone) this.#surrender();
      },
      (thrown: unknown) => {
        this.#notice(`the stop ladder failed: ${messageOf(thrown)}`);
        this.#surrender();
      },
    );
  }

  /** SIGKILL to the whole tree, now. */
  kill(): void {
    this.#member.child.expectExit();
    this.#member.tree.signal("SIGKILL");
  }

  // Asynchronous so that what `connect` throws at once is a rejection too; it is called at once.
  async #connect(): Promise<void> {
    await this.#options.connect(this.#member.child, this.#connecting.signal);
  }

  #fault(reason: string): void {
    if (this.#isConnected || this.#member.child.dead) return;
    if (!this.#connecting.signal.aborted) this.#events.onFault("start-failed", reason);
  }

  async #follow(): Promise<void> {
    const { child, tree } = this.#member;
    const { clock, household, stopTimes } = this.#deps;
    await child.died;
    this.#startTimer?.cancel();
    this.#connecting.abort(new Error("the child has ended"));
    // A leader that died by itself leaves nothing behind; in a stop the ladder sees to the rest.
    const rest = this.#ladder === undefined ? killRest(tree, stopTimes.killMs, clock) : undefined;
    const exit = await child.exited;
    this.#report(exit);
    if (rest !== undefined && !(await rest)) this.#surrender();
    await this.#ladder?.catch(() => false); // its failure was said by `end`
    household.bury(this.#member);
    this.#events.onEnded(exit);
  }

  #report(exit: ChildExit): void {
    const { server, label: instance } = this.#options;
    const { child } = this.#member;
    const { exitCode, signal, expected } = exit;
    const { emit } = this.#deps;
    emit({ kind: "child.exited", server, instance, pid: child.pid, exitCode, signal, expected });
    try {
      this.#options.onExit(child, exit);
    } catch (thrown) {
      this.#notice(`onExit failed: ${messageOf(thrown)}`);
    }
  }

  /** Something outlived SIGKILL (a process in the kernel's hands): say it, and do not wait for ever. */
  #surrender(): void {
    const { child } = this.#member;
    this.#notice(`not all processes of pid ${child.pid} could be ended`);
    child.abandon();
  }

  #notice(text: string): void {
    const message = `${this.#options.server}: ${text}.`;
    this.#deps.emit({ kind: "gateway.notice", level: "ERROR", message });
  }
}
