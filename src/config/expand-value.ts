/**
 * Pure. Expansion of every string in a value of the config file, with a report for each that fails.
 */
import { expandText, type ExpansionSources } from "./expand.ts";
import type { KeyPath } from "./problem.ts";
import type { Reporter } from "./reporter.ts";

/** What the strings of a value became. */
export interface ExpandedValue {
  readonly value: unknown;
  readonly fileContents: readonly string[];
  readonly usesServerData: boolean;
  /** False when a string could not be expanded, which was reported. */
  readonly isWhole: boolean;
}

/** Where the value stands and whom a failure concerns. */
export interface ValuePlace {
  readonly path: KeyPath;
  readonly server: string | undefined;
  readonly reporter: Reporter;
}

/** Expands all strings in `value`, keys left as they are; a string that fails stays as written. */
export function expandValue(
  value: unknown,
  sources: ExpansionSources,
  place: ValuePlace,
): ExpandedValue {
  if (typeof value === "string") return expandString(value, sources, place);
  if (typeof value !== "object" || value === null) {
    return { value, fileContents: [], usesServerData: false, isWhole: true };
  }
  const isList = Array.isArray(value);
  const parts = Object.entries(value).map(([key, inner]) => {
    const path = [...place.path, isList ? Number(key) : key];
    return { key, ...expandValue(inner, sources, { ...place, path }) };
  });
  return {
    value: isList
      ? parts.map((part) => part.value)
      : Object.fromEntries(parts.map((part) => [part.key, part.value])),
    fileContents: parts.flatMap((part) => part.fileContents),
    usesServerData: parts.some((part) => part.usesServerData),
    isWhole: parts.every((part) => part.isWhole),
  };
}

function expandString(
  text: string,
  sources: ExpansionSources,
  { path, server, reporter }: ValuePlace,
): ExpandedValue {
  const failed = { value: text, fileContents: [], usesServerData: false, isWhole: false };
  const expanded = expandText(text, sources);
  if (!expanded.ok) {
    const { message, ...detail } = expanded.error;
    reporter.report("error", path, message, { ...detail, server });
    return failed;
  }
  if (expanded.value.text.includes("\0")) {
    const hint = "Neither arguments nor variables can hold one.";
    reporter.report("error", path, "holds a NUL character", { hint, server });
    return failed;
  }
  const { text: whole, fileContents, usesServerData } = expanded.value;
  return { value: whole, fileContents, usesServerData, isWhole: true };
}
