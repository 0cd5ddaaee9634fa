/**
 * Pure. Why instances change their state, and what is known of their health and of what they use.
 */

/** Kinds of causes; stable words for metrics and pages. */
export type CauseKind =
  /** Wanted: at boot, by a session, or by a request that woke it. */
  | "demand"
  /** It answered its handshake. */
  | "ready"
  /** A back-off or cool-down is over; `after` is what had gone wrong. */
  | "retry"
  | "exit"
  | "signal"
  /** The kernel killed it, and counted that as a lack of memory. */
  | "out-of-memory"
  /** Health checks that failed (`failures` in a row), or that succeed again (0). */
  | "probe"
  | "spawn-error"
  /** It was started, but refused the handshake or did not answer it in time. */
  | "start-failed"
  /** It lives, but its stdin or stdout is closed. */
  | "broken-pipe"
  | "operator"
  /** Nobody has used it for `idleTimeout`. */
  | "idle"
  /** Whom it was started for has gone. */
  | "released"
  | "shutdown";

/** Why an instance has changed its state, for programs; members but `kind` where they apply. */
export interface StateCause {
  readonly kind: CauseKind;
  readonly exitCode?: number | null;
  readonly signal?: string;
  /** The system's code of a spawn error, such as ENOENT. */
  readonly errorCode?: string;
  /** Health checks that failed in a row. */
  readonly failures?: number;
  readonly after?: CauseKind;
}

/** What a server uses too much of. */
export type AlertKind = "memory" | "cpu";

/** What one process uses; sizes in bytes, CPU in percent of one core. */
export interface ProcessUsage {
  readonly pid: number;
  readonly ppid: number;
  /** The name of the program, as the kernel knows it. */
  readonly name: string;
  readonly instance: string;
  readonly residentBytes: number;
  readonly virtualBytes: number;
  readonly cpuPercent: number;
  readonly threads: number;
  /** Open file descriptors; undefined where they may not be counted. */
  readonly descriptors: number | undefined;
}

/** What all processes of a server use together, at one moment. */
export interface ServerUsage {
  readonly server: string;
  readonly processes: readonly ProcessUsage[];
  readonly residentBytes: number;
  readonly virtualBytes: number;
  readonly cpuPercent: number;
  readonly threads: number;
  readonly descriptors: number;
}

/** Health checks, resources and alerts. */
export type HealthEvent =
  /** A health check has ended. */
  | {
      readonly kind: "instance.probed";
      readonly server: string;
      readonly instance: string;
      /** `busy`: no answer, but output while it works on calls, which counts as alive. */
      readonly outcome: "answered" | "busy" | "failed";
      readonly durationMs: number;
      readonly consecutiveFails: number;
    }
  /** A look at all processes of all servers; servers without a process are not in it. */
  | {
      readonly kind: "resources.sampled";
      readonly servers: readonly ServerUsage[];
    }
  /** Once a minute, for the log. */
  | {
      readonly kind: "resources.summary";
      readonly processCount: number;
      readonly residentBytes: number;
      readonly cpuPercent: number;
      readonly servers: readonly Omit<ServerUsage, "processes">[];
    }
  /** A server uses more than it should, or again less. Memory in bytes, CPU in percent of one core. */
  | {
      readonly kind: "alert.raised" | "alert.cleared";
      readonly server: string;
      readonly alert: AlertKind;
      readonly value: number;
      readonly threshold: number;
    };
