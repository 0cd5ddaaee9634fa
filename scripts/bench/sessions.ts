/**
 * Sessions of the three bindings, each with as many connections as calls are in flight. Every answer
 * is checked: whose it is, its id, and its text.
 */
import { Connection, type Answer } from "./connection.ts";
import { EventStream } from "./event-stream.ts";

export type Binding = "streamable" | "sse" | "modern";

export interface Target {
  readonly port: number;
  readonly path: string;
  readonly binding: Binding;
  readonly headers: Readonly<Record<string, string>>;
}

/** A tool call and the text that it must give. */
export interface Call {
  readonly tool: "echo" | "sleep" | "big";
  readonly text: string;
  readonly extra?: string;
  readonly expected?: string;
}

export interface Session {
  /** Makes a call on lane `lane`. @throws Error when the answer is not the one of this call */
  call(call: Call, lane?: number): Promise<void>;
  /** Opens the stand-alone stream, where the binding has one. */
  listen(): Promise<void>;
  /** Reads nothing more of what answers come on. */
  stall(): void;
  close(): void;
}

const ANSWER_DEADLINE_MS = 60_000;
const MODERN = "2026-07-28";
const LEGACY = "2025-11-25";
let sessions = 0;

/** Opens a session with `lanes` connections. */
export async function openSession(target: Target, lanes = 1): Promise<Session> {
  const owner = ++sessions;
  switch (target.binding) {
    case "streamable":
      return HttpSession.open(target, owner, await connect(target, lanes));
    case "modern":
      return HttpSession.openModern(target, owner, await connect(target, lanes));
    case "sse":
      return SseSession.open(target, owner, lanes);
  }
}

/** Connections for sessions that share them. */
export function connect({ port }: Target, count: number): Promise<readonly Connection[]> {
  return Promise.all(Array.from({ length: count }, () => Connection.open(port)));
}

/** Opens a session of Streamable HTTP on connections that it does not own. */
export function openOn(target: Target, lanes: readonly Connection[]): Promise<Session> {
  return HttpSession.open(target, ++sessions, lanes);
}

/** The bytes of a POST. */
export function post(target: Target, path: string, headers: string, body: string | Buffer): Buffer {
  const length = Buffer.byteLength(body);
  const own = Object.entries(target.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n${own.join("")}${headers}Content-Length: ${length}\r\n\r\n`;
  return typeof body === "string"
    ? Buffer.from(head + body)
    : Buffer.concat([Buffer.from(head), body]);
}

function bodyOf(id: number, { tool, text, extra = "" }: Call, meta: string): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${tool}","arguments":{${extra}"text":"${text}"}${meta}}}`;
}

/** @throws Error when this is not the answer to that call */
function verify(body: Buffer, id: number, { text, expected = text }: Call): void {
  const at = body.indexOf(expected === "" ? '"result"' : `"${expected}"`);
  const idAt = body.indexOf(`"id":${id}`);
  const after = body[idAt + 5 + String(id).length];
  if (at >= 0 && idAt >= 0 && (after === 0x2c || after === 0x7d)) return;
  throw new Error(`wrong answer to ${id}: ${body.toString("utf8", 0, 200)}`);
}

function withDeadline<Value>(promise: Promise<Value>): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), ANSWER_DEADLINE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

class HttpSession implements Session {
  readonly #target: Target;
  readonly #owner: number;
  readonly #lanes: readonly Connection[];
  readonly #headers: string;
  readonly #meta: string;
  #stream: Connection | undefined;
  #next = 1;

  private constructor(
    target: Target,
    owner: number,
    rest: {
      readonly lanes: readonly Connection[];
      readonly headers: string;
      readonly meta: string;
    },
  ) {
    this.#target = target;
    this.#owner = owner;
    this.#lanes = rest.lanes;
    this.#headers = rest.headers;
    this.#meta = rest.meta;
  }

