/**
 * Pure. What is known of the health of a server, read from memory alone.
 */
import type { InstanceState } from "./event.ts";
import type { StateCause } from "./health-event.ts";

/** One process of a server, or the place of one. */
export interface InstanceHealth {
  /** "shared", "modern-2", "session-1a2b…". */
  readonly label: string;
  readonly state: InstanceState;
  /** Why the state is what it is; undefined when it never changed. */
  readonly why: StateCause | undefined;
  readonly pid: number | undefined;
  readonly restartCount: number;
  /** Until the next try, in `backoff` and `failed`. */
  readonly retryInMs: number | undefined;
  /** Of the last health check; milliseconds since 1970, undefined before the first. */
  readonly checkedAtMs: number | undefined;
  readonly responseTimeMs: number;
  readonly consecutiveFails: number;
  readonly lastError: string | undefined;
}

/** One server with all its processes. */
export interface ServerHealth {
  readonly name: string;
  readonly slug: string;
  /** The gateway is only ready while this server is. */
  readonly required: boolean;
  readonly state: string;
  readonly lastError: string | undefined;
  /** Those that run first. */
  readonly instances: readonly InstanceHealth[];
}

/** One change of state of an instance. */
export interface StateChange {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly instance: string;
  readonly from: InstanceState;
  readonly to: InstanceState;
  readonly cause: string;
  readonly why: StateCause;
}
