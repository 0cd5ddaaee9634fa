/**
 * Pure. What can be wrong with a configuration, as a value with its place and what to do.
 *
 * An error with `server` concerns that entry only: the others run. An error without it is fatal.
 * A warning or a note stops nothing.
 */

/** How grave a problem is; a `note` only explains what happens. */
export type Severity = "error" | "warning" | "note";

/** The way to a value in the file: keys and list indexes. */
export type KeyPath = readonly (string | number)[];

/** One thing to tell the person who wrote the configuration. */
export interface ConfigProblem {
  readonly severity: Severity;
  /** `mcpServers.github.args[1]`; for settings from elsewhere `PORT` or `--port`; empty for the whole file. */
  readonly path: string;
  /** The file that it is about; undefined for flags and variables. */
  readonly file: string | undefined;
  /** 1-based place in the file; undefined when it did not come from the file. */
  readonly line: number | undefined;
  /** 1-based, in UTF-16 code units as editors count; undefined together with `line`. */
  readonly column: number | undefined;
  readonly message: string;
  /** What to do about it. */
  readonly hint: string | undefined;
  /** The entry that it concerns, as named in the file. */
  readonly server: string | undefined;
}

/** A problem that has no place in the file: of a flag, a variable or the file as such. */
export function problemOutsideFile(
  severity: Severity,
  path: string,
  message: string,
  hint?: string,
): ConfigProblem {
  const place = { file: undefined, line: undefined, column: undefined };
  return { severity, path, ...place, message, hint, server: undefined };
}

/** True for an error that leaves nothing to run, as opposed to one of a single entry. */
export function isFatal(problem: ConfigProblem): boolean {
  return problem.severity === "error" && problem.server === undefined;
}

/** `mcpServers.github.args[1]`; keys that are no plain words are quoted in brackets. */
export function formatPath(path: KeyPath): string {
  let text = "";
  for (const segment of path) {
    if (typeof segment === "number") text += `[${segment}]`;
    else if (!/^[A-Za-z0-9_$-]+$/.test(segment)) text += `[${JSON.stringify(segment)}]`;
    else text += text === "" ? segment : `.${segment}`;
  }
  return text;
}
