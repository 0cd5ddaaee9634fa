/**
 * A client of 2026-07-28 by hand: one POST for each request, with its envelope in `_meta` and the
 * headers that repeat parts of the body. A test may leave out or forge any of them. No SDK, and
 * nothing of the program under test.
 */
import {
  type HttpOptions,
  type Members,
  type Message,
  messageOf,
  openPost,
  post,
  type RawResponse,
  request,
} from "./raw-http.ts";
import type { SseReader } from "./sse-reader.ts";

/** The revision that the client speaks. */
export const MODERN_REVISION = "2026-07-28";
/** What reserved keys of `_meta` begin with. */
export const META = "io.modelcontextprotocol/";
/** The mark of a listen's messages. */
export const SUBSCRIPTION_ID = `${META}subscriptionId`;

/** What a client that can be asked everything declares. */
export const ASKABLE = { elicitation: { form: {}, url: {} }, sampling: {} } as const;
/** A person's name, as the answer to a form. */
export const ADA = { action: "accept", content: { name: "Ada" } } as const;

/** What a request says of its client. */
export interface Envelope {
  readonly capabilities?: object;
  readonly logLevel?: string;
  readonly progressToken?: string | number;
  readonly version?: string;
  /** Further members of `_meta`. */
  readonly meta?: object;
}

/** How a request is posted: with its own headers, but for those given; null leaves one out. */
export interface ModernOptions extends Omit<HttpOptions, "version" | "headers"> {
  readonly version?: string | null;
  readonly method?: string | null;
  readonly name?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request of the modern era as a body. */
export interface ModernBody extends Message {
  readonly method: string;
  readonly params: Members;
}

/** A request with its envelope. */
export function modernRequest(
  id: string | number,
  method: string,
  params: object = {},
  envelope: Envelope = {},
): ModernBody {
  const { capabilities = {}, logLevel, progressToken, version = MODERN_REVISION } = envelope;
  const meta = {
    [`${META}protocolVersion`]: version,
    [`${META}clientCapabilities`]: capabilities,
    [`${META}clientInfo`]: { name: "raw-modern", version: "1.0.0" },
    ...(logLevel === undefined ? {} : { [`${META}logLevel`]: logLevel }),
    ...(progressToken === undefined ? {} : { progressToken }),
    ...envelope.meta,
  };
  return request(id, method, { ...params, _meta: meta }) as ModernBody;
}

/** A call of a tool with its envelope. */
export function modernCall(
  id: string | number,
  name: string,
  args: object = {},
  envelope: Envelope = {},
): ModernBody {
  return modernRequest(id, "tools/call", { name, arguments: args }, envelope);
}

/** Posts a request and reads the answer to its end. */
export function postModern(
  url: string,
  body: ModernBody,
  options: ModernOptions = {},
): Promise<RawResponse> {
  return post(url, body, httpOptions(body, options));
}

/** Posts a request and leaves the stream of the answer open. @throws Error when it is no stream */
export async function openModern(
  url: string,
  body: ModernBody,
  options: ModernOptions = {},
): Promise<SseReader> {
  return (await openPost(url, body, httpOptions(body, options))).stream;
}

/** An answer with its HTTP status; `before` has what came on the stream ahead of it. */
export interface ModernAnswer {
  readonly status: number;
  readonly message: Message;
  readonly result: Members;
  readonly before: readonly Message[];
}

/** A modern client of one server; what it declares goes with each request. */
export class ModernClient {
  readonly url: string;
  readonly #capabilities: object;
  #nextId = 1;

  constructor(url: string, capabilities: object = {}) {
    this.url = url;
    this.#capabilities = capabilities;
  }

