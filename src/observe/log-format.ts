/**
 * Pure. A line of the log as text, in one of two forms: for people, and as JSON for programs.
 */
import type { LogLine } from "./log-line.ts";

/** `text` is for people; `json` is one object a line. */
export type LogFormat = "text" | "json";

/** A function that gives whole lines, with the newline. */
export function createFormatter(format: LogFormat): (line: LogLine) => string {
  return format === "json" ? jsonLine : textLine;
}

function textLine(line: LogLine): string {
  const time = new Date(line.timeMs).toISOString();
  return `${time} ${line.level.padEnd(7)} [${line.server ?? "gateway"}] ${line.text}\n`;
}

function jsonLine(line: LogLine): string {
  const { level, server, event, text, fields } = line;
  const time = new Date(line.timeMs).toISOString();
  const object = { time, level, server, event, message: text, ...fields };
  return `${JSON.stringify(object)}\n`;
}
