/**
 * Pure. The keys of a block of the config file, each with what its absence means.
 *
 * A schema is built of what stands in the file, and only then: building all of them cost a start
 * more than the rest of the reading. The JSON Schema is built of everything.
 */
import * as z from "zod";

// A file is read once: code that is made for reading it fast costs more than it saves.
z.config({ jitless: true });

/** One key of a block. */
export interface Field<Value> {
  /** What its absence means. */
  readonly preset: Value | undefined;
  /** Whether its absence is an error. */
  readonly isRequired: boolean;
  /** What it must be, and becomes. Of a block: only the keys that `given` has; without it all. */
  readonly schema: (given?: unknown) => z.ZodType<Value>;
}

/** The keys of a block. */
export type Shape = Readonly<Record<string, Field<unknown>>>;

/** A block after parsing: what is absent is as its preset. */
export type BlockOf<Keys extends Shape> = {
  readonly [Key in keyof Keys]: Keys[Key] extends Field<infer Value> ? Value : never;
};

/** A key that has to be there. */
export function required<Value>(description: string, build: () => z.ZodType<Value>): Field<Value> {
  return {
    preset: undefined,
    isRequired: true,
    schema: () => build().meta({ description }),
  };
}

/** A key that may be left out. */
export function optional<Value>(
  description: string,
  build: () => z.ZodType<Value>,
): Field<Value | undefined> {
  return {
    preset: undefined,
    isRequired: false,
    schema: () => build().optional().meta({ description }),
  };
}

/**
 * A key with a default.
 * @param written the default as people write it, where that is not what it becomes
 */
export function preset<Value>(
  value: Value,
  description: string,
  build: () => z.ZodType<Value>,
  written: unknown = value,
): Field<Value> {
  return {
    preset: value,
    isRequired: false,
    schema: () => build().prefault(written).meta({ description }),
  };
}

/** A block within a block, whose absence means the presets of its keys. */
export function block<Keys extends Shape>(description: string, shape: Keys): Field<BlockOf<Keys>> {
  return {
    preset: presetsOf(shape),
    isRequired: false,
    schema: (given) => blockSchema(shape, given).prefault({}).meta({ description }),
  };
}

/** A block within a block that may be left out. */
export function optionalBlock<Keys extends Shape>(
  description: string,
  shape: Keys,
): Field<BlockOf<Keys> | undefined> {
  return {
    preset: undefined,
    isRequired: false,
    schema: (given) => blockSchema(shape, given).optional().meta({ description }),
  };
}

/** A block of which nothing is said. Its keys must all have a preset. */
export function presetsOf<Keys extends Shape>(shape: Keys): BlockOf<Keys> {
  return filled(shape, {});
}

/** Reads a block. Keys that it does not know are left out. */
export function parseBlock<Keys extends Shape>(
  shape: Keys,
  value: unknown,
): z.ZodSafeParseResult<BlockOf<Keys>> {
  return blockSchema(shape, value ?? {}).safeParse(value);
}

/** What a block must be: of the keys that may be absent only those in `given`; without it all. */
export function blockSchema<Keys extends Shape>(
  shape: Keys,
  given?: unknown,
): z.ZodType<BlockOf<Keys>> {
  const values =
    typeof given === "object" && given !== null ? new Map(Object.entries(given)) : undefined;
  const fields = Object.entries(shape).filter(
    ([key, { isRequired }]) => given === undefined || isRequired || values?.has(key) === true,
  );
  const members = fields.map(([key, field]) => [key, field.schema(values?.get(key))] as const);
  return z.object(Object.fromEntries(members)).transform((parsed) => filled(shape, parsed));
}

function filled<Keys extends Shape>(
  shape: Keys,
  parsed: Readonly<Record<string, unknown>>,
): BlockOf<Keys> {
  const block: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(shape)) {
    const value = parsed[key] ?? field.preset;
    if (value !== undefined) block[key] = value;
  }
  return block as BlockOf<Keys>;
}
