/**
 * Pure. From an event to what is said about it: level, server, words, and the facts as fields for
 * the JSON form. Whoever chooses a part of it, it stays one line and holds no secret.
 */
import type { GatewayEvent, LogLevel } from "../kernel/event.ts";
import type { Redact } from "../kernel/redact.ts";
import { authFields, authText } from "./auth-text.ts";
import { isKnownMethod } from "./method-class.ts";
import { healthFields, healthLevel, healthText } from "./health-text.ts";

/** Facts of a line beside its words. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** What is said about one event. */
export interface LogLine {
  readonly timeMs: number;
  readonly level: LogLevel;
  /** The server's slug; undefined for the gateway itself. */
  readonly server: string | undefined;
  readonly event: GatewayEvent["kind"];
  readonly text: string;
  /** For the JSON form; undefined where the log is text. */
  readonly fields: LogFields | undefined;
}

/** Levels by gravity, the gravest first. */
export const LEVEL_RANK: Readonly<Record<LogLevel, number>> = {
  ERROR: 0,
  WARNING: 1,
  INFO: 2,
  DEBUG: 3,
  TRACE: 4,
};

/** Labels of processes that serve nobody: the one that finds out the era, the one that installs. */
const THROW_AWAY: ReadonlySet<string> = new Set(["probe", "install"]);
/** A client chooses the length of its method and ids. */
const MAX_CHARS = 4000;
const MAX_FIELD_CHARS = 400;

/** The line of an event, redacted and cut; its fields only where somebody wants them. */
export function lineOf(
  event: GatewayEvent,
  timeMs: number,
  redact: Redact,
  wantsFields: boolean,
): LogLine {
  const fields = wantsFields ? fieldsOf(event) : undefined;
  const isRequest = event.kind === "request.settled";
  return {
    timeMs,
    level: levelOf(event),
    server: serverOf(event),
    event: event.kind,
    text: isRequest ? requestText(event, redact) : plain(redact(textOf(event)), MAX_CHARS),
    fields: fields === undefined ? undefined : cleanFields(fields, redact),
  };
}

/** The server that an event is about; undefined for the gateway itself. */
export function serverOf(event: GatewayEvent): string | undefined {
  return "server" in event ? event.server : undefined;
}

/** How grave an event is. What a throw-away process does is of interest only when something is looked for. */
export function levelOf(event: GatewayEvent): LogLevel {
  if ("instance" in event && THROW_AWAY.has(event.instance)) return "DEBUG";
  switch (event.kind) {
    case "gateway.notice":
      return event.level;
    case "gateway.listening":
    case "gateway.stopping":
    case "gateway.stopped":
    case "session.opened":
    case "session.closed":
    case "child.stderr":
      return "INFO";
    case "instance.state":
      return event.to === "failed" ? "ERROR" : event.to === "backoff" ? "WARNING" : "INFO";
    case "child.exited":
      return event.expected ? "DEBUG" : "WARNING";
    case "child.noise":
      return "WARNING";
    case "request.settled":
      if (event.outcome === "failed") return "WARNING";
      // Some clients ping every few seconds.
      return event.method === "ping" ? "DEBUG" : "INFO";
    case "auth.step":
      return event.outcome === "ok" ? "INFO" : "WARNING";
    case "instance.probed":
    case "resources.sampled":
    case "resources.summary":
    case "alert.raised":
    case "alert.cleared":
      return healthLevel(event);
    case "message.body":
      return "TRACE";
    case "webhook.sent":
    case "child.spawned":
    case "message.dropped":
    case "list.substituted":
      return "DEBUG";
  }
}

function textOf(event: GatewayEvent): string {
  switch (event.kind) {
    case "gateway.notice":
      return event.message;
    case "gateway.listening":
      return `listening on ${event.url}`;
    case "gateway.stopping":
      return `stopping: ${event.reason}`;
    case "gateway.stopped":
      return "stopped";
    case "instance.state":
      return `${event.instance}: ${event.from} → ${event.to} (${event.cause})`;
    case "child.spawned":
      return `${event.instance}: pid ${event.pid}`;
    case "child.exited": {
      const how = event.signal === null ? `code ${event.exitCode}` : event.signal;
      return `${event.instance}: pid ${event.pid} ended (${how})`;
    }
    case "child.stderr":
      return `${event.instance} stderr: ${event.line}`;
    case "child.noise":
      return `${event.instance}: skipped ${event.count === 1 ? "a line" : `${event.count} lines`} on stdout that ${event.count === 1 ? "is no message" : "are no messages, such as"}: ${JSON.stringify(event.sample)}`;
    case "webhook.sent":
      return `webhook: a message (servers: ${event.servers}) was ${event.outcome === "delivered" ? "delivered" : "given up"}`;
    case "message.body":
      return `${event.instance} ${event.direction}: ${event.text}`;
    case "message.dropped":
      return `dropped${(event.count ?? 1) > 1 ? ` ${event.count}` : ""}: ${event.reason}`;
    case "session.opened":
      return `session ${event.sessionRef} opened (${event.binding})`;
    case "session.closed":
      return `session ${event.sessionRef} closed: ${event.reason}`;
    case "request.settled":
      return requestText(event, (text) => text);
    case "auth.step":
      return authText(event);
    case "instance.probed":
    case "resources.sampled":
    case "resources.summary":
    case "alert.raised":
    case "alert.cleared":
      return healthText(event);
    case "list.substituted":
      return `${event.method} answered by the gateway: ${event.reason}`;
  }
}

