/**
 * The official SDK clients behind one face: every generation and binding that people connect with.
 */
import { connectV1, connectV1Sse, connectV2, type SdkOptions } from "../../helpers/sdk.ts";

const MODERN = "2026-07-28";

/** Anything with members. */
export type Shape = Readonly<Record<string, unknown>>;

/** What the clients of both generations have in common. */
export interface AnyClient {
  ping(): Promise<unknown>;
  listTools(): Promise<{ readonly tools: readonly { readonly name: string }[] }>;
  callTool(
    params: { name: string; arguments?: Record<string, unknown> },
    // The two generations differ in what stands second; tests pass options by `callWithProgress`.
    ...rest: never[]
  ): Promise<Shape>;
  listResources(): Promise<{ readonly resources: readonly { readonly uri: string }[] }>;
  listResourceTemplates(): Promise<{ readonly resourceTemplates: readonly Shape[] }>;
  readResource(params: { uri: string }): Promise<{ readonly contents: readonly Shape[] }>;
  listPrompts(): Promise<{ readonly prompts: readonly { readonly name: string }[] }>;
  getPrompt(params: {
    name: string;
    arguments?: Record<string, string>;
  }): Promise<{ readonly messages: readonly Shape[] }>;
  complete(params: {
    ref: { type: "ref/prompt"; name: string };
    argument: { name: string; value: string };
  }): Promise<{ readonly completion: { readonly values: readonly string[] } }>;
  setLoggingLevel(level: "debug"): Promise<unknown>;
  getServerVersion(): { readonly name: string } | undefined;
  close(): Promise<void>;
}

/** One way to connect. */
export interface Connector {
  /** It speaks 2026-07-28, where there is no ping and no log level of a session. */
  readonly isModern?: boolean;
  readonly name: string;
  readonly connect: (url: UrlOf, server: string, options?: SdkOptions) => Promise<AnyClient>;
  /** Calls a tool and returns the result with the progress that was reported. */
  readonly callWithProgress: (
    client: AnyClient,
    params: { name: string; arguments: Record<string, unknown> },
    onprogress: (progress: Shape) => void,
  ) => Promise<Shape>;
}

/** The URLs of a running gateway. */
export interface UrlOf {
  mcp(server: string): string;
  sse(server: string): string;
}

type Connected = Awaited<ReturnType<typeof connectV1 | typeof connectV1Sse>>["client"];
type ConnectedV2 = Awaited<ReturnType<typeof connectV2>>["client"];

const withProgressV1: Connector["callWithProgress"] = (client, params, onprogress) =>
  (client as unknown as Connected).callTool(params, undefined, { onprogress });
const withProgressV2: Connector["callWithProgress"] = (client, params, onprogress) =>
  (client as unknown as ConnectedV2).callTool(params, { onprogress });

/** All clients that the legacy era has. */
export const CONNECTORS: readonly Connector[] = [
  {
    name: "SDK v1 over Streamable HTTP",
    connect: async (url, server, options) =>
      (await connectV1(url.mcp(server), options)).client as unknown as AnyClient,
    callWithProgress: withProgressV1,
  },
  {
    name: "SDK v1 over HTTP+SSE",
    connect: async (url, server, options) =>
      (await connectV1Sse(url.sse(server), options)).client as unknown as AnyClient,
    callWithProgress: withProgressV1,
  },
  {
    name: "SDK v2, legacy",
    connect: async (url, server, options) =>
      (await connectV2(url.mcp(server), { ...options, mode: "legacy" }))
        .client as unknown as AnyClient,
    callWithProgress: withProgressV2,
  },
  {
    name: "SDK v2, auto",
    isModern: true,
    connect: async (url, server, options) =>
      (await connectV2(url.mcp(server), { ...options, mode: "auto" }))
        .client as unknown as AnyClient,
    callWithProgress: withProgressV2,
  },
];

/** The same, with the two further ways of SDK v2: pinned to the modern era, and over HTTP+SSE. */
export const ALL_CONNECTORS: readonly Connector[] = [
  ...CONNECTORS,
  {
    name: "SDK v2, pinned",
    isModern: true,
    connect: async (url, server, options) =>
      (await connectV2(url.mcp(server), { ...options, mode: { pin: MODERN } }))
        .client as unknown as AnyClient,
    callWithProgress: withProgressV2,
  },
  {
    name: "SDK v2 over HTTP+SSE",
    connect: async (url, server, options) =>
      (await connectV2(url.sse(server), { ...options, sse: true })).client as unknown as AnyClient,
    callWithProgress: withProgressV2,
  },
];
