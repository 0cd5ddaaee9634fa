/**
 * Pure. What zod found, in words that fit behind the path of a key ("must be …").
 */
import type { core } from "zod/mini";
import type { ConfigCode, KeyPath } from "./problem.ts";

/** A finding of the schema: where, below the value that was parsed, and what it must be. */
export interface ShapeFinding {
  readonly code: ConfigCode;
  readonly path: KeyPath;
  readonly message: string;
  readonly hint: string | undefined;
}

const KINDS: Readonly<Record<string, string>> = {
  string: "a text in quotes",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list in [ ]",
  object: "an object in { }",
  record: "an object in { }",
  null: "null",
};

/** The findings of a parse, one for each wrong value. */
export function shapeFindings(issues: readonly core.$ZodIssue[], root: unknown): ShapeFinding[] {
  return issues.map((issue) => {
    const path = issue.path.map((segment) =>
      typeof segment === "number" ? segment : String(segment),
    );
    const value = valueAt(root, path);
    const code = value === undefined ? "CONFIG_MISSING_KEY" : "CONFIG_VALUE";
    return { code, path, message: messageFor(issue, value), hint: hintFor(issue, value) };
  });
}

function messageFor(issue: core.$ZodIssue, value: unknown): string {
  if (value === undefined) return "is missing";
  if (issue.code === "invalid_key") return "must be the name of a variable, without = in it";
  if (!issue.message.startsWith("Invalid input")) return issue.message;
  const expected = issue.code === "invalid_type" ? KINDS[issue.expected] : undefined;
  return expected === undefined
    ? `must not be ${KINDS[kindOf(value)] ?? "that"}`
    : `must be ${expected}, not ${KINDS[kindOf(value)] ?? "that"}`;
}

// Hints show no values: strings may hold expanded secrets.
function hintFor(issue: core.$ZodIssue, value: unknown): string | undefined {
  if (issue.code !== "invalid_type") return undefined;
  if (issue.expected === "string" && (typeof value === "number" || typeof value === "boolean")) {
    return "Write it in quotes.";
  }
  if (issue.expected === "array" && typeof value === "string") {
    return 'Write it as a list: ["…", "…"].';
  }
  return undefined;
}

function valueAt(root: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>((value, segment) => {
    if (typeof value !== "object" || value === null) return undefined;
    return (value as Readonly<Record<string | number, unknown>>)[segment];
  }, root);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
