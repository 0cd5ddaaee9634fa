/**
 * Our end of the guardian: starts it (src/runtime/guardian.ts, a hidden mode of our executable),
 * tells it which children live, replaces it a few times if it dies, and lets it go at the end.
 *
 * The guardian learns of our death by the end of its stdin, which also SIGKILL brings about.
 */
import type { Clock } from "../kernel/clock.ts";
import { messageOf } from "../kernel/error.ts";
import type { Emit } from "../kernel/event.ts";
import type { HostFacts } from "../kernel/host-facts.ts";
import { within } from "./child-tree.ts";
import type { Spawner } from "./spawn.ts";

/** The hidden mode of the executable that main.ts maps to `runGuardian`. */
export const GUARDIAN_ARGUMENT = "__guardian";

const MAX_STARTS = 4;
const RESTART_DELAY_MS = 500;
/** The guardian looks once at the process table and goes. */
const LEAVE_MS = 1_000;

/** False where the system itself ends our children with us: PID 1 of a namespace, a systemd unit. */
export function needsGuardian({ pid, systemdExecPid }: HostFacts): boolean {
  return pid !== 1 && systemdExecPid !== String(pid);
}

/** How the guardian is started and what it is told. */
export interface GuardianLinkOptions {
  readonly spawner: Spawner;
  /** How our own executable is started. */
  readonly selfCommand: readonly string[];
  /** What the marks of our children begin with. */
  readonly token: string;
  readonly clock: Clock;
  readonly emit: Emit;
}

type GuardianProcess = ReturnType<Spawner["spawnFed"]>;

/** Owns the guardian process; finished once `close` has resolved. */
export class GuardianLink {
  readonly #options: GuardianLinkOptions;
  readonly #leaders = new Set<number>();
  #process: GuardianProcess | undefined;
  #starts = 0;
  #isClosed = false;
  #isRestarting = false;

  constructor(options: GuardianLinkOptions) {
    this.#options = options;
  }

  /** The guardian's pid, for those who count processes. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Puts a child under guard; starts the guardian with the first. Never waits, never throws. */
  add(leaderPid: number): void {
    this.#leaders.add(leaderPid);
    if (this.#process === undefined) this.#start();
    else this.#tell(`+${leaderPid}\n`);
  }

  /** Takes a child whose tree is gone from the guard's list. */
  remove(leaderPid: number): void {
    if (this.#leaders.delete(leaderPid)) this.#tell(`-${leaderPid}\n`);
  }

  /** Lets the guardian go; resolves once its exit was observed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const guardian = this.#process;
    if (guardian === undefined) return;
    try {
      const ended: unknown = guardian.stdin.end();
      if (ended instanceof Promise) ended.catch(() => {}); // it is gone already: what we want
    } catch {
      // EPIPE: it is gone already
    }
    await within(this.#options.clock, LEAVE_MS, gone(guardian));
    if (guardian.exitCode === null && guardian.signalCode === null) {
      guardian.kill("SIGKILL");
      await within(this.#options.clock, LEAVE_MS, gone(guardian));
    }
  }

  #start(): void {
    if (this.#isClosed || this.#isRestarting || this.#starts >= MAX_STARTS) return;
    this.#starts += 1;
    const { spawner, selfCommand, token } = this.#options;
    try {
      const guardian = spawner.spawnFed([...selfCommand, GUARDIAN_ARGUMENT]);
      this.#process = guardian;
      const onGone = (): void => this.#lost();
      guardian.exited.then(onGone, onGone);
    } catch (thrown) {
      this.#notice(messageOf(thrown));
      this.#starts = MAX_STARTS;
      return;
    }
    const leaders = [...this.#leaders].map((pid) => `+${pid}\n`);
    this.#tell(`=${token}\n${leaders.join("")}`);
  }

  #lost(): void {
    this.#process = undefined;
    if (this.#isClosed) return;
    if (this.#starts >= MAX_STARTS) {
      this.#notice(`it ended ${this.#starts} times`);
      return;
    }
    this.#isRestarting = true;
    this.#options.clock.after(RESTART_DELAY_MS, () => {
      this.#isRestarting = false;
      if (this.#leaders.size > 0) this.#start();
    });
  }

  #tell(lines: string): void {
    const stdin = this.#process?.stdin;
    if (stdin === undefined) return;
    // A guardian that died is noticed by its exit and replaced, and is then told the whole list.
    const ignore = (): void => {};
    try {
      const written = stdin.write(lines);
      if (typeof written === "object") written.catch(ignore);
      const flushed = stdin.flush();
      if (typeof flushed === "object") flushed.catch(ignore);
    } catch {
      ignore();
    }
  }

  #notice(reason: string): void {
    const message = `No guardian (${reason}): if this gateway is killed with SIGKILL, its servers may stay behind.`;
    this.#options.emit({ kind: "gateway.notice", level: "WARNING", message });
  }
}

function gone(guardian: GuardianProcess): Promise<void> {
  const nothing = (): void => {};
  return guardian.exited.then(nothing, nothing);
}
