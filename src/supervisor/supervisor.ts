/**
 * The sole owner of children: makes instances, lists those that are wanted, ends them all.
 *
 * It knows processes, nothing of MCP. Each instance runs its own loop (instance.ts); what they share
 * is the household.
 */
import type { Clock } from "../kernel/clock.ts";
import type { Emit } from "../kernel/event.ts";
import type { ServerUsage } from "../kernel/health-event.ts";
import { draining } from "./exit-text.ts";
import type { HostFacts } from "../kernel/host-facts.ts";
import { Household } from "./household.ts";
import { type InstanceDeps, ManagedInstance } from "./instance.ts";
import type { Instance, InstanceOptions, Supervisor } from "./model.ts";
import { findOomCounter, OomWatch } from "./oom-watch.ts";
import { ResourceSampler } from "./resource-sampler.ts";
import { DEFAULT_RESTART_POLICY, type RestartPolicy } from "./restart-policy.ts";
import { DEFAULT_STOP_TIMES, type StopTimes } from "./stop-ladder.ts";

/** The ladder's own six seconds: with a drain before and flushes after, the gateway's eight are kept. */
const DEFAULT_SHUTDOWN_MS = 6_000;

/** What `gateway.ts` gives to the supervisor; times have defaults. */
export interface SupervisorOptions {
  readonly clock: Clock;
  readonly emit: Emit;
  /** 0 to 1, for the jitter of restarts. */
  readonly random: () => number;
  /** How our own executable is started, for the guardian: its path, or runtime and script. */
  readonly selfCommand: readonly string[];
  readonly host: HostFacts;
  readonly restartPolicy?: RestartPolicy;
  readonly stopTimes?: StopTimes;
  /** Milliseconds that `shutdown` may take; the stop ladder is shortened to fit. */
  readonly shutdownMs?: number;
}

/** A supervisor without children yet; nothing is started before the first instance is. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  return new ProcessSupervisor(options);
}

class ProcessSupervisor implements Supervisor {
  readonly #options: SupervisorOptions;
  readonly #household: Household;
  readonly #oom = new OomWatch(findOomCounter());
  readonly #instances = new Set<ManagedInstance>();
  readonly #sampler = new ResourceSampler(() => this.#instances);
  readonly #deps: InstanceDeps;
  #shutdown: Promise<void> | undefined;
  #shutdownUntilMs = 0;
  #isDraining = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#household = new Household(options);
    this.#deps = {
      household: this.#household,
      clock: options.clock,
      emit: options.emit,
      random: options.random,
      policy: options.restartPolicy ?? DEFAULT_RESTART_POLICY,
      claimOomKill: () => this.#oom.claim(),
      stopTimes: options.stopTimes ?? DEFAULT_STOP_TIMES,
      stopBudgetMs: () => this.#stopBudgetMs(),
      isDraining: () => this.#isDraining,
      onWanted: (instance) => this.#instances.add(instance),
      onGone: (instance) => this.#instances.delete(instance),
    };
  }

  createInstance(options: InstanceOptions): Instance {
    if (this.#isDraining) throw draining();
    const instance = new ManagedInstance(options, this.#deps);
    this.#instances.add(instance);
    return instance;
  }

  instances(): readonly Instance[] {
    return [...this.#instances];
  }

  sampleResources(intervalMs: number): Promise<readonly ServerUsage[]> {
    this.#oom.forget();
    return this.#sampler.sample(intervalMs);
  }

  shutdown(reason: string): Promise<void> {
    this.#shutdown ??= this.#end(reason);
    return this.#shutdown;
  }

  killAll(): void {
    this.#isDraining = true;
    this.#shutdownUntilMs = Math.max(
      this.#shutdownUntilMs,
      this.#options.clock.nowMs() + this.#deps.stopTimes.killMs,
    );
    for (const instance of [...this.#instances]) instance.kill("killed at once");
  }

  async #end(reason: string): Promise<void> {
    const budgetMs = this.#options.shutdownMs ?? DEFAULT_SHUTDOWN_MS;
    this.#shutdownUntilMs = this.#options.clock.nowMs() + budgetMs;
    this.#isDraining = true;
    // A stop that began earlier was planned without this deadline.
    const deadline = this.#options.clock.after(budgetMs, () => this.killAll());
    await Promise.all([...this.#instances].map((instance) => instance.stop(reason, "shutdown")));
    deadline.cancel();
    await this.#household.close();
  }

  #stopBudgetMs(): number {
    if (!this.#isDraining) return Number.POSITIVE_INFINITY;
    return this.#shutdownUntilMs - this.#options.clock.nowMs();
  }
}
