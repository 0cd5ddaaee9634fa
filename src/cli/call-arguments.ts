/**
 * Pure. From the words behind `call SERVER TOOL` to the arguments of the tool.
 *
 * `key=value` takes the type that the tool's own schema gives the key; `key:=json` is JSON whatever
 * the schema says.
 */
import { err, ok, type Result } from "../kernel/result.ts";

type Arguments = Record<string, unknown>;

/** The arguments, or what is wrong with a word. `properties` is of the tool's input schema. */
export function toolArguments(
  words: readonly string[],
  properties: Readonly<Record<string, unknown>>,
): Result<Arguments, string> {
  const values = new Map<string, unknown>();
  for (const word of words) {
    const match = /^([^=:]+|[^=]+?)(:?=)([^]*)$/.exec(word);
    const [, key = "", sign = "", text = ""] = match ?? [];
    if (match === null) {
      return err(`${JSON.stringify(word)} is no argument: write key=value, or key:=JSON`);
    }
    const value =
      sign === ":="
        ? json(text)
        : typed(text, typesOf(Object.hasOwn(properties, key) ? properties[key] : undefined));
    if (!value.ok) return err(`${key}: ${value.error}`);
    values.set(key, value.value);
  }
  return ok(Object.fromEntries(values));
}

/** Names of types that a schema allows; none when it does not say. */
function typesOf(schema: unknown): readonly unknown[] {
  if (typeof schema !== "object" || schema === null) return [];
  const { type, anyOf } = schema as { readonly type?: unknown; readonly anyOf?: unknown };
  if (Array.isArray(anyOf)) return anyOf.flatMap(typesOf);
  return Array.isArray(type) ? type : type === undefined ? [] : [type];
}

function typed(text: string, types: readonly unknown[]): Result<unknown, string> {
  // A text stays one wherever a text will do.
  if (types.length === 0 || types.includes("string")) return ok(text);
  const value = json(text);
  const found = value.ok ? typeOf(value.value) : undefined;
  const fits =
    found !== undefined &&
    (types.includes(found) || (found === "integer" && types.includes("number")));
  if (value.ok && fits) return value;
  return err(`${JSON.stringify(text)} is none of: ${types.join(", ")}`);
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function json(text: string): Result<unknown, string> {
  try {
    return ok(JSON.parse(text) as unknown);
  } catch {
    return err(`${JSON.stringify(text)} is no JSON`);
  }
}
