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

/** What kind of problem it is; docs/troubleshooting.md has an entry for each. */
export const CONFIG_CODES = [
  "CONFIG_UNREADABLE",
  "CONFIG_SYNTAX",
  "CONFIG_NO_SERVERS",
  "CONFIG_VALUE",
  "CONFIG_MISSING_KEY",
  "CONFIG_UNKNOWN_KEY",
  "CONFIG_IGNORED_KEY",
  "CONFIG_DUPLICATE",
  "CONFIG_VARIABLE",
  "CONFIG_FILE_MISSING",
  "CONFIG_SERVER_NAME",
  "CONFIG_REMOTE_SERVER",
  "CONFIG_FLAGS",
  "CONFIG_PROGRAM_MISSING",
  "CONFIG_FOLDER_MISSING",
  "CONFIG_NOT_RUNNABLE",
] as const;

/** One of them. */
export type ConfigCode = (typeof CONFIG_CODES)[number];

/** One thing to tell the person who wrote the configuration. */
export interface ConfigProblem {
  readonly severity: Severity;
  readonly code: ConfigCode;
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
  { code, hint }: { readonly code: ConfigCode; readonly hint?: string | undefined },
): ConfigProblem {
  const place = { file: undefined, line: undefined, column: undefined };
  return { severity, code, path, ...place, message, hint, server: undefined };
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
