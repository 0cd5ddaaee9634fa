/**
 * Everything that the log is made of, opened once: the rings in memory and stderr.
 */
import type { Emit, LogLevel } from "../kernel/event.ts";
import type { LogFormat } from "./log-format.ts";
import { LogRings } from "./log-ring.ts";
import { createLogger } from "./logger.ts";
import type { StderrWriter } from "./stderr-writer.ts";

export interface LogsOptions {
  readonly logLevelSystem: LogLevel;
  readonly logLevelMcp: LogLevel;
  readonly logFormat: LogFormat;
  /** Values that must not be shown. */
  readonly secrets: readonly string[];
  readonly wallMs: () => number;
  readonly stderr: StderrWriter;
}

/** The log of a running gateway. */
export interface Logs {
  readonly emit: Emit;
  readonly rings: LogRings;
}

/** Opens the log. */
export function openLogs(options: LogsOptions): Logs {
  const rings = new LogRings();
  const emit = createLogger({
    system: options.logLevelSystem,
    mcp: options.logLevelMcp,
    format: options.logFormat,
    secrets: options.secrets,
    wallMs: options.wallMs,
    sinks: [
      (line) => rings.add(line),
      (_line, text, isShown) => {
        if (isShown) options.stderr.write(text);
      },
    ],
  });
  return { emit, rings };
}
