/**
 * Pure. The keys of a block of the config file, each with what its absence means.
 *
 * A schema is built of what stands in the file, and only then: building all of them cost a start
 * more than the rest of the reading. The JSON Schema is built of everything.
 */
import * as z from "zod/mini";
import english from "zod/v4/locales/en.js";

// A file is read once: code that is made for reading it fast costs more than it saves.
z.config({ ...english(), jitless: true });

/** One key of a block. */
export interface Field<Value> {
  /** What its absence means. */
  readonly preset: Value | undefined;
  /** Whether its absence is an error. */
  readonly isRequired: boolean;
  /** What a value must be, and becomes; of a block, only the keys that this value has. */
  readonly of: (value: unknown) => z.ZodMiniType<Value>;
  /** What may stand there, and what it is for. */
  readonly documented: () => z.ZodMiniType;
}

/** The keys of a block. */
export type Shape = Readonly<Record<string, Field<unknown>>>;

/** A block after parsing: what is absent is as its preset. */
export type BlockOf<Keys extends Shape> = {
  readonly [Key in keyof Keys]: Keys[Key] extends Field<infer Value> ? Value : never;
};

/** A key that has to be there. */
export function required<Value>(
  description: string,
  build: () => z.ZodMiniType<Value>,
): Field<Value> {
  const documented = () => described(build(), description);
  return { preset: undefined, isRequired: true, of: build, documented };
}

/** A key that may be left out. */
export function optional<Value>(
  description: string,
  build: () => z.ZodMiniType<Value>,
): Field<Value | undefined> {
  const documented = () => described(z.optional(build()), description);
  return { preset: undefined, isRequired: false, of: build, documented };
}

/**
 * A key with a default.
 * @param written the default as people write it, where that is not what it becomes
 */
export function preset<Value>(
  value: Value,
  description: string,
  build: () => z.ZodMiniType<Value>,
  written: unknown = value,
): Field<Value> {
  const documented = () => described(z.prefault(build(), written), description);
  return { preset: value, isRequired: false, of: build, documented };
}

/** A block within a block, whose absence means the presets of its keys. */
export function block<Keys extends Shape>(description: string, shape: Keys): Field<BlockOf<Keys>> {
  return {
    preset: presetsOf(shape),
    isRequired: false,
    of: (value) => blockOf(shape, value),
    documented: () => described(z.prefault(documentedBlock(shape), {}), description),
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
    of: (value) => blockOf(shape, value),
    documented: () => described(z.optional(documentedBlock(shape)), description),
  };
}

/** A schema with what it is for, as the JSON Schema shows it. */
export function described<Type extends z.ZodMiniType>(schema: Type, description: string): Type {
  z.globalRegistry.add(schema, { description });
  return schema;
}

/** A block of which nothing is said. Its keys must all have a preset. */
export function presetsOf<Keys extends Shape>(shape: Keys): BlockOf<Keys> {
  return filled(shape, {});
}

/** Reads a block. Keys that it does not know are left out. */
export function parseBlock<Keys extends Shape>(
  shape: Keys,
  value: unknown,
): z.core.util.SafeParseResult<BlockOf<Keys>> {
  return blockOf(shape, value).safeParse(value);
}

/** Everything that may stand in a block, and what it is for. */
export function documentedBlock(shape: Shape): z.ZodMiniType {
  const fields = Object.entries(shape);
  return z.object(Object.fromEntries(fields.map(([key, field]) => [key, field.documented()])));
}

function blockOf<Keys extends Shape>(shape: Keys, value: unknown): z.ZodMiniType<BlockOf<Keys>> {
  const isBlock = typeof value === "object" && value !== null;
  const values = new Map(isBlock ? Object.entries(value) : []);
  const members: Record<string, z.ZodMiniType> = {};
  for (const [key, field] of Object.entries(shape)) {
    if (field.isRequired || values.has(key)) members[key] = field.of(values.get(key));
  }
  return z.pipe(
    z.object(members),
    z.transform((parsed) => filled(shape, parsed)),
  );
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
