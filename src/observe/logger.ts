/**
 * The log: one reader of the event stream. Turns events into lines, by two levels: one for the
 * gateway itself, one for what the children and their messages do, and hands them to its sinks.
 *
 * Everything that leaves passes here, so what must not be shown is blotted out here, for all sinks.
 */
import type { Emit, GatewayEvent, LogLevel } from "../kernel/event.ts";
import { createLineRedactor, type OwnedSecrets } from "../kernel/redact.ts";
import { createFormatter, type LogFormat } from "./log-format.ts";
import { LEVEL_RANK, levelOf, lineOf, serverOf, type LogLine } from "./log-line.ts";

/**
 * Takes a line, and its text with the newline. What children write on stderr comes whatever the
 * level, with `isShown` false when the level would hide it.
 */
export type LogSink = (line: LogLine, text: string, isShown: boolean) => void;

export interface LoggerOptions {
  readonly system: LogLevel;
  readonly mcp: LogLevel;
  readonly format: LogFormat;
  /** Configured secrets of all servers and of the gateway. */
  readonly secrets: readonly OwnedSecrets[];
  readonly wallMs: () => number;
  readonly sinks: readonly LogSink[];
}

export interface Logger {
  readonly emit: Emit;
  /** The same for an event of that moment. */
  readonly tell: (event: GatewayEvent, timeMs: number) => void;
  /** Blots out these values from now on, instead of those before. */
  readonly hide: (secrets: readonly OwnedSecrets[]) => void;
}

/** Turns events into lines for its sinks. */
export function createLogger(options: LoggerOptions): Logger {
  const system = LEVEL_RANK[options.system];
  const mcp = LEVEL_RANK[options.mcp];
  const format = createFormatter(options.format);
  let redact = createLineRedactor(options.secrets);
  const { sinks, wallMs } = options;
  const wantsFields = options.format === "json";
  const tell = (event: GatewayEvent, timeMs: number): void => {
    const server = serverOf(event);
    const most = server === undefined ? system : mcp;
    const isShown = LEVEL_RANK[levelOf(event)] <= most;
    if (!isShown && event.kind !== "child.stderr") return;
    const line = lineOf(event, timeMs, redact(server), wantsFields);
    const text = format(line);
    for (const sink of sinks) sink(line, text, isShown);
  };
  return {
    emit: (event) => tell(event, wallMs()),
    tell,
    hide: (secrets) => {
      redact = createLineRedactor(secrets);
    },
  };
}
