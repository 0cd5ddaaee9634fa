/**
 * MCP over HTTP by hand: every header and every byte is the test's own, and what comes back is shown
 * as it came. No SDK, and nothing of the program under test.
 */
import { parseSse, SseReader, type SseEvent } from "./sse-reader.ts";
import { SOON_MS } from "./wait.ts";

/** Members of a peer's message. `any`, because tests dig into them and a wrong shape fails the expectation. */
export type Members = Record<string, any>;

/** A JSON-RPC message as it came. */
export interface Message {
  readonly jsonrpc: string;
  readonly id?: string | number | null;
  readonly method?: string;
  readonly params?: Members;
  readonly result?: Members;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: Members };
}

/** What a test says about one HTTP request; `null` leaves a header out that would be there. */
export interface HttpOptions {
  readonly session?: string | undefined;
  /** `MCP-Protocol-Version`. */
  readonly version?: string | undefined;
  readonly accept?: string | null | undefined;
  readonly contentType?: string | null | undefined;
  readonly lastEventId?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly deadlineMs?: number | undefined;
}

/** A response that was read to its end. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown;
  /** The body's events; empty when it is no event stream. */
  readonly events: readonly SseEvent[];
  /** The messages of the body, from JSON (also an array) or events. */
  readonly messages: readonly Message[];
  /** `Mcp-Session-Id`. */
  readonly session: string | undefined;
}

/** A response whose body is still coming. */
export interface OpenResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly stream: SseReader;
}

const BOTH_TYPES = "application/json, text/event-stream";

/** A request with this id. */
export function request(id: string | number, method: string, params?: object): object {
  return { jsonrpc: "2.0", id, method, ...(params === undefined ? {} : { params }) };
}

/** A call of a tool, with `_meta` when it is given. */
export function toolCall(id: string | number, name: string, args: object = {}, meta?: object) {
  const params = { name, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) };
  return request(id, "tools/call", params);
}

/** A notification. */
export function notification(method: string, params?: object): object {
  return { jsonrpc: "2.0", method, ...(params === undefined ? {} : { params }) };
}

/** The first text of a tool's result; undefined when there is none. */
export function textOf(message: Message | undefined): string | undefined {
  return message?.result?.["content"]?.[0]?.text;
}

/** The first text of a tool's result, read as JSON. */
export function jsonOf(message: Message | undefined): Members {
  const text = textOf(message);
  if (text === undefined) throw new Error(`no text in ${JSON.stringify(message)}`);
  return JSON.parse(text) as Members;
}

/** Posts a message (an object, an array, or text as it is) and reads the answer to its end. */
export async function post(
  url: string,
  message: unknown,
  options: HttpOptions = {},
): Promise<RawResponse> {
  return read(await fetch(url, postInit(message, options)));
}

/** Posts a message and leaves the answer's stream open. @throws Error when it is no stream */
export async function openPost(
  url: string,
  message: unknown,
  options: HttpOptions = {},
): Promise<OpenResponse> {
  return open(await fetch(url, postInit(message, options)));
}

/** GET of an event stream; leaves it open. @throws Error when it is no stream */
export async function openGet(url: string, options: HttpOptions = {}): Promise<OpenResponse> {
  return open(await fetch(url, getInit(options)));
}

/** GET, read to its end: for answers that are no streams. */
export async function get(url: string, options: HttpOptions = {}): Promise<RawResponse> {
  return read(await fetch(url, { ...getInit(options), signal: deadline(options) }));
}

/** DELETE of a session. */
export async function del(url: string, options: HttpOptions = {}): Promise<RawResponse> {
  const headers = headersOf({ accept: null, ...options });
  return read(await fetch(url, { method: "DELETE", headers, signal: deadline(options) }));
}

/** Reads a response to its end. */
export async function read(response: Response): Promise<RawResponse> {
  const { status, headers } = response;
  const text = await response.text();
  const isStream = headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  const events = isStream ? parseSse(text) : [];
  const json = isStream ? undefined : parseOrNothing(text);
  const messages = isStream
    ? events.filter(({ data }) => data !== undefined && data !== "").map(messageOf)
    : json === undefined
      ? []
      : ([json].flat() as Message[]);
  const session = headers.get("mcp-session-id") ?? undefined;
  return { status, headers, text, json, events, messages, session };
}

/** The message in an event's data. */
export function messageOf(event: SseEvent): Message {
  return JSON.parse(event.data ?? "") as Message;
}

async function open(response: Response): Promise<OpenResponse> {
  const { status, headers, body } = response;
  const isStream = headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  if (!isStream || body === null) {
    const text = await response.text();
    throw new Error(`no event stream, but ${status} ${headers.get("content-type")}: ${text}`);
  }
  return { status, headers, stream: new SseReader(body) };
}

function postInit(message: unknown, options: HttpOptions): RequestInit {
  const body = typeof message === "string" ? message : JSON.stringify(message);
  const headers = headersOf({ contentType: "application/json", accept: BOTH_TYPES, ...options });
  return { method: "POST", headers, body, signal: deadline(options), redirect: "manual" };
}

function getInit(options: HttpOptions): RequestInit {
  const { signal } = options;
  const headers = headersOf({ accept: "text/event-stream", ...options });
  return { headers, redirect: "manual", ...(signal === undefined ? {} : { signal }) };
}

/** Streams have deadlines where they are read; a request as a whole has this one. */
function deadline({ signal, deadlineMs = 6 * SOON_MS }: HttpOptions): AbortSignal {
  const timeout = AbortSignal.timeout(deadlineMs);
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}

function headersOf(options: HttpOptions): Headers {
  const headers = new Headers();
  const set = (name: string, value: string | null | undefined): void => {
    if (typeof value === "string") headers.set(name, value);
  };
  set("accept", options.accept);
  set("content-type", options.contentType);
  set("mcp-session-id", options.session);
  set("mcp-protocol-version", options.version);
  set("last-event-id", options.lastEventId);
  for (const [name, value] of Object.entries(options.headers ?? {})) set(name, value);
  return headers;
}

function parseOrNothing(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // no JSON, which the caller sees
  }
}