  /** A body under a fresh id, for a test that posts it by itself. */
  body(method: string, params: object = {}, envelope: Envelope = {}): ModernBody {
    const id = `m${this.#nextId++}`;
    return modernRequest(id, method, params, { capabilities: this.#capabilities, ...envelope });
  }

  /** Posts a request and returns its answer. @throws Error when there is none */
  async request(
    method: string,
    params: object = {},
    envelope: Envelope = {},
    options: ModernOptions = {},
  ): Promise<ModernAnswer> {
    const body = this.body(method, params, envelope);
    const response = await postModern(this.url, body, options);
    const { status, messages } = response;
    const message = messages.find((one) => one.id === body.id && one.method === undefined);
    if (message === undefined) throw new Error(`no answer, but ${status}: ${response.text}`);
    const before = messages.slice(0, messages.indexOf(message));
    return { status, message, result: message.result ?? {}, before };
  }

  /** Calls a tool. */
  call(
    name: string,
    args: object = {},
    envelope: Envelope = {},
    options: ModernOptions = {},
  ): Promise<ModernAnswer> {
    return this.request("tools/call", { name, arguments: args }, envelope, options);
  }

  /** Makes a call again with answers by key, and with the state that `asked` gave. */
  retry(
    name: string,
    args: object,
    asked: ModernAnswer,
    inputResponses: object | undefined,
    envelope: Envelope = {},
  ): Promise<ModernAnswer> {
    return this.again("tools/call", { name, arguments: args }, asked, inputResponses, envelope);
  }

  /** The same for any method. */
  again(
    method: string,
    params: object,
    asked: ModernAnswer,
    inputResponses: object | undefined,
    envelope: Envelope = {},
  ): Promise<ModernAnswer> {
    const { requestState } = asked.result;
    const state = requestState === undefined ? {} : { requestState: requestState as unknown };
    const answers = inputResponses === undefined ? {} : { inputResponses };
    return this.request(method, { ...params, ...answers, ...state }, envelope);
  }

  /** Opens a listen under an id and returns it after its first message, which must be the promise. */
  async listen(id: string | number, notifications: object): Promise<Listening> {
    const envelope = { capabilities: this.#capabilities };
    const body = modernRequest(id, "subscriptions/listen", { notifications }, envelope);
    const stream = await openModern(this.url, body);
    return { stream, acknowledged: await nextMessage(stream) };
  }
}

/** An open listen. */
export interface Listening {
  readonly stream: SseReader;
  /** The first message of the stream, whatever it is. */
  readonly acknowledged: Message;
}

/** The next message of a stream. @throws Error when it ends before */
export async function nextMessage(stream: SseReader, deadlineMs?: number): Promise<Message> {
  return messageOf(await stream.find(({ data }) => (data ?? "") !== "", deadlineMs));
}

/** The questions of an `input_required` result, by key. @throws Error for any other answer */
export function questionsOf(answer: ModernAnswer): Readonly<Record<string, Members>> {
  const { status, message, result } = answer;
  if (status !== 200 || result["resultType"] !== "input_required")
    throw new Error(`nothing is asked, but ${status}: ${JSON.stringify(message)}`);
  return (result["inputRequests"] ?? {}) as Record<string, Members>;
}

/** The same answer to each question of a result. */
export function answersTo(
  answer: ModernAnswer,
  response: (question: Members) => object = () => ADA,
): Record<string, object> {
  const questions = Object.entries(questionsOf(answer));
  return Object.fromEntries(questions.map(([key, question]) => [key, response(question)]));
}

/** The first text of a tool's result. */
export function wordsOf({ result }: ModernAnswer): string | undefined {
  return result["content"]?.[0]?.text as string | undefined;
}

/** The first text of a tool's result, read as JSON. @throws Error when there is none */
export function shownBy(answer: ModernAnswer): Members {
  const words = wordsOf(answer);
  if (words === undefined)
    throw new Error(`no text, but ${answer.status}: ${JSON.stringify(answer.message)}`);
  return JSON.parse(words) as Members;
}

/** Messages that reached the child, as its tool `seen` tells. */
export async function seenBy(client: ModernClient): Promise<readonly Message[]> {
  const lines = shownBy(await client.call("seen")) as unknown as readonly string[];
  return lines.map((line) => JSON.parse(line) as Message);
}

function httpOptions(body: ModernBody, options: ModernOptions): HttpOptions {
  const { version, method, name, headers, ...rest } = options;
  const { params } = body;
  const claim: unknown = params["_meta"]?.[`${META}protocolVersion`];
  const own: Record<string, string | null | undefined> = {
    "mcp-method": method === undefined ? body.method : method,
    "mcp-name": name === undefined ? nameIn(body) : name,
  };
  const set = Object.entries(own).filter((entry): entry is [string, string] => entry[1] != null);
  const given = version === undefined ? String(claim) : version;
  return {
    ...rest,
    ...(given === null ? {} : { version: given }),
    headers: { ...Object.fromEntries(set), ...headers },
  };
}

function nameIn({ method, params }: ModernBody): string | undefined {
  const named = method === "resources/read" ? params["uri"] : params["name"];
  const hasName = ["tools/call", "prompts/get", "resources/read"].includes(method);
  return hasName && typeof named === "string" ? named : undefined;
}
