/**
 * Pure. The kinds of fields that the schema of the config file is built from.
 *
 * Each keeps its JSON Schema (what people may write) and its parsed form (milliseconds, bytes,
 * settings) together, and says in one sentence what a value must be.
 */
import { z } from "zod";
import type { Judge } from "./scalars.ts";
import {
  DURATION_PATTERN,
  formatDuration,
  formatSize,
  parseDuration,
  parseSize,
  SIZE_PATTERN,
} from "./units.ts";

interface Range {
  readonly min: number;
  readonly max: number;
}

/** Timers take at most 2^31-1 ms. */
const MAX_DURATION_MS = 24 * 86_400_000;
const MAX_SIZE_BYTES = 1_073_741_824;

/** A duration with its default as text; parsed it is milliseconds within the range. */
export function duration(preset: string, description: string, range?: Partial<Range>) {
  return durationValue(range).prefault(preset).meta({ description });
}

/** A duration that may be left out. */
export function optionalDuration(description: string, range?: Partial<Range>) {
  return durationValue(range).optional().meta({ description });
}

function durationValue(range: Partial<Range> | undefined) {
  const { min, max } = { min: 1, max: MAX_DURATION_MS, ...range };
  const shape =
    'must be a duration such as "500ms", "30s", "5m", "2h" or "1d", or a number of milliseconds';
  return z
    .union([z.number(), z.string().regex(new RegExp(DURATION_PATTERN), { error: shape })], {
      error: shape,
    })
    .transform((value, context) => {
      const durationMs = typeof value === "number" ? Math.round(value) : parseDuration(value);
      if (durationMs !== undefined && durationMs >= min && durationMs <= max) return durationMs;
      const limits = `must be from ${formatDuration(min)} to ${formatDuration(max)}`;
      context.addIssue({ code: "custom", message: durationMs === undefined ? shape : limits });
      return z.NEVER;
    });
}

/** A size with its default as text; parsed it is bytes within the range. */
export function size(preset: string, description: string, range?: Partial<Range>) {
  return sizeValue(range).prefault(preset).meta({ description });
}

/** A size that may be left out. */
export function optionalSize(description: string, range?: Partial<Range>) {
  return sizeValue(range).optional().meta({ description });
}

function sizeValue(range: Partial<Range> | undefined) {
  const { min, max } = { min: 1_024, max: MAX_SIZE_BYTES, ...range };
  const shape = 'must be a size such as "64MiB", "10MB" or "512KiB", or a number of bytes';
  return z
    .union([z.number(), z.string().regex(new RegExp(SIZE_PATTERN), { error: shape })], {
      error: shape,
    })
    .transform((value, context) => {
      const bytes = typeof value === "number" ? Math.round(value) : parseSize(value);
      if (bytes !== undefined && bytes >= min && bytes <= max) return bytes;
      const limits = `must be from ${formatSize(min)} to ${formatSize(max)}`;
      context.addIssue({ code: "custom", message: bytes === undefined ? shape : limits });
      return z.NEVER;
    });
}

/** A whole number within the range. */
export function count(preset: number, description: string, range: Range) {
  return countValue(range).prefault(preset).meta({ description });
}

/** A whole number that may be left out. */
export function optionalCount(description: string, range: Range) {
  return countValue(range).optional().meta({ description });
}

function countValue(range: Range) {
  const error = `must be a whole number from ${range.min} to ${range.max}`;
  return z.int({ error }).min(range.min, { error }).max(range.max, { error });
}

/** A text that a judge turns into a setting. */
export function judged<Value>(judge: Judge<Value>) {
  return z.string().transform((text, context) => {
    const judgement = judge(text);
    if (judgement.ok) return judgement.value;
    context.addIssue({ code: "custom", message: judgement.error });
    return z.NEVER;
  });
}

/** An optional setting that a judge makes from text. */
export function setting<Value>(judge: Judge<Value>, description: string) {
  return judged(judge).optional().meta({ description });
}

/** One of a few words. */
export function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  const error = `must be ${values.map((value) => JSON.stringify(value)).join(" or ")}`;
  return z.enum(values, { error });
}
