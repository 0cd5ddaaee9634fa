/**
 * Fetches a small document from a public host that somebody else named, without being led anywhere
 * else (auth.md 3.3): the addresses are looked up once, all must be public, and only these are
 * connected to; no redirects, few bytes, little time. Names and certificates are checked as always.
 */
import type { Clock } from "../kernel/clock.ts";
import { messageOf } from "../kernel/error.ts";
import { isPublicAddress } from "../kernel/public-address.ts";

/** What was fetched. */
export interface FetchedDocument {
  readonly body: string;
  /** Seconds that its server lets it be kept; undefined when that is not said. */
  readonly maxAgeSeconds: number | undefined;
}

/** Why nothing was fetched; the message is fit for the person who waits for it. */
export class FetchRefused extends Error {
  override readonly name = "FetchRefused";
}

export interface SafeFetchOptions {
  readonly clock: Pick<Clock, "after">;
  /** All addresses of a host. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  readonly isPublic?: (address: string) => boolean;
  /** Where a host's port is not the usual one, and who vouches for it; for tests only. */
  readonly authority?: { readonly port: number; readonly ca: string };
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 5000;
const MAX_URL_LENGTH = 512;
const HTTPS_PORT = 443;

export class SafeFetch {
  readonly #options: SafeFetchOptions;

  constructor(options: SafeFetchOptions) {
    this.#options = options;
  }

  /** Fetches a JSON document. @throws FetchRefused */
  async get(text: string, maxBytes: number): Promise<FetchedDocument> {
    const problem = documentUrlProblem(text);
    if (problem !== undefined) throw new FetchRefused(problem);
    const url = new URL(text);
    const ended = Promise.withResolvers<never>();
    const abort = new AbortController();
    const timer = this.#options.clock.after(this.#options.timeoutMs ?? TIMEOUT_MS, () => {
      abort.abort();
      ended.reject(new FetchRefused(`${url.host} did not answer in time`));
    });
    try {
      return await Promise.race([this.#fetch(url, maxBytes, abort.signal), ended.promise]);
    } catch (error) {
      if (error instanceof FetchRefused) throw error;
      throw new FetchRefused(`${url.host} cannot be reached: ${messageOf(error)}`);
    } finally {
      timer.cancel();
      abort.abort();
    }
  }

  async #fetch(url: URL, maxBytes: number, signal: AbortSignal): Promise<FetchedDocument> {
    const { resolve = addressesOf, isPublic = isPublicAddress } = this.#options;
    const addresses = await resolve(url.hostname);
    if (addresses.length === 0) throw new FetchRefused(`${url.host} has no address`);
    // One that is not public is enough: the next look-up could give only that one.
    if (!addresses.every((address) => isPublic(address))) {
      throw new FetchRefused(`${url.host} has an address that is not public`);
    }
    signal.throwIfAborted();
    return this.#ask(url, addresses, maxBytes, signal);
  }

  async #ask(
    url: URL,
    addresses: readonly string[],
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<FetchedDocument> {
    // Loaded at the first document: they would cost every start some milliseconds.
    const [{ request }, { isIP }] = await Promise.all([import("node:https"), import("node:net")]);
    const { promise, resolve, reject } = Promise.withResolvers<FetchedDocument>();
    const vetted = addresses.map((address) => ({ address, family: isIP(address) }));
    const { authority } = this.#options;
    const sent = request({
      host: url.hostname,
      port: authority?.port ?? HTTPS_PORT,
      path: url.pathname + url.search,
      method: "GET",
      agent: false,
      signal,
      ...(authority === undefined ? {} : { ca: authority.ca }),
      headers: { accept: "application/json", "user-agent": "remote-mcp-proxy" },
      // Never looked up again: what was vetted is what is connected to.
      lookup: (_host, options, done) => {
        const [first] = vetted;
        if (options.all === true || first === undefined) done(null, vetted);
        else done(null, first.address, first.family);
      },
    });
    sent.on("error", reject);
    sent.on("response", (answer) => {
      const { statusCode = 0, headers } = answer;
      if (statusCode !== 200) {
        answer.resume();
        reject(new FetchRefused(`${url.host} answered with status ${statusCode}`));
        return;
      }
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on("data", (chunk: Buffer) => {
        bytes += chunk.byteLength;
        if (bytes <= maxBytes) chunks.push(chunk);
        else reject(new FetchRefused(`${url.host} sent more than ${maxBytes} bytes`));
      });
      answer.on("error", reject);
      answer.on("end", () => {
        const maxAge = /(?:^|,)\s*max-age=(\d{1,9})/i.exec(headers["cache-control"] ?? "")?.[1];
        resolve({
          body: Buffer.concat(chunks).toString("utf8"),
          maxAgeSeconds: maxAge === undefined ? undefined : Number(maxAge),
        });
      });
    });
    sent.end();
    return promise;
  }
}

/** Why nothing is fetched from there; undefined for the plain URL of a document on a named host. */
export function documentUrlProblem(text: string): string | undefined {
  const form = "must be an https URL of a host with a name, at the usual port, with a path";
  if (text.length > MAX_URL_LENGTH || !/^https:\/\/[!-~]+$/.test(text) || /[\\#@]/.test(text)) {
    return `A client id that is a URL ${form}`;
  }
  const url = URL.parse(text);
  const [authority = "", ...segments] =
    text.slice("https://".length).split("?")[0]?.split("/") ?? [];
  const isPlain =
    url !== null &&
    // Other ways to write a number are read as one by the parser, and then the texts differ.
    url.host === authority &&
    /^(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*$/.test(authority) &&
    segments.join("") !== "" &&
    !segments.some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment));
  return isPlain ? undefined : `A client id that is a URL ${form}`;
}

async function addressesOf(host: string): Promise<readonly string[]> {
  const { lookup } = await import("node:dns/promises");
  const found = await lookup(host, { all: true, verbatim: true });
  return found.map(({ address }) => address);
}
