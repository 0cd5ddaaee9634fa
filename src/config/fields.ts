/**
 * Pure. The kinds of keys that the blocks of the config file are made of.
 *
 * Each keeps its JSON Schema (what people may write) and its parsed form (milliseconds, bytes,
 * settings) together, and says in one sentence what a value must be.
 */
import * as z from "zod/mini";
import { optional, preset, type Field } from "./block.ts";
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

const DURATION_SHAPE =
  'must be a duration such as "500ms", "30s", "5m", "2h" or "1d", or a number of milliseconds';
const SIZE_SHAPE = 'must be a size such as "64MiB", "10MB" or "512KiB", or a number of bytes';

/** A duration with its default as text; parsed it is milliseconds within the range. */
export function duration(
  written: string,
  description: string,
  range?: Partial<Range>,
): Field<number> {
  const value = parseDuration(written) ?? Number.NaN;
  return preset(value, description, () => durationValue(range), written);
}

/** A duration that may be left out. */
export function optionalDuration(
  description: string,
  range?: Partial<Range>,
): Field<number | undefined> {
  return optional(description, () => durationValue(range));
}

function durationValue(range: Partial<Range> | undefined): z.ZodMiniType<number> {
  const { min, max } = { min: 1, max: MAX_DURATION_MS, ...range };
  const error = DURATION_SHAPE;
  const pattern = z.regex(new RegExp(DURATION_PATTERN), { error });
  return z.pipe(
    z.union([z.number(), z.string().check(pattern)], { error }),
    z.transform((value, context) => {
      const durationMs = typeof value === "number" ? Math.round(value) : parseDuration(value);
      if (durationMs !== undefined && durationMs >= min && durationMs <= max) return durationMs;
      const limits = `must be from ${formatDuration(min)} to ${formatDuration(max)}`;
      return refuse(context, durationMs === undefined ? error : limits);
    }),
  );
}

/** A size with its default as text; parsed it is bytes within the range. */
export function size(written: string, description: string, range?: Partial<Range>): Field<number> {
  const value = parseSize(written) ?? Number.NaN;
  return preset(value, description, () => sizeValue(range), written);
}

/** A size that may be left out. */
export function optionalSize(
  description: string,
  range?: Partial<Range>,
): Field<number | undefined> {
  return optional(description, () => sizeValue(range));
}

function sizeValue(range: Partial<Range> | undefined): z.ZodMiniType<number> {
  const { min, max } = { min: 1_024, max: MAX_SIZE_BYTES, ...range };
  const error = SIZE_SHAPE;
  const pattern = z.regex(new RegExp(SIZE_PATTERN), { error });
  return z.pipe(
    z.union([z.number(), z.string().check(pattern)], { error }),
    z.transform((value, context) => {
      const bytes = typeof value === "number" ? Math.round(value) : parseSize(value);
      if (bytes !== undefined && bytes >= min && bytes <= max) return bytes;
      const limits = `must be from ${formatSize(min)} to ${formatSize(max)}`;
      return refuse(context, bytes === undefined ? error : limits);
    }),
  );
}

/** A whole number within the range. */
export function count(value: number, description: string, range: Range): Field<number> {
  return preset(value, description, () => countValue(range));
}

/** A whole number that may be left out. */
export function optionalCount(description: string, range: Range): Field<number | undefined> {
  return optional(description, () => countValue(range));
}

function countValue(range: Range): z.ZodMiniType<number> {
  const error = `must be a whole number from ${range.min} to ${range.max}`;
  return z.int({ error }).check(z.gte(range.min, { error }), z.lte(range.max, { error }));
}

/** A key that is false unless the file says otherwise. */
export function no(description: string): Field<boolean> {
  return preset(false, description, () => z.boolean());
}

/** A key that is true unless the file says otherwise. */
export function yes(description: string): Field<boolean> {
  return preset(true, description, () => z.boolean());
}

/** A text that a judge turns into a setting. */
export function judged<Value>(judge: Judge<Value>): z.ZodMiniType<Value> {
  return z.pipe(
    z.string(),
    z.transform((text, context) => {
      const judgement = judge(text);
      return judgement.ok ? judgement.value : refuse(context, judgement.error);
    }),
  );
}

/** An optional setting that a judge makes from text. */
export function setting<Value>(judge: Judge<Value>, description: string): Field<Value | undefined> {
  return optional(description, () => judged(judge));
}

/** A list of settings that a judge makes from texts. */
export function listOf<Value>(judge: Judge<Value>, description: string): Field<readonly Value[]> {
  return preset([], description, () => z.array(judged(judge)));
}

function refuse(context: z.core.ParsePayload, message: string): never {
  context.issues.push({ code: "custom", message, input: context.value });
  return z.NEVER;
}

/** One of a few words. */
export function oneOf<const Values extends readonly [string, ...string[]]>(
  values: Values,
): z.ZodMiniType<Values[number]> {
  const error = `must be ${values.map((value) => JSON.stringify(value)).join(" or ")}`;
  return z.enum(values, { error });
}
