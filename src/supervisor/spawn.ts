/**
 * The only file that starts processes. It knows how Bun.spawn must be called so that nothing leaks:
 * own session, pipes with readers attached at once, refusals mapped to words.
 *
 * It keeps the pids of our direct children, whose exit status belongs to Bun and must not be taken
 * by the reaper.
 */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { ChildCommand } from "./model.ts";
import { readEntry } from "./process-table.ts";
import type { Leader } from "./process-tree.ts";
import { errorCodeOf, spawnFailure, type SpawnFacts } from "./spawn-failure.ts";

type PipedProcess = Bun.Subprocess<"pipe", "pipe", "pipe">;
type FedProcess = Bun.Subprocess<"pipe", "ignore", "ignore">;

/** A pipe that is read chunk by chunk. */
export interface ByteReader {
  read(): Promise<{ readonly done: true } | { readonly done: false; readonly value: Uint8Array }>;
  cancel(reason: string): Promise<void>;
}

/** A process with all three pipes; the readers are attached already, so nothing is buffered unread. */
export interface PipedChild {
  readonly process: PipedProcess;
  readonly leader: Leader;
  readonly stdout: ByteReader;
  readonly stderr: ByteReader;
}

/** Starts processes and knows which of them still run. */
export class Spawner {
  readonly #direct = new Set<number>();

  /** True for processes that were started here and whose exit Bun has not yet observed. */
  isDirect(pid: number): boolean {
    return this.#direct.has(pid);
  }

  /**
   * Starts a child in a session and process group of its own.
   * @throws GatewayError UPSTREAM_SPAWN_FAILED, with `retryable` false when it is final
   */
  spawnPiped(command: ChildCommand, env: Readonly<Record<string, string>>): PipedChild {
    // The folder is tested first: a missing one gives the same ENOENT as a missing program.
    const cwdProblem = problemOfCwd(command.cwd);
    if (cwdProblem !== undefined) {
      throw spawnFailure(command, { cwdProblem, commandExists: false }, new Error(cwdProblem));
    }
    let process: PipedProcess;
    try {
      process = Bun.spawn([command.command, ...command.args], {
        ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
        // Takes the groups of the gateway away too.
        ...command.runAs,
        env: { ...env },
        stdin: "pipe",
        stdout: "pipe",
        stderr: "pipe",
        detached: true,
      });
    } catch (thrown) {
      throw spawnFailure(command, factsOf(command), thrown);
    }
    this.#track(process);
    return {
      process,
      leader: { pid: process.pid, startTicks: readEntry(process.pid)?.startTicks },
      stdout: process.stdout.getReader(),
      stderr: process.stderr.getReader(),
    };
  }

  /**
   * Starts a helper of our own in a session of its own that only has a stdin, an empty environment
   * and none of our other pipes. Throws what Bun.spawn throws.
   */
  spawnFed(argv: readonly string[]): FedProcess {
    const process = Bun.spawn([...argv], {
      env: {},
      stdin: "pipe",
      stdout: "ignore",
      stderr: "ignore",
      detached: true,
    });
    this.#track(process);
    return process;
  }

  #track(process: { readonly pid: number; readonly exited: Promise<number> }): void {
    this.#direct.add(process.pid);
    const forget = (): void => {
      this.#direct.delete(process.pid);
    };
    process.exited.then(forget, forget);
  }
}

function problemOfCwd(cwd: string | undefined): SpawnFacts["cwdProblem"] {
  if (cwd === undefined) return undefined;
  try {
    if (!statSync(cwd).isDirectory()) return "not-a-folder";
    accessSync(cwd, constants.X_OK);
    return undefined;
  } catch (thrown) {
    return errorCodeOf(thrown) === "EACCES" ? "no-access" : "missing";
  }
}

function factsOf({ command, cwd }: ChildCommand): SpawnFacts {
  const isPath = command.includes("/");
  const commandExists = isPath && existsSync(resolve(cwd ?? ".", command));
  return { cwdProblem: undefined, commandExists };
}
