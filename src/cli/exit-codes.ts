/**
 * Pure. What the process says when it ends (sysexits.h for 78).
 */
export const EXIT = {
  stopped: 0,
  bug: 1,
  usage: 2,
  /** No gateway runs with this data folder (EX_UNAVAILABLE). */
  unreachable: 69,
  configuration: 78,
} as const;
