/**
 * Pure. Facts about the process that is the gateway, read once by main.ts.
 */

export interface HostFacts {
  readonly pid: number;
  /** `process.platform`. */
  readonly platform: string;
  /** The variable SYSTEMD_EXEC_PID of our environment: our own pid when systemd started us. */
  readonly systemdExecPid: string | undefined;
  /** What systemd says to a service that it wants to hear from. */
  readonly notify?: {
    /** NOTIFY_SOCKET: a path, or `@name`. */
    readonly socket: string | undefined;
    /** WATCHDOG_USEC and WATCHDOG_PID. */
    readonly watchdogUsec: string | undefined;
    readonly watchdogPid: string | undefined;
  };
}
