/**
 * Everything that the log is made of, opened once: the rings in memory, stderr, and the files.
 */
import type { Clock } from "../kernel/clock.ts";
import type { Emit, LogLevel } from "../kernel/event.ts";
import type { OwnedSecrets } from "../kernel/redact.ts";
import { LogFolder } from "./log-folder.ts";
import type { LogFormat } from "./log-format.ts";
import { DEFAULT_RING_LIMITS, LogRings } from "./log-ring.ts";
import { createLogger, type LogSink } from "./logger.ts";
import { RequestLines } from "./request-lines.ts";
import type { StderrWriter } from "./stderr-writer.ts";

/** What the configuration says of the log. */
export interface LogSettings {
  readonly logLevelSystem: LogLevel;
  readonly logLevelMcp: LogLevel;
  readonly logFormat: LogFormat;
  /** Undefined: stderr only. */
  readonly logDir: string | undefined;
  readonly logRetentionSystemMs: number;
  readonly logRetentionMcpMs: number;
  readonly logMaxFileBytes: number;
  readonly logMaxFiles: number;
}

export interface LogsOptions {
  readonly settings: LogSettings;
  /** Values that must not be shown. */
  readonly secrets: readonly OwnedSecrets[];
  readonly clock: Clock;
  readonly stderr: StderrWriter;
}

/** The log of a running gateway. */
export interface Logs {
  readonly emit: Emit;
  readonly rings: LogRings;
  /** Blots out these values from now on, instead of those before: for a configuration that has changed. */
  readonly hide: (secrets: readonly OwnedSecrets[]) => void;
  /** Writes what is left to the files, unless the disk takes too long. */
  readonly close: () => Promise<void>;
}

/** Opens the log. Never throws: without its folder it goes to stderr. */
export function openLogs(options: LogsOptions): Logs {
  const { settings, secrets, clock, stderr } = options;
  const { logLevelSystem: system, logLevelMcp: mcp, logFormat: format } = settings;
  const rings = new LogRings(DEFAULT_RING_LIMITS, () => requests.settle());
  const sinks: LogSink[] = [
    (line) => rings.add(line),
    (_line, text, isShown) => {
      if (isShown) stderr.write(text);
    },
  ];
  const logger = createLogger({ system, mcp, format, secrets, wallMs: clock.wallMs, sinks });
  const requests = new RequestLines(logger.tell, clock);
  const { emit } = requests;
  const folder = openFolder(settings, clock, emit);
  if (folder !== undefined) sinks.push((line, text) => folder.write(line, text));
  return {
    emit,
    rings,
    hide: (values) => {
      requests.settle();
      logger.hide(values);
    },
    close: async () => {
      requests.settle();
      await folder?.close();
    },
  };
}

function openFolder(settings: LogSettings, clock: Clock, emit: Emit): LogFolder | undefined {
  const { logDir: folder } = settings;
  if (folder === undefined) return undefined;
  return new LogFolder({
    folder,
    maxFileBytes: settings.logMaxFileBytes,
    maxFiles: settings.logMaxFiles,
    retentionSystemMs: settings.logRetentionSystemMs,
    retentionMcpMs: settings.logRetentionMcpMs,
    clock,
    emit,
  });
}
