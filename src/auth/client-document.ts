/**
 * Client id metadata documents: a client's id is the URL of a document that describes it. Owns the
 * copies: fresh for as long as its server says (5 minutes to 24 hours), then the last good one or
 * the one that ships with the program while the host does not give it out.
 *
 * Only from hosts that are allowed, and only what is needed of it goes on.
 */
import type { Clock } from "../kernel/clock.ts";
import { messageOf } from "../kernel/error.ts";
import { cleanClientName } from "./client-name.ts";
import { pinnedDocument } from "./pinned-documents.ts";
import { isNative, redirectProblem, type RedirectRules } from "./redirect-policy.ts";
import { documentUrlProblem, type SafeFetch } from "./safe-fetch.ts";
import { TokenBuckets } from "./token-bucket.ts";

/** What the configuration allows. */
export interface DocumentRules extends RedirectRules {
  readonly documentHosts: "any" | readonly string[];
}

interface ClientDocumentsOptions {
  readonly fetcher: Pick<SafeFetch, "get">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly rules: () => DocumentRules;
}

/** Why a client has no usable document; the message is for the person who waits. */
export class DocumentProblem extends Error {
  override readonly name = "DocumentProblem";
}

type JsonObject = Readonly<Record<string, unknown>>;

interface Copy {
  readonly body: string;
  readonly freshUntilMs: number;
}

const KNOWN_HOSTS: readonly string[] = ["claude.ai", "chatgpt.com", "vscode.dev"];
const MAX_DOCUMENT_BYTES = 5 * 1024;
const MAX_KEYS_BYTES = 64 * 1024;
const MIN_FRESH_MS = 5 * 60_000;
const MAX_FRESH_MS = 24 * 3_600_000;
const MAX_COPIES = 200;
/** From all of them together: an id of a stranger makes this program send a request. */
const FETCHES = { capacity: 60, periodMs: 60_000, maxKeys: 1 };

export class ClientDocuments {
  readonly #options: ClientDocumentsOptions;
  readonly #copies = new Map<string, Copy>();
  readonly #running = new Map<string, Promise<string>>();
  readonly #buckets: TokenBuckets;

  constructor(options: ClientDocumentsOptions) {
    this.#options = options;
    this.#buckets = new TokenBuckets(FETCHES, options.clock);
  }

  /** The keys that a document names, as the engine wants them. @throws DocumentProblem */
  async keys(url: string): Promise<Response> {
    this.#checkHost(url);
    const keys = await this.#text(url, MAX_KEYS_BYTES, JSON.parse);
    return new Response(keys, { headers: { "content-type": "application/json" } });
  }

  /** The document of a client, with what it may use of it. @throws DocumentProblem */
  async get(clientId: string): Promise<JsonObject> {
    this.#checkHost(clientId);
    const pinned = pinnedDocument(clientId);
    let document: JsonObject;
    try {
      const isGood = (text: string): unknown => parseDocument(text, clientId);
      const text = await this.#text(clientId, MAX_DOCUMENT_BYTES, isGood);
      document = parseDocument(text, clientId);
    } catch (error) {
      if (pinned === undefined) throw asProblem(error);
      document = pinned;
    }
    return this.#usable(document, clientId);
  }

