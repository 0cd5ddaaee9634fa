/**
 * Pure. The log levels of the protocol, in order.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/logging
 */

/** From the least severe on; an index into this table is how a level is compared. */
export const LOG_LEVELS: readonly string[] = [
  "debug",
  "info",
  "notice",
  "warning",
  "error",
  "critical",
  "alert",
  "emergency",
];

/** Index of a level, the least severe is 0; undefined for what is no level. Case counts. */
export function levelIndex(level: string): number | undefined {
  const index = LOG_LEVELS.indexOf(level);
  return index < 0 ? undefined : index;
}
