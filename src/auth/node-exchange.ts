/**
 * Drives a handler that was written for Node's HTTP server with a `Request`, without a server and
 * without a socket: nothing to listen on, nothing for another program to connect to, and host,
 * scheme and path are ours to say instead of the caller's.
 *
 * Answers are kept whole in memory: the handlers behind it answer with small documents.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable, Writable } from "node:stream";
import type { RequestForNode } from "./oidc-request.ts";

export type NodeHandler = (
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void> | void;

class FakeRequest extends Readable {
  readonly method: string;
  readonly url: string;
  readonly originalUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly httpVersion = "1.1";
  readonly httpVersionMajor = 1;
  readonly socket: object;

  constructor({ method, url, originalUrl, isSecure, headers, body }: RequestForNode) {
    // All there is to read is there from the beginning.
    super({ read: () => undefined });
    this.method = method;
    this.url = url;
    this.originalUrl = originalUrl;
    this.headers = headers;
    this.socket = { encrypted: isSecure, readable: true, writable: true };
    if (body !== undefined) this.push(Buffer.from(body));
    this.push(null);
  }
}

type HeaderValue = string | number | readonly string[];

class FakeResponse extends Writable {
  statusCode = 200;
  statusMessage = "";
  headersSent = false;
  readonly chunks: Buffer[] = [];
  readonly #headers = new Map<string, HeaderValue>();

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.headersSent = true;
    this.chunks.push(chunk);
    done();
  }

  setHeader(name: string, value: HeaderValue): this {
    this.#headers.set(name.toLowerCase(), value);
    return this;
  }

  getHeader(name: string): HeaderValue | undefined {
    return this.#headers.get(name.toLowerCase());
  }

  hasHeader(name: string): boolean {
    return this.#headers.has(name.toLowerCase());
  }

  removeHeader(name: string): void {
    this.#headers.delete(name.toLowerCase());
  }

  getHeaders(): Record<string, HeaderValue> {
    return Object.fromEntries(this.#headers);
  }

  getHeaderNames(): string[] {
    return [...this.#headers.keys()];
  }

  toResponse(): Response {
    const headers = new Headers();
    for (const [name, value] of this.#headers) {
      for (const one of Array.isArray(value) ? value : [value]) headers.append(name, String(one));
    }
    // Bun counts for itself.
    headers.delete("content-length");
    const isEmpty = this.statusCode === 204 || this.statusCode === 304;
    return new Response(isEmpty ? null : Buffer.concat(this.chunks), {
      status: this.statusCode,
      headers,
    });
  }
}

/** Lets the handler answer. @throws what the handler throws, or when it ends without an answer */
export async function exchange(handler: NodeHandler, request: RequestForNode): Promise<Response> {
  const incoming = new FakeRequest(request);
  const outgoing = new FakeResponse();
  const finished = new Promise<void>((resolve, reject) => {
    outgoing.once("finish", resolve);
    outgoing.once("error", reject);
  });
  // Handled here too, so that a failure of the handler does not leave it alone.
  finished.catch(() => undefined);
  await handler(incoming as unknown as IncomingMessage, outgoing as unknown as ServerResponse);
  if (!outgoing.writableEnded) throw new Error("the handler ended without an answer");
  await finished;
  return outgoing.toResponse();
}