  #checkHost(url: string): void {
    const problem = documentUrlProblem(url);
    if (problem !== undefined) throw new DocumentProblem(problem);
    const { hostname } = new URL(url);
    const { documentHosts } = this.#options.rules();
    const isAllowed =
      documentHosts === "any" || KNOWN_HOSTS.includes(hostname) || documentHosts.includes(hostname);
    if (!isAllowed) {
      throw new DocumentProblem(
        `Programs of ${hostname} are not allowed here (proxy.auth.documentHosts)`,
      );
    }
  }

  /** Fresh, or just fetched, or the last good one. */
  async #text(url: string, maxBytes: number, check?: (text: string) => unknown): Promise<string> {
    const copy = this.#copies.get(url);
    if (copy !== undefined && copy.freshUntilMs > this.#options.clock.nowMs()) return copy.body;
    let running = this.#running.get(url);
    if (running === undefined) {
      running = this.#fetch(url, maxBytes, check).finally(() => this.#running.delete(url));
      this.#running.set(url, running);
    }
    try {
      return await running;
    } catch (error) {
      if (copy === undefined) throw error;
      this.#keep(url, copy.body, MIN_FRESH_MS);
      return copy.body;
    }
  }

  async #fetch(url: string, maxBytes: number, check?: (text: string) => unknown): Promise<string> {
    if (this.#buckets.take("all") > 0) {
      throw new DocumentProblem("Too many programs are looked up at this moment; try again");
    }
    const { body, maxAgeSeconds = 0 } = await this.#options.fetcher.get(url, maxBytes);
    // What is no document must not replace one that was.
    check?.(body);
    this.#keep(url, body, Math.min(MAX_FRESH_MS, Math.max(MIN_FRESH_MS, maxAgeSeconds * 1000)));
    return body;
  }

  #keep(url: string, body: string, freshMs: number): void {
    this.#copies.delete(url);
    const [oldest] = this.#copies.keys();
    if (this.#copies.size >= MAX_COPIES && oldest !== undefined) this.#copies.delete(oldest);
    this.#copies.set(url, { body, freshUntilMs: this.#options.clock.nowMs() + freshMs });
  }

  /** Only what is needed, only the redirects that are allowed; a loopback makes it a native client. */
  #usable(document: JsonObject, clientId: string): JsonObject {
    const uris = document["redirect_uris"];
    const named: readonly unknown[] = Array.isArray(uris) ? uris : [];
    const rules = this.#options.rules();
    const problems = named.map((uri) => redirectProblem(uri, rules));
    const allowed = named.filter((_uri, at) => problems[at] === undefined) as readonly string[];
    if (allowed.length === 0) {
      throw new DocumentProblem(
        `The document of this program names no place to go back to that is allowed: ${
          problems[0] ?? "redirect_uris is missing"
        }`,
      );
    }
    return {
      client_id: clientId,
      client_name: cleanClientName(document["client_name"]),
      redirect_uris: [...allowed],
      application_type: isNative(allowed) ? "native" : "web",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      ...authenticationOf(document),
    };
  }
}

/** How the client proves itself. A shared secret is none in a document that everybody reads. */
function authenticationOf(document: JsonObject): JsonObject {
  const method = document["token_endpoint_auth_method"] ?? "none";
  const supported = document["token_endpoint_auth_methods_supported"];
  const { jwks, jwks_uri } = document;
  if (method === "private_key_jwt" && (jwks !== undefined || typeof jwks_uri === "string")) {
    const keys = jwks === undefined ? { jwks_uri } : { jwks };
    return { token_endpoint_auth_method: method, ...keys };
  }
  if (method === "none" || (Array.isArray(supported) && supported.includes("none"))) {
    return { token_endpoint_auth_method: "none" };
  }
  throw new DocumentProblem(
    "The document of this program names no way to prove itself that is known here " +
      "(none, private_key_jwt)",
  );
}

/** @throws DocumentProblem for what is not the document of this client */
function parseDocument(text: string, clientId: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DocumentProblem("The document of this program is no JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new DocumentProblem("The document of this program is no JSON object");
  }
  const document = value as JsonObject;
  if (document["client_id"] !== clientId) {
    throw new DocumentProblem("The document of this program names another client id");
  }
  if ("client_secret" in document || "client_secret_expires_at" in document) {
    throw new DocumentProblem("The document of this program holds a secret");
  }
  return document;
}

function asProblem(error: unknown): DocumentProblem {
  return error instanceof DocumentProblem
    ? error
    : new DocumentProblem(
        `The document of this program cannot be had: ${messageOf(error)}. Try again later`,
        { cause: error },
      );
}