const NUMBER = /^\d{1,16}$/;
/** Everybody, without authentication: not worth a word in each line. */
const NOBODY = "local";

/** There is one for each request: only what its client has made up is looked at closely. */
function requestText(
  event: Extract<GatewayEvent, { kind: "request.settled" }>,
  redact: Redact,
): string {
  const { sessionRef = "none", era, outcome, durationMs } = event;
  const method = isKnownMethod(event.method) ? event.method : clean(event.method, redact);
  const id = NUMBER.test(event.id) ? event.id : clean(event.id, redact);
  const { user, tool } = event;
  const who =
    user === undefined || user === NOBODY ? "" : `User: ${cleaned("user", user, redact)}, `;
  const what = tool === undefined ? "" : `Tool: ${cleaned("tool", tool, redact)}, `;
  return `Method: ${method}, ID: ${id}, SessionID: ${sessionRef}, Era: ${era}, ${who}${what}${outcome} in ${oneDecimal(durationMs)} ms`;
}

function clean(text: string, redact: Redact): string {
  return plain(redact(text), MAX_FIELD_CHARS);
}

/** Names of people and tools come again and again; a redactor's answers go with it. */
const CLEANED = new WeakMap<Redact, Map<string, string>>();
const MAX_CLEANED = 500;
const MAX_CLEANED_CHARS = 200;

function cleaned(kind: "user" | "tool", text: string, redact: Redact): string {
  let known = CLEANED.get(redact);
  if (known === undefined) {
    known = new Map();
    CLEANED.set(redact, known);
  }
  const key = `${kind} ${text}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const answer = clean(kind === "tool" ? JSON.stringify(text) : text, redact);
  if (known.size >= MAX_CLEANED) known.clear();
  if (text.length <= MAX_CLEANED_CHARS) known.set(key, answer);
  return answer;
}

/** As `toFixed(1)`, which takes longer than the rest of the line. */
function oneDecimal(value: number): string {
  const tenths = Math.round(value * 10);
  return `${(tenths - (tenths % 10)) / 10}.${tenths % 10}`;
}

/** What a program wants to search and count by; the rest is in the words. */
function fieldsOf(event: GatewayEvent): LogFields | undefined {
  switch (event.kind) {
    case "instance.state": {
      const { instance, from, to, cause, why } = event;
      return { instance, from, to, cause, why: why.kind };
    }
    case "child.spawned":
      return { instance: event.instance, pid: event.pid };
    case "child.exited": {
      const { instance, pid, exitCode, signal, expected } = event;
      return { instance, pid, exitCode, signal, expected };
    }
    case "child.stderr":
    case "child.noise":
      return { instance: event.instance };
    case "session.opened":
      return { session: event.sessionRef, binding: event.binding };
    case "session.closed":
      return { session: event.sessionRef, reason: event.reason };
    case "request.settled": {
      const { method, id, sessionRef, era, outcome, durationMs } = event;
      const rounded = Math.round(durationMs * 1000) / 1000;
      const { user, tool } = event;
      const who = {
        ...(user === undefined ? {} : { user }),
        ...(tool === undefined ? {} : { tool }),
      };
      return { method, id, session: sessionRef ?? null, ...who, era, outcome, durationMs: rounded };
    }
    case "auth.step":
      return authFields(event);
    case "instance.probed":
    case "resources.sampled":
    case "resources.summary":
    case "alert.raised":
    case "alert.cleared":
      return healthFields(event);
    default:
      return undefined;
  }
}

function cleanFields(fields: LogFields, redact: Redact): LogFields {
  const clean: Record<string, string | number | boolean | null> = {};
  for (const [key, value] of Object.entries(fields)) {
    clean[key] = typeof value === "string" ? plain(redact(value), MAX_FIELD_CHARS) : value;
  }
  return clean;
}

/** Most lines. */
const PLAIN = /^[\x20-\x7e]*$/;
const UNSAFE = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu;

/** Clients and children choose parts of it: nothing in them may begin a line or move the cursor. */
function plain(text: string, maxChars: number): string {
  const { length } = text;
  const shown = length > maxChars ? `${text.slice(0, maxChars)}… (${length})` : text;
  return PLAIN.test(shown) ? shown : shown.replace(UNSAFE, "·");
}
