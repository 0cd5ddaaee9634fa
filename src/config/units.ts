/**
 * Pure. Durations and sizes as people write them in a config file, and back to text.
 *
 * Inside the program times are milliseconds and sizes are bytes; only this file knows the words.
 */

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const SIZE_UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1_000,
  mb: 1_000_000,
  gb: 1_000_000_000,
  kib: 1_024,
  mib: 1_048_576,
  gib: 1_073_741_824,
};

/** What a duration looks like, for the JSON Schema; text with `${…}` is judged once it is expanded. */
export const DURATION_PATTERN = "^\\s*\\d+(\\.\\d+)?\\s*(ms|s|m|h|d)\\s*$|\\$\\{";
/** What a size looks like, for the JSON Schema; text with `${…}` is judged once it is expanded. */
export const SIZE_PATTERN = "^\\s*\\d+(\\.\\d+)?\\s*([KkMmGg][Ii]?)?[Bb]\\s*$|\\$\\{";

/** Milliseconds of `"500ms"`, `"30s"`, `"5m"`, `"2h"` or `"1d"`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  return parseQuantity(text, DURATION_UNITS, /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/);
}

/** Bytes of `"64MiB"`, `"10MB"`, `"512B"`; undefined for anything else. Case does not matter. */
export function parseSize(text: string): number | undefined {
  return parseQuantity(text.toLowerCase(), SIZE_UNITS, /^(\d+(?:\.\d+)?)\s*((?:[kmg]i?)?b)$/);
}

/** The shortest whole text of a duration in milliseconds: 90000 is `90s`, 120000 is `2m`. */
export function formatDuration(durationMs: number): string {
  return formatQuantity(durationMs, DURATION_UNITS, ["d", "h", "m", "s"], "ms");
}

/** The shortest whole text of a size in bytes: 67108864 is `64MiB`, 1000 is `1000B`. */
export function formatSize(bytes: number): string {
  const text = formatQuantity(bytes, SIZE_UNITS, ["gib", "mib", "kib"], "b");
  return text.replace(/[a-z]+$/, (unit) => unit.toUpperCase().replace("I", "i"));
}

function parseQuantity(
  text: string,
  units: Readonly<Record<string, number>>,
  shape: RegExp,
): number | undefined {
  const [, amount, unit] = shape.exec(text.trim()) ?? [];
  const factor = unit === undefined ? undefined : units[unit];
  if (amount === undefined || factor === undefined) return undefined;
  return Math.round(Number(amount) * factor);
}

function formatQuantity(
  value: number,
  units: Readonly<Record<string, number>>,
  largestFirst: readonly string[],
  smallest: string,
): string {
  for (const unit of largestFirst) {
    const factor = units[unit] ?? 1;
    if (value >= factor && value % factor === 0) return `${value / factor}${unit}`;
  }
  return `${value}${smallest}`;
}
