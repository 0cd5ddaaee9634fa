/**
 * Official SDK clients, connected: v1 over Streamable HTTP and over HTTP+SSE, and v2 in the era that
 * is asked for. What the server asks back is answered by the handlers given, and only capabilities
 * with a handler are declared.
 */
import {
  Client as ClientV2,
  SSEClientTransport as SseTransportV2,
  StreamableHTTPClientTransport as HttpTransportV2,
  type VersionNegotiationMode,
} from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CreateMessageRequestSchema,
  type CreateMessageResult,
  ElicitRequestSchema,
  type ElicitResult,
  ListRootsRequestSchema,
  type ListRootsResult,
} from "@modelcontextprotocol/sdk/types.js";

/** What the server asks with; the two SDKs type it each in its own way. */
interface QuestionParams {
  readonly [member: string]: unknown;
}

/** Answers to the server's questions. */
export interface Handlers {
  readonly sampling?: (
    params: QuestionParams,
  ) => CreateMessageResult | Promise<CreateMessageResult>;
  readonly elicitation?: (params: QuestionParams) => ElicitResult | Promise<ElicitResult>;
  readonly roots?: () => ListRootsResult;
}

/** How to connect. */
export interface SdkOptions {
  readonly handlers?: Handlers;
  readonly headers?: Readonly<Record<string, string>>;
  readonly name?: string;
}

const CLIENT_VERSION = "1.0.0";

/** A v1 client over Streamable HTTP, with its transport (session id, termination). */
export async function connectV1(url: string, options: SdkOptions = {}) {
  const client = clientV1(options);
  const requestInit = { headers: { ...options.headers } };
  const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit });
  // The SDK's own types disagree under exactOptionalPropertyTypes (sessionId).
  await client.connect(transport as Transport);
  return { client, transport };
}

/** A v1 client over HTTP+SSE. */
export async function connectV1Sse(url: string, options: SdkOptions = {}) {
  const client = clientV1(options);
  const requestInit = { headers: { ...options.headers } };
  const transport = new SSEClientTransport(new URL(url), { requestInit });
  await client.connect(transport);
  return { client, transport };
}

/** A v2 client over Streamable HTTP: `legacy`, `auto`, or pinned to a modern revision. */
export async function connectV2(
  url: string,
  options: SdkOptions & {
    readonly mode?: VersionNegotiationMode;
    /** HTTP+SSE instead of Streamable HTTP. */
    readonly sse?: boolean;
  } = {},
) {
  const { handlers = {}, name = "sdk-v2", mode = "legacy", headers, sse = false } = options;
  const capabilities = capabilitiesOf(handlers);
  const client = new ClientV2(
    { name, version: CLIENT_VERSION },
    { capabilities, versionNegotiation: { mode } },
  );
  const { sampling, elicitation, roots } = handlers;
  if (sampling !== undefined)
    client.setRequestHandler("sampling/createMessage", ({ params }) => sampling(params));
  if (elicitation !== undefined)
    client.setRequestHandler("elicitation/create", ({ params }) => elicitation(params));
  if (roots !== undefined) client.setRequestHandler("roots/list", () => roots());
  const requestInit = { headers: { ...headers } };
  const Binding = sse ? SseTransportV2 : HttpTransportV2;
  const transport = new Binding(new URL(url), { requestInit });
  await client.connect(transport);
  return { client, transport };
}

/** The first text of what `callTool` of any client returned; undefined when there is none. */
export function textOfResult(result: { readonly [member: string]: unknown }): string | undefined {
  const { content } = result;
  const first: unknown = Array.isArray(content) ? content[0] : undefined;
  const isText = typeof first === "object" && first !== null && "text" in first;
  return isText && typeof first.text === "string" ? first.text : undefined;
}

function clientV1({ handlers = {}, name = "sdk-v1" }: SdkOptions): ClientV1 {
  const capabilities = capabilitiesOf(handlers);
  const client = new ClientV1({ name, version: CLIENT_VERSION }, { capabilities });
  const { sampling, elicitation, roots } = handlers;
  if (sampling !== undefined)
    client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => sampling(params));
  if (elicitation !== undefined)
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => elicitation(params));
  if (roots !== undefined) client.setRequestHandler(ListRootsRequestSchema, () => roots());
  return client;
}

function capabilitiesOf({ sampling, elicitation, roots }: Handlers) {
  return {
    ...(sampling === undefined ? {} : { sampling: {} }),
    ...(elicitation === undefined ? {} : { elicitation: {} }),
    ...(roots === undefined ? {} : { roots: { listChanged: true } }),
  };
}
