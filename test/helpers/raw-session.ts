/**
 * A session by hand, over either binding of the legacy era: opened, used and ended step by step, with
 * every answer shown as it came.
 */
import {
  del,
  type HttpOptions,
  type Members,
  type Message,
  messageOf,
  notification,
  openGet,
  type OpenResponse,
  openPost,
  post,
  type RawResponse,
  request,
  toolCall,
} from "./raw-http.ts";
import type { SseReader } from "./sse-reader.ts";

/** What the client says of itself in `initialize`. */
export interface ClientFacts {
  readonly revision?: string;
  readonly capabilities?: object;
  readonly name?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const NEWEST_REVISION = "2025-11-25";

/** The request that opens a session. */
export function initializeRequest(facts: ClientFacts = {}, id: string | number = 0): object {
  const { revision = NEWEST_REVISION, capabilities = {}, name = "raw-client" } = facts;
  const clientInfo = { name, version: "1.0.0" };
  return request(id, "initialize", { protocolVersion: revision, capabilities, clientInfo });
}

/** A session over Streamable HTTP. */
export class RawSession {
  readonly url: string;
  readonly id: string;
  readonly revision: string;
  readonly initializeResult: Members;
  readonly #headers: Readonly<Record<string, string>>;
  #nextId = 1;

  /** Initializes and sends `notifications/initialized`. @throws Error when there is no session */
  static async open(url: string, facts: ClientFacts = {}): Promise<RawSession> {
    const headers = facts.headers ?? {};
    const response = await post(url, initializeRequest(facts), { headers });
    const result = response.messages.at(-1)?.result;
    if (response.session === undefined || result === undefined)
      throw new Error(`no session, but ${response.status}: ${response.text}`);
    const session = new RawSession(url, response.session, result, headers);
    const told = await session.post(notification("notifications/initialized"));
    if (told.status !== 202) throw new Error(`initialized: ${told.status} ${told.text}`);
    return session;
  }

  private constructor(
    url: string,
    id: string,
    initializeResult: Members,
    headers: Readonly<Record<string, string>>,
  ) {
    this.url = url;
    this.id = id;
    this.initializeResult = initializeResult;
    this.revision = String(initializeResult["protocolVersion"]);
    this.#headers = headers;
  }

  /** Headers of this session, for a request of the test's own. */
  options(more: HttpOptions = {}): HttpOptions {
    const version = this.revision < "2025-06-18" ? undefined : this.revision;
    return { session: this.id, version, ...more, headers: { ...this.#headers, ...more.headers } };
  }

  /** Posts any message in this session. */
  post(message: unknown, more: HttpOptions = {}): Promise<RawResponse> {
    return post(this.url, message, this.options(more));
  }

  /** Posts any message and leaves the stream of the answer open. */
  openPost(message: unknown, more: HttpOptions = {}): Promise<OpenResponse> {
    return openPost(this.url, message, this.options(more));
  }

  /** Sends a request with a fresh id and returns its response. @throws Error when there is none */
  async request(method: string, params?: object, more: HttpOptions = {}): Promise<Message> {
    const id = this.#nextId++;
    return answerIn(await this.post(request(id, method, params), more), id);
  }

  /** Calls a tool and returns the response. */
  async call(name: string, args: object = {}, meta?: object): Promise<Message> {
    const id = this.#nextId++;
    return answerIn(await this.post(toolCall(id, name, args, meta)), id);
  }

  /** Opens the stand-alone stream, or resumes one after `lastEventId`. */
  async stream(more: HttpOptions = {}): Promise<SseReader> {
    return (await openGet(this.url, this.options(more))).stream;
  }

  /** Ends the session. */
  end(): Promise<RawResponse> {
    return del(this.url, this.options());
  }
}

/** A session over HTTP+SSE, 2024-11-05. */
export class RawSseSession {
  readonly stream: SseReader;
  /** The value of the `endpoint` event, as it came. */
  readonly endpoint: string;
  /** The endpoint, resolved against the URL of the stream. */
  readonly postUrl: string;

  /** Opens the stream and waits for `endpoint`, which must be the first event. */
  static async open(url: string, more: HttpOptions = {}): Promise<RawSseSession> {
    const { stream } = await openGet(url, more);
    const first = await stream.next();
    if (first?.event !== "endpoint" || first.data === undefined) {
      await stream.close();
      throw new Error(`the first event is no endpoint: ${JSON.stringify(first)}`);
    }
    return new RawSseSession(stream, first.data, new URL(first.data, url).href);
  }

  private constructor(stream: SseReader, endpoint: string, postUrl: string) {
    this.stream = stream;
    this.endpoint = endpoint;
    this.postUrl = postUrl;
  }

  /** Posts a message; the answer comes on the stream. */
  post(message: unknown, more: HttpOptions = {}): Promise<RawResponse> {
    return post(this.postUrl, message, more);
  }

  /** The next message on the stream. @throws Error when the stream ends */
  async next(deadlineMs?: number): Promise<Message> {
    return messageOf(await this.stream.find(({ event }) => event === "message", deadlineMs));
  }

  /** Sends a request and returns the message with its id, skipping others. */
  async request(id: string | number, method: string, params?: object): Promise<Message> {
    const posted = await this.post(request(id, method, params));
    if (posted.status !== 202) throw new Error(`not accepted: ${posted.status} ${posted.text}`);
    for (;;) {
      const message = await this.next();
      if (message.id === id && message.method === undefined) return message;
    }
  }

  /** Initializes with revision 2024-11-05 unless another is given. */
  async initialize(facts: ClientFacts = {}): Promise<Members> {
    const opening = initializeRequest({ revision: "2024-11-05", ...facts }, "init");
    await this.post(opening);
    const { result = {} } = await this.next();
    await this.post(notification("notifications/initialized"));
    return result;
  }

  /** Leaves, which ends the session. */
  close(): Promise<void> {
    return this.stream.close();
  }
}

function answerIn(response: RawResponse, id: number): Message {
  const answer = response.messages.find((message) => message.id === id && !message.method);
  if (answer === undefined) throw new Error(`no answer, but ${response.status}: ${response.text}`);
  return answer;
}
