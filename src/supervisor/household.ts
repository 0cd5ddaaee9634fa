/**
 * What all children of one gateway share: the spawner, the process table, the reaper, the guardian,
 * and the marks by which a process of a tree is known. Starts incarnations and buries them.
 */
import type { Clock } from "../kernel/clock.ts";
import type { Emit } from "../kernel/event.ts";
import { Child } from "./child.ts";
import { ChildTree } from "./child-tree.ts";
import { GuardianLink, needsGuardian } from "./guardian-link.ts";
import type { HostFacts } from "../kernel/host-facts.ts";
import type { InstanceOptions } from "./model.ts";
import { MARK_VARIABLE, ProcessTableReader } from "./process-table.ts";
import { Reaper } from "./reaper.ts";
import { Spawner } from "./spawn.ts";

/** What the parts of a household need. */
export interface HouseholdOptions {
  readonly clock: Clock;
  readonly emit: Emit;
  /** 0 to 1. */
  readonly random: () => number;
  readonly selfCommand: readonly string[];
  readonly host: HostFacts;
}

/** A child that runs, with all that descends from it. */
export interface Member {
  readonly child: Child;
  readonly tree: ChildTree;
}

/** Owns what the children share; finished once `close` has resolved. */
export class Household {
  readonly #options: HouseholdOptions;
  readonly #spawner = new Spawner();
  readonly #processes: ProcessTableReader;
  readonly #reaper: Reaper;
  readonly #guardian: GuardianLink | undefined;
  /** Distinguishes our children from those of any other gateway, before and beside us. */
  readonly #token: string;
  readonly #liveMarks = new Set<string>();
  #started = 0;

  constructor(options: HouseholdOptions) {
    const { clock, emit, host, random, selfCommand } = options;
    const spawner = this.#spawner;
    const isDirect = (pid: number): boolean => spawner.isDirect(pid);
    this.#options = options;
    this.#token = `${host.pid}-${Math.floor(random() * 2 ** 32).toString(36)}`;
    this.#processes = new ProcessTableReader(clock);
    this.#reaper = new Reaper({
      clock,
      emit,
      selfPid: host.pid,
      platform: host.platform,
      processes: this.#processes,
      isDirect,
      isStaleMark: (mark) => mark.startsWith(`${this.#token}.`) && !this.#liveMarks.has(mark),
    });
    if (needsGuardian(host)) {
      const token = this.#token;
      this.#guardian = new GuardianLink({ spawner, selfCommand, token, clock, emit });
    }
  }

  /** The guardian's pid, while there is one. */
  get guardianPid(): number | undefined {
    return this.#guardian?.pid;
  }

  /**
   * Starts one incarnation.
   * @throws GatewayError UPSTREAM_SPAWN_FAILED
   */
  launch(options: InstanceOptions, number: number, onFault: (reason: string) => void): Member {
    const { clock, emit, host } = this.#options;
    const { server, label: instance, command, secrets } = options;
    this.#started += 1;
    const mark = `${this.#token}.${this.#started}`;
    const spawned = this.#spawner.spawnPiped(command, { ...command.env, [MARK_VARIABLE]: mark });
    this.#liveMarks.add(mark);
    // After the child, so that it never waits for them.
    this.#reaper.start();
    this.#guardian?.add(spawned.leader.pid);
    const child = new Child({
      spawned,
      number,
      secrets,
      clock,
      onStderrLine: (line) => emit({ kind: "child.stderr", server, instance, line }),
      onFault,
    });
    const tree = new ChildTree({
      leader: spawned.leader,
      mark,
      selfPid: host.pid,
      processes: this.#processes,
      adoptsOrphans: () => this.#reaper.isSubreaper,
      isDirect: (pid) => this.#spawner.isDirect(pid),
    });
    return { child, tree };
  }

  /** Takes a tree that has ended off all lists; what of it turns up later is ended by the reaper. */
  bury({ child, tree }: Member): void {
    this.#liveMarks.delete(tree.mark);
    this.#guardian?.remove(child.pid);
    this.#reaper.reap(tree.seen);
    this.#reaper.sweepSoon();
  }

  /** After the last child: one last sweep, then the guardian goes. */
  async close(): Promise<void> {
    if (this.#started > 0) this.#reaper.sweep();
    this.#reaper.stop();
    await this.#guardian?.close();
  }
}
