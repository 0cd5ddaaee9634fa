/**
 * Pure. A problem of the configuration as text for a terminal or a log.
 */
import type { ConfigProblem } from "../config/problem.ts";
import { oneLine } from "./columns.ts";

/**
 * `file:line:column: error: path message. What to do [CODE]`, on one line without its end. Editors and
 * terminals make a link of the first part.
 */
export function formatProblem(problem: ConfigProblem): string {
  const { file, line, column, severity, code, path, message, hint } = problem;
  const place = file === undefined || line === undefined ? "" : `${file}:${line}:${column ?? 1}: `;
  const subject = path === "" ? "the file" : path;
  const advice = hint === undefined ? "" : `. ${hint}`;
  return oneLine(`${place}${severity}: ${subject} ${message}${advice} [${code}]`);
}
