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

/** A number that people write with its unit. */
interface Unit {
  /** What a value must be, in words. */
  readonly shape: string;
  readonly pattern: string;
  readonly parse: (text: string) => number | undefined;
  readonly format: (value: number) => string;
  readonly range: Range;
}

const DURATION: Unit = {
  shape:
    'must be a duration such as "500ms", "30s", "5m", "2h" or "1d", or a number of milliseconds',
  pattern: DURATION_PATTERN,
  parse: parseDuration,
  format: formatDuration,
  // Timers take at most 2^31-1 ms.
  range: { min: 1, max: 24 * 86_400_000 },
};

const SIZE: Unit = {
  shape: 'must be a size such as "64MiB", "10MB" or "512KiB", or a number of bytes',
  pattern: SIZE_PATTERN,
  parse: parseSize,
  format: formatSize,
  range: { min: 1_024, max: 1_073_741_824 },
};

/** A duration with its default as text; parsed it is milliseconds within the range. */
export function duration(
  written: string,
  description: string,
  range?: Partial<Range>,
): Field<number> {
  const value = parseDuration(written) ?? Number.NaN;
  return preset(value, description, () => inUnit(DURATION, range), written);
}

/** A duration that may be left out. */
export function optionalDuration(
  description: string,
  range?: Partial<Range>,
): Field<number | undefined> {
  return optional(description, () => inUnit(DURATION, range));
}

/** A size with its default as text; parsed it is bytes within the range. */
export function size(written: string, description: string, range?: Partial<Range>): Field<number> {
  const value = parseSize(written) ?? Number.NaN;
  return preset(value, description, () => inUnit(SIZE, range), written);
}

/** A size that may be left out. */
export function optionalSize(
  description: string,
  range?: Partial<Range>,
): Field<number | undefined> {
  return optional(description, () => inUnit(SIZE, range));
}

function inUnit(unit: Unit, range: Partial<Range> | undefined): z.ZodMiniType<number> {
  const { shape: error, parse, format } = unit;
  const { min, max } = { ...unit.range, ...range };
  const pattern = z.regex(new RegExp(unit.pattern), { error });
  return z.pipe(
    z.union([z.number(), z.string().check(pattern)], { error }),
    z.transform((given, context) => {
      const value = typeof given === "number" ? Math.round(given) : parse(given);
      if (value !== undefined && value >= min && value <= max) return value;
      const limits = `must be from ${format(min)} to ${format(max)}`;
      return refuse(context, value === undefined ? error : limits);
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
