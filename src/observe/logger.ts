/**
 * The log: one reader of the event stream. Turns events into lines, by two levels: one for the
 * gateway itself, one for what the children and their messages do.
 */
import { authText } from "./auth-text.ts";
import type { Emit, GatewayEvent, LogLevel } from "../kernel/event.ts";

export interface LoggerOptions {
  readonly system: LogLevel;
  readonly mcp: LogLevel;
  readonly wallMs: () => number;
  /** Takes whole lines. */
  readonly write: (text: string) => void;
}

const RANK: Readonly<Record<LogLevel, number>> = {
  ERROR: 0,
  WARNING: 1,
  INFO: 2,
  DEBUG: 3,
  TRACE: 4,
};

/** A client chooses the length of its method and ids. */
const MAX_CHARS = 4000;

interface Line {
  readonly level: LogLevel;
  /** undefined: the gateway itself. */
  readonly server?: string;
  readonly text: string;
}

/** An event sink that writes lines. */
export function createLogger(options: LoggerOptions): Emit {
  const system = RANK[options.system];
  const mcp = RANK[options.mcp];
  return (event) => {
    const line = levelled(event);
    if (RANK[line.level] > (line.server === undefined ? system : mcp)) return;
    const time = new Date(options.wallMs()).toISOString();
    const { length } = line.text;
    const shown = length > MAX_CHARS ? `${line.text.slice(0, MAX_CHARS)}… (${length})` : line.text;
    const text = oneLine(shown);
    options.write(`${time} ${line.level.padEnd(7)} [${line.server ?? "gateway"}] ${text}\n`);
  };
}

/** Clients and children choose parts of it: nothing in them may begin a line or move the cursor. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu, "·");
}

/** What a throw-away process does is of interest only when something is looked for. */
function levelled(event: GatewayEvent): Line {
  const line = lineOf(event);
  const isProbe = "instance" in event && event.instance === "probe";
  return isProbe ? { ...line, level: "DEBUG" } : line;
}

function lineOf(event: GatewayEvent): Line {
  switch (event.kind) {
    case "gateway.notice":
      return { level: event.level, text: event.message };
    case "gateway.listening":
      return { level: "INFO", text: `listening on ${event.url}` };
    case "gateway.stopping":
      return { level: "INFO", text: `stopping: ${event.reason}` };
    case "gateway.stopped":
      return { level: "INFO", text: "stopped" };
    case "instance.state": {
      const level = event.to === "failed" ? "ERROR" : event.to === "backoff" ? "WARNING" : "INFO";
      const text = `${event.instance}: ${event.from} → ${event.to} (${event.cause})`;
      return { level, server: event.server, text };
    }
    case "child.spawned":
      return { level: "DEBUG", server: event.server, text: `${event.instance}: pid ${event.pid}` };
    case "child.exited": {
      const how = event.signal === null ? `code ${event.exitCode}` : event.signal;
      const text = `${event.instance}: pid ${event.pid} ended (${how})`;
      return { level: event.expected ? "DEBUG" : "WARNING", server: event.server, text };
    }
    case "child.stderr":
      return {
        level: "INFO",
        server: event.server,
        text: `${event.instance} stderr: ${event.line}`,
      };
    case "child.noise":
      return {
        level: "WARNING",
        server: event.server,
        text: `${event.instance}: skipped a line on stdout that is no message: ${JSON.stringify(event.sample)}`,
      };
    case "message.dropped":
      return { level: "DEBUG", server: event.server, text: `dropped: ${event.reason}` };
    case "session.opened":
      return {
        level: "INFO",
        server: event.server,
        text: `session ${event.sessionRef} opened (${event.binding})`,
      };
    case "session.closed":
      return {
        level: "INFO",
        server: event.server,
        text: `session ${event.sessionRef} closed: ${event.reason}`,
      };
    case "request.settled": {
      const session = event.sessionRef ?? "none";
      const duration = event.durationMs.toFixed(1);
      const text = `Method: ${event.method}, ID: ${event.id}, SessionID: ${session}, ${event.outcome} in ${duration} ms`;
      return { level: "DEBUG", server: event.server, text };
    }
    case "auth.step": {
      const line: Line = {
        level: event.outcome === "ok" ? "INFO" : "WARNING",
        text: authText(event),
      };
      return event.server === undefined ? line : { ...line, server: event.server };
    }
    case "list.substituted":
      return {
        level: "DEBUG",
        server: event.server,
        text: `${event.method} answered by the gateway: ${event.reason}`,
      };
  }
}

/** Lines wait at most this long for others to be written with them. */
const FLUSH_MS = 50;
/** What a reader that stalls may leave waiting; beyond it lines are dropped and counted. */
const MAX_PENDING = 1024 * 1024;
/** What a reader that stalls may cost at the end. */
const LAST_FLUSH_MS = 500;

/**
 * A writer on stderr that never blocks the caller. `flush` writes what is left, at the end; it
 * resolves to false when nobody takes it in time, and the write that is stuck then keeps the process
 * alive until somebody ends it.
 */
export function createStderrWriter(): {
  write: (text: string) => void;
  flush: () => Promise<boolean>;
} {
  const sink = Bun.stderr.writer();
  let pending: string[] = [];
  let size = 0;
  let dropped = 0;
  let running: Promise<void> | undefined;
  const drainAll = async (): Promise<void> => {
    try {
      while (pending.length > 0) {
        const text = pending.join("");
        pending = [];
        size = 0;
        await sink.write(dropped > 0 ? `${text}… ${dropped} log lines were dropped\n` : text);
        dropped = 0;
        await sink.flush();
      }
    } catch {
      // stderr is closed: there is nowhere left to report that.
      pending = [];
      size = 0;
    }
  };
  const drain = (): Promise<void> => {
    running ??= drainAll().finally(() => {
      running = undefined;
    });
    return running;
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    write: (text) => {
      if (size > MAX_PENDING) {
        dropped++;
        return;
      }
      pending.push(text);
      size += text.length;
      if (timer !== undefined) return;
      timer = setTimeout(() => {
        timer = undefined;
        drain().catch(() => {
          // `drain` handles its own failures.
        });
      }, FLUSH_MS);
      timer.unref();
    },
    flush: () =>
      new Promise((resolve) => {
        const late = setTimeout(() => resolve(false), LAST_FLUSH_MS);
        const finish = (): void => {
          clearTimeout(late);
          resolve(true);
        };
        // Twice: a write that was running took nothing of what came after its start.
        drain().then(drain).then(finish, finish);
      }),
  };
}
