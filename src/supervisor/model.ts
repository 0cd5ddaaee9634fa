/**
 * Pure. What the supervisor promises to the rooms above it. It knows processes, nothing of MCP.
 *
 * A server is a config entry; an instance is our running copy of it; an incarnation is one pid of
 * that instance. `Supervisor.createInstance` gives an `Instance`; each time it spawns, it hands the
 * new incarnation to `connect`, which must attach its handlers synchronously and whose promise
 * decides when the instance is ready.
 */
import type { InstanceState } from "../kernel/event.ts";
import type { ServerUsage, StateCause } from "../kernel/health-event.ts";
import type { RestartPolicy } from "./restart-policy.ts";

/** Who wants an instance to run. */
export type StartedBy = "demand" | "operator";

/** Who wants it to rest: a person, whoever it was started for, or the end of the gateway. */
export type StoppedBy = "operator" | "released" | "shutdown";

export interface ChildCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  /** The whole environment of the child. */
  readonly env: Readonly<Record<string, string>>;
  /** Another user than the gateway's, which only root can choose. */
  readonly runAs?: { readonly uid: number; readonly gid: number } | undefined;
}

export interface ChildExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** True when we asked for it. */
  readonly expected: boolean;
  /** The last lines of stderr, redacted, oldest first. */
  readonly stderrTail: readonly string[];
}

/** One incarnation, alive from spawn until its exit was observed. */
export interface Incarnation {
  readonly pid: number;
  /** 1 for the first of its instance; part of every correlation key. */
  readonly number: number;
  /** When it last wrote anything, to stdout or stderr; monotonic milliseconds. */
  readonly lastOutputMs: number;
  /** Resolves once the exit was observed (not once a signal was sent), never rejects. */
  readonly exited: Promise<ChildExit>;
  /**
   * Bytes of stdout in order. Set once, synchronously, in `connect`. While a returned promise is
   * pending no further chunk is read, so the pipe pushes back on the child.
   */
  onStdout: (chunk: Uint8Array) => void | Promise<void>;
  /** After the last chunk; at the latest shortly after the exit, even if a grandchild holds the pipe. */
  onStdoutEnd: () => void;
  /**
   * Hands pieces of one line to stdin as one unit. Returns undefined when the kernel took all of it,
   * else a promise that resolves when it did. Never rejects and never throws: a dead child is learnt
   * from `exited`. The caller keeps order (per-server mutex).
   */
  write(pieces: readonly (Uint8Array | string)[]): Promise<void> | undefined;
}

export interface InstanceOptions {
  readonly server: string;
  /** "shared", "session-1a2b…", for logs and pages. */
  readonly label: string;
  readonly command: ChildCommand;
  /**
   * Asked before each incarnation for the command to start in place of `command`; a promise while
   * something has to be installed first. No deadline of an instance counts that time: the promise
   * brings its own. `signal` aborts when nobody wants the incarnation any more.
   * @throws GatewayError UPSTREAM_SPAWN_FAILED, or a rejection with it
   */
  readonly prepare?: (signal: AbortSignal) => ChildCommand | Promise<ChildCommand>;
  /** Values to redact from anything that is shown of stderr. */
  readonly secrets: readonly string[];
  /** It is only started when somebody wants it: `idle` from the beginning. */
  readonly startsIdle?: boolean;
  /** `never`: one incarnation, then `stopped` or `failed` (children of sessions). */
  readonly restart: "on-failure" | "never";
  /** Where this server's restarts differ from the supervisor's policy. */
  readonly restartLimits?: Partial<RestartPolicy>;
  /** From spawn until `connect` must have resolved. */
  readonly startTimeoutMs: number;
  /**
   * Attaches to a fresh incarnation; resolves when it is ready for traffic, rejects when the start
   * failed (the incarnation is then stopped and the failure counts). `signal` aborts when the
   * incarnation exits or the start timed out.
   */
  readonly connect: (incarnation: Incarnation, signal: AbortSignal) => Promise<void>;
  /** Called once for every incarnation that ended, after `exited`, before any restart. */
  readonly onExit: (incarnation: Incarnation, exit: ChildExit) => void;
}

export interface Instance {
  readonly server: string;
  readonly label: string;
  readonly state: InstanceState;
  /** The live incarnation; undefined while there is none. */
  readonly incarnation: Incarnation | undefined;
  readonly pid: number | undefined;
  readonly restartCount: number;
  /** In words, for `/listmcp` and errors: why the last incarnation ended or could not start. */
  readonly lastError: string | undefined;
  readonly stderrTail: readonly string[];
  /** Milliseconds until the next start while in backoff, or undefined. */
  readonly retryInMs: number | undefined;
  /** Why the state is what it is. */
  readonly cause: StateCause | undefined;
  /** Its operator has stopped it, so that no request may start it. */
  readonly isHeld: boolean;
  /** Begins to spawn; no effect when already wanted, or held and only a request wants it. */
  start(by?: StartedBy): void;
  /**
   * Resolves when ready; waits through `starting` and `backoff`, at most `deadlineMs`.
   * @throws GatewayError UPSTREAM_SPAWN_FAILED, UPSTREAM_UNAVAILABLE, DRAINING
   */
  whenReady(deadlineMs: number): Promise<void>;
  /** Climbs the stop ladder; resolves once the exit was observed and no process of the tree is left. */
  stop(reason: string, by?: StoppedBy): Promise<void>;
  /** Stops it until somebody wants it; no effect unless it serves. */
  doze(reason: string): void;
  /** The operator wants a fresh incarnation; earlier failures are forgotten. */
  restart(reason: string): void;
  /** Health checks fail, or succeed again (0); the incarnation goes on. */
  doubt(failures: number, reason: string): void;
  /** The live incarnation is of no use: it is stopped, and that counts as a failure. */
  fault(why: StateCause, reason: string): void;
  /** The processes of the live incarnation's tree. */
  processes(): readonly number[];
}

/** All that those need who only start processes. */
export type Starter = Pick<Supervisor, "createInstance">;

export interface Supervisor {
  createInstance(options: InstanceOptions): Instance;
  /** All instances that were created and are not gone. */
  instances(): readonly Instance[];
  /** One look at what all processes of all instances use, of looks that are `intervalMs` apart. */
  sampleResources(intervalMs: number): Promise<readonly ServerUsage[]>;
  /** Stops all instances in parallel; refuses new ones. Resolves when no child is left. */
  shutdown(reason: string): Promise<void>;
  /** Ends all at once with SIGKILL; for the second signal. Synchronous. */
  killAll(): void;
}
