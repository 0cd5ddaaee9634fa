/**
 * Pure. A line of the log as text, in one of two forms: for people, and as JSON for programs.
 */
import type { LogLevel } from "../kernel/event.ts";
import type { LogLine } from "./log-line.ts";

/** `text` is for people; `json` is one object a line. */
export type LogFormat = "text" | "json";

/** A function that gives whole lines, with the newline. */
export function createFormatter(format: LogFormat): (line: LogLine) => string {
  return format === "json" ? jsonLine : textLine;
}

const PADDED: Readonly<Record<LogLevel, string>> = {
  ERROR: "ERROR  ",
  WARNING: "WARNING",
  INFO: "INFO   ",
  DEBUG: "DEBUG  ",
  TRACE: "TRACE  ",
};

let lastMs = NaN;
let lastTime = "";

/** Lines of one millisecond have one time: while many come, most need no new text. */
function timeOf(timeMs: number): string {
  if (timeMs !== lastMs) {
    lastMs = timeMs;
    lastTime = new Date(timeMs).toISOString();
  }
  return lastTime;
}

function textLine(line: LogLine): string {
  const { timeMs, level, server = "gateway", text } = line;
  return `${timeOf(timeMs)} ${PADDED[level]} [${server}] ${text}\n`;
}

function jsonLine(line: LogLine): string {
  const { level, server, event, text, fields } = line;
  const time = timeOf(line.timeMs);
  const object = { time, level, server, event, message: text, ...fields };
  return `${JSON.stringify(object)}\n`;
}
