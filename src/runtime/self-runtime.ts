/**
 * This executable as the JavaScript runtime of servers: gives the supervisor the command that is
 * started in place of `npx`, `bunx`, `node` or `bun`, after installing what it needs.
 *
 * The server is then one process, our own executable with BUN_BE_BUN. No `.env` and no `bunfig.toml`
 * of any folder is read by it: they lie in folders that other people may write, and run code.
 */
import { mkdirSync, renameSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Clock, Timer } from "../kernel/clock.ts";
import { GatewayError, messageOf } from "../kernel/error.ts";
import type { Emit } from "../kernel/event.ts";
import type { ChildCommand, InstanceOptions, Supervisor } from "../supervisor/model.ts";
import { emptySettings, guardWords } from "./empty-settings.ts";
import { runtimeVariables } from "./install-environment.ts";
import type { PackageEntry } from "./package-entry.ts";
import {
  packagesFolder,
  PackageStore,
  type PackageOwner,
  type PackageQuestion,
} from "./package-store.ts";
import type { RefusedPlan } from "./runtime-plan.ts";
import { standIn, type StandInQuestion } from "./stand-in.ts";

/** What of a server's configuration counts here. */
export type RunnableServer = StandInQuestion & PackageOwner;

/** What the runtime is built with. */
export interface SelfRuntimeOptions {
  /** Absolute. */
  readonly dataDir: string;
  /** How our own executable is started; the first word is the runtime. */
  readonly selfCommand: readonly string[];
  readonly installEnv: Readonly<Record<string, string>>;
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** How a server's packages are named on the way to its start. */
export type Prepare = NonNullable<InstanceOptions["prepare"]>;

/** Behind the start, which it must not slow down. */
const REFRESH_DELAY_MS = 1_000;
const REFRESH_LOOK_MS = 60 * 60_000;

/** What would be installed for a server, were it run here; undefined when that is not wanted. */
export function packagesOf(server: RunnableServer): PackageQuestion | undefined {
  const runtime = server.runtime === "system" ? "system" : "self";
  const plan = standIn({ ...server, runtime }, process.cwd())?.plan;
  return plan?.kind === "package" ? { server, plan } : undefined;
}

/** Stands in for the programs that the machine does not have. */
export class SelfRuntime {
  readonly store: PackageStore;
  readonly #options: SelfRuntimeOptions;
  readonly #program: string;
  /** Packages of servers that were started by this run, to be renewed while it lasts. */
  readonly #inUse = new Map<string, PackageQuestion>();
  readonly #looks = new Set<Timer>();
  #path: string | undefined;

  constructor(options: SelfRuntimeOptions) {
    const { dataDir, selfCommand, installEnv, supervisor, clock, emit } = options;
    const [program = ""] = selfCommand;
    const folder = packagesFolder(dataDir);
    this.#options = options;
    this.#program = program;
    this.store = new PackageStore({ folder, program, installEnv, supervisor, clock, emit });
  }

  /** What goes before each start of a server; undefined when its command is started as it is. */
  prepareFor(server: RunnableServer): Prepare | undefined {
    const found = standIn(server, process.cwd());
    if (found === undefined) return undefined;
    const { plan, program } = found;
    const because = server.runtime === "self" ? "as configured" : `there is no ${program}`;
    this.#say(`server "${server.name}" runs on the built-in runtime: ${because}`);
    switch (plan.kind) {
      case "refused":
        return () => {
          throw refusal(server, plan);
        };
      case "words":
        return () => this.#command(server, plan.words);
      case "script": {
        const file = resolve(server.cwd ?? ".", plan.script);
        return () => this.#script(server, plan.flags, file, plan.args);
      }
      case "package": {
        const question = { server, plan };
        return () => {
          const installed = this.store.find(question);
          if (installed !== undefined) {
            this.#keepFresh(question);
            return this.#entry(server, installed.entry, plan.args);
          }
          return this.store.install(question).then(({ entry }) => {
            this.#keepFresh(question);
            return this.#entry(server, entry, plan.args);
          });
        };
      }
    }
  }

  /** Looks after the packages of a gateway that runs for long, until the timer is cancelled. */
  startRefreshing(): Timer {
    const { clock } = this.#options;
    const timer = clock.every(REFRESH_LOOK_MS, () => {
      for (const question of this.#inUse.values()) this.#refreshIfDue(question);
    });
    const cancel = (): void => {
      timer.cancel();
      for (const look of this.#looks) look.cancel();
    };
    return { cancel };
  }

  #keepFresh(question: PackageQuestion): void {
    this.#inUse.set(question.server.slug, question);
    const look = this.#options.clock.after(REFRESH_DELAY_MS, () => {
      this.#looks.delete(look);
      this.#refreshIfDue(question);
    });
    this.#looks.add(look);
  }

  #refreshIfDue(question: PackageQuestion): void {
    // It never rejects: what goes wrong is said, and the installed version stays.
    if (this.store.isDue(question)) this.store.refresh(question).catch(() => undefined);
  }

  #entry(server: RunnableServer, entry: PackageEntry, args: readonly string[]): ChildCommand {
    if (entry.isScript) return this.#script(server, [], entry.file, args);
    return { ...this.#command(server, []), command: entry.file, args };
  }

  #script(
    server: RunnableServer,
    flags: readonly string[],
    file: string,
    args: readonly string[],
  ): ChildCommand {
    // Node does not fetch what a script imports, and neither does this.
    return this.#command(server, ["--no-install", ...flags, file, ...args]);
  }

  #command(server: RunnableServer, args: readonly string[]): ChildCommand {
    const path = [server.env["PATH"] ?? "", this.#standInFolder()].filter(Boolean).join(":");
    const guards = this.#guards();
    const env = { ...runtimeVariables(guards), ...server.env, BUN_BE_BUN: "1", PATH: path };
    const { cwd, runAs } = server;
    return { command: this.#program, args: [...guards, ...args], cwd, env, runAs };
  }

  #guards(): readonly string[] {
    const folder = packagesFolder(this.#options.dataDir);
    try {
      return guardWords(emptySettings(folder));
    } catch (error) {
      const message = `There is no /dev/null, and ${folder} cannot be written (${messageOf(error)}). Set DATA_DIR to a folder that this user may write.`;
      throw new GatewayError("UPSTREAM_SPAWN_FAILED", message, { retryable: true, cause: error });
    }
  }

  /** Behind everything else on the PATH: a `node` for servers that start one by name. */
  #standInFolder(): string {
    if (this.#path !== undefined) return this.#path;
    const folder = join(packagesFolder(this.#options.dataDir), "bin");
    try {
      mkdirSync(folder, { recursive: true, mode: 0o755 });
      const fresh = join(folder, `.node-${process.pid}`);
      symlinkSync(this.#program, fresh);
      renameSync(fresh, join(folder, "node"));
      this.#path = folder;
    } catch {
      // The data folder cannot be written: servers that start `node` by name do without.
      this.#path = "";
    }
    return this.#path;
  }

  #say(message: string): void {
    this.#options.emit({ kind: "gateway.notice", level: "INFO", message });
  }
}

/** Why a server cannot run here, as an error of its start. */
function refusal(server: RunnableServer, { message, hint }: RefusedPlan): GatewayError {
  const what = `Cannot start ${JSON.stringify(server.command)} on the built-in runtime: the command line ${message}.`;
  return new GatewayError("UPSTREAM_SPAWN_FAILED", `${what} ${hint}`, { retryable: false });
}