  static async open(
    target: Target,
    owner: number,
    lanes: readonly Connection[],
  ): Promise<HttpSession> {
    const [first] = lanes;
    if (first === undefined) throw new Error("no lane");
    const params = {
      protocolVersion: LEGACY,
      capabilities: {},
      clientInfo: { name: "bench", version: "1" },
    };
    const opening = JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params });
    const answer = await withDeadline(first.request(post(target, target.path, "", opening)));
    if (answer.status !== 200)
      throw new Error(`initialize: ${answer.status} ${answer.body.toString("utf8", 0, 200)}`);
    const id = /\r\nmcp-session-id: *(\S+)/i.exec(answer.head)?.[1];
    const headers = `${id === undefined ? "" : `Mcp-Session-Id: ${id}\r\n`}MCP-Protocol-Version: ${LEGACY}\r\n`;
    const done = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
    await withDeadline(first.request(post(target, target.path, headers, done)));
    return new HttpSession(target, owner, { lanes, headers, meta: "" });
  }

  static openModern(target: Target, owner: number, lanes: readonly Connection[]): HttpSession {
    const prefix = "io.modelcontextprotocol/";
    const meta = {
      [`${prefix}protocolVersion`]: MODERN,
      [`${prefix}clientInfo`]: { name: "bench", version: "1" },
      [`${prefix}clientCapabilities`]: {},
    };
    return new HttpSession(target, owner, {
      lanes,
      headers: `MCP-Protocol-Version: ${MODERN}\r\nMcp-Method: tools/call\r\n`,
      meta: `,"_meta":${JSON.stringify(meta)}`,
    });
  }

  async call(call: Call, lane = 0): Promise<void> {
    const id = this.#owner * 1_000_000 + this.#next++;
    const connection = this.#lanes[lane];
    if (connection === undefined) throw new Error("no such lane");
    const name = this.#meta === "" ? "" : `Mcp-Name: ${call.tool}\r\n`;
    const body = bodyOf(id, call, this.#meta);
    const bytes = post(this.#target, this.#target.path, this.#headers + name, body);
    const answer: Answer = await connection.request(bytes);
    if (answer.status !== 200)
      throw new Error(`${answer.status} ${answer.body.toString("utf8", 0, 200)}`);
    verify(answer.body, id, call);
  }

  async listen(): Promise<void> {
    const own = Object.entries(this.#target.headers).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    const head = `GET ${this.#target.path} HTTP/1.1\r\nHost: 127.0.0.1:${this.#target.port}\r\nAccept: text/event-stream\r\n${own.join("")}${this.#headers}\r\n`;
    const stream = await Connection.open(this.#target.port);
    this.#stream = stream;
    const { status } = await withDeadline(stream.stream(Buffer.from(head), () => {}));
    if (status !== 200) throw new Error(`listen: ${status}`);
  }

  stall(): void {
    for (const lane of this.#lanes) lane.pause();
  }

  close(): void {
    this.#stream?.close();
    for (const lane of this.#lanes) lane.close();
  }
}

class SseSession implements Session {
  readonly #waiting = new Map<
    number,
    { readonly call: Call; readonly resolve: () => void; readonly reject: (error: Error) => void }
  >();
  readonly #target: Target;
  readonly #owner: number;
  readonly #stream: Connection;
  #lanes: readonly Connection[] = [];
  #endpoint = "";
  #next = 1;
  #opened: (() => void) | undefined;

  private constructor(target: Target, owner: number, stream: Connection) {
    this.#target = target;
    this.#owner = owner;
    this.#stream = stream;
  }

  static async open(target: Target, owner: number, count: number): Promise<SseSession> {
    const stream = await Connection.open(target.port);
    const self = new SseSession(target, owner, stream);
    const opened = new Promise<void>((resolve) => {
      self.#opened = resolve;
    });
    const events = new EventStream((data) => self.#take(data));
    const own = Object.entries(target.headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `GET ${target.path} HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\nAccept: text/event-stream\r\n${own.join("")}\r\n`;
    await withDeadline(stream.stream(Buffer.from(head), (bytes) => events.push(bytes)));
    await withDeadline(opened);
    self.#lanes = await Promise.all(
      Array.from({ length: count }, () => Connection.open(target.port)),
    );
    const params =
      '{"protocolVersion":"2024-11-05","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}';
    await self.#send(0, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":${params}}`, {
      tool: "echo",
      text: "",
    });
    await self.#lanes[0]?.request(
      post(target, self.#endpoint, "", '{"jsonrpc":"2.0","method":"notifications/initialized"}'),
    );
    return self;
  }

  call(call: Call, lane = 0): Promise<void> {
    const id = this.#owner * 1_000_000 + this.#next++;
    return this.#send(id, bodyOf(id, call, ""), call, lane);
  }

  async #send(id: number, body: string, call: Call, lane = 0): Promise<void> {
    const answered = new Promise<void>((resolve, reject) =>
      this.#waiting.set(id, { call, resolve, reject }),
    );
    const accepted = this.#lanes[lane]?.request(post(this.#target, this.#endpoint, "", body));
    await Promise.all([answered, accepted]);
  }

  #take(data: Buffer): void {
    if (this.#endpoint === "") {
      const text = data.toString();
      this.#endpoint = text.startsWith("http") ? text.replace(/^https?:\/\/[^/]+/, "") : text;
      this.#opened?.();
      return;
    }
    const around =
      data.length < 400
        ? data.toString()
        : data.toString("latin1", 0, 120) + data.toString("latin1", data.length - 60);
    const id = Number(/"id":(\d+)[,}]/.exec(around)?.[1]);
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    try {
      verify(data, id, waiting.call);
      waiting.resolve();
    } catch (error) {
      waiting.reject(error as Error);
    }
  }

  async listen(): Promise<void> {
    // The stream of this binding is open from the start.
  }

  stall(): void {
    this.#stream.pause();
  }

  close(): void {
    for (const { reject } of this.#waiting.values()) reject(new Error("the session was closed"));
    this.#waiting.clear();
    this.#stream.close();
    for (const lane of this.#lanes) lane.close();
  }
}
