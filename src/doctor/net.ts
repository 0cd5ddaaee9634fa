/**
 * The doctor's effects: asks name servers, shakes hands over TLS, sends requests. Every wait has a
 * deadline, every answer a cap; redirects are never followed by themselves.
 */
import { Resolver, lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { checkServerIdentity, connect, rootCertificates } from "node:tls";
import type { Clock } from "../kernel/clock.ts";
import { messageOf } from "../kernel/error.ts";
import type { Addresses, TlsFacts } from "./address-checks.ts";
import type { Answer } from "./reply.ts";

const LOOKUP_MS = 5000;
const TLS_MS = 10_000;
const MAX_BODY_BYTES = 16 * 1024 * 1024;

export interface NetOptions {
  readonly clock: Clock;
  /** A name server to ask instead of the machine's own way. */
  readonly nameServer: string | undefined;
  /** Addresses of hosts that are not looked up. */
  readonly addresses: ReadonlyMap<string, string>;
  /** Another authority to trust, as PEM. */
  readonly ca: string | undefined;
}

/** One request. */
export interface Send {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  /** Leave an event stream after its headers. */
  readonly isHeadOnly?: boolean;
  /** True once enough of an event stream was read. */
  readonly isEnough?: (text: string) => boolean;
}

export class Net {
  readonly #options: NetOptions;
  readonly #routes = new Map<string, Promise<string | undefined>>();

  constructor(options: NetOptions) {
    this.#options = options;
  }

  /** Where a name leads; undefined when the caller was told and nothing was asked. Never rejects. */
  async resolve(host: string): Promise<Addresses | undefined> {
    const name = host.replace(/^\[(.*)\]$/, "$1");
    if (this.#options.addresses.has(host)) return undefined;
    if (isIP(name) !== 0) return isIP(name) === 4 ? { v4: [name], v6: [] } : { v4: [], v6: [name] };
    const { nameServer } = this.#options;
    if (nameServer === undefined) {
      const found = await lookup(name, { all: true }).catch(() => []);
      const of = (family: number) => found.filter((one) => one.family === family);
      return { v4: of(4).map(({ address }) => address), v6: of(6).map(({ address }) => address) };
    }
    const resolver = new Resolver({ timeout: LOOKUP_MS, tries: 2 });
    resolver.setServers([nameServer]);
    const [v4, v6] = await Promise.all([
      resolver.resolve4(name).catch(() => []),
      resolver.resolve6(name).catch(() => []),
    ]);
    return { v4, v6 };
  }

  /** The address that was given for a host, if there is one. */
  given(host: string): readonly string[] {
    const address = this.#options.addresses.get(host);
    return address === undefined ? [] : [address];
  }

  /** Shakes hands with one address and looks at the certificate. Never rejects. */
  tls(url: URL, address: string): Promise<TlsFacts> {
    const { clock, ca } = this.#options;
    const host = url.hostname;
    const startedMs = clock.nowMs();
    const { promise, resolve } = Promise.withResolvers<TlsFacts>();
    const blank = { address, chainError: undefined, isNameCovered: true, names: "" };
    const fail = (error: string): void =>
      resolve({ ...blank, error, validUntilMs: undefined, tookMs: clock.nowMs() - startedMs });
    const socket = connect({
      host: address,
      port: url.port === "" ? 443 : Number(url.port),
      ...(isIP(host) === 0 ? { servername: host } : {}),
      // The chain is judged below, with words of our own.
      rejectUnauthorized: false,
      ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
    });
    socket.setTimeout(TLS_MS, () => {
      fail("no answer in time");
      socket.destroy();
    });
    socket.on("error", (error) => fail(messageOf(error)));
    socket.on("close", () => fail("the connection was closed"));
    socket.on("secureConnect", () => {
      const certificate = socket.getPeerCertificate();
      const chainError = socket.authorized ? undefined : String(socket.authorizationError);
      resolve({
        address,
        error: undefined,
        chainError,
        isNameCovered: checkServerIdentity(host, certificate) === undefined,
        names: (certificate.subjectaltname ?? "no name").replaceAll("DNS:", ""),
        validUntilMs: Date.parse(certificate.valid_to),
        tookMs: clock.nowMs() - startedMs,
      });
      socket.destroy();
    });
    return promise;
  }

  /** Sends one request. Never rejects. */
  async send(address: string, request: Send): Promise<Answer> {
    const { clock } = this.#options;
    const startedMs = clock.nowMs();
    const url = new URL(address);
    const signal = AbortSignal.timeout(request.timeoutMs);
    try {
      const response = await this.#fetch(url, request, signal);
      const text = await read(response, request);
      const { status, headers } = response;
      return {
        kind: "reply",
        url: address,
        status,
        headers,
        text,
        tookMs: clock.nowMs() - startedMs,
      };
    } catch (error) {
      return { kind: "none", url: address, reason: messageOf(error), isTimeout: signal.aborted };
    }
  }

  async #fetch(url: URL, request: Send, signal: AbortSignal): Promise<Response> {
    const { ca } = this.#options;
    const { method, body } = request;
    const host = url.hostname;
    const headers: Record<string, string> = {
      "user-agent": "remote-mcp-proxy-doctor",
      ...request.headers,
    };
    const route = await this.#routeTo(host);
    const target = new URL(url);
    if (route !== undefined) {
      headers["host"] = url.host;
      target.hostname = route.includes(":") ? `[${route}]` : route;
    }
    const tls = {
      ...(route === undefined || isIP(host) !== 0 ? {} : { serverName: host }),
      ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
    };
    return fetch(target, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      redirect: "manual",
      keepalive: false,
      signal,
      tls,
    });
  }

  /** The address to connect to, where the machine's own way is not to be taken. */
  #routeTo(host: string): Promise<string | undefined> {
    const told = this.#options.addresses.get(host);
    if (told !== undefined) return Promise.resolve(told);
    if (this.#options.nameServer === undefined) return Promise.resolve(undefined);
    const known = this.#routes.get(host);
    if (known !== undefined) return known;
    const route = this.resolve(host).then((found) => found?.v4[0] ?? found?.v6[0]);
    this.#routes.set(host, route);
    return route;
  }
}

async function read(response: Response, request: Send): Promise<string> {
  const { body } = response;
  if (body === null) return "";
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  while (!(isStream && (request.isHeadOnly === true || request.isEnough?.(text) === true))) {
    const { done, value } = await reader.read();
    if (done) return text;
    bytes += value.byteLength;
    if (bytes > MAX_BODY_BYTES) throw new Error(`more than ${MAX_BODY_BYTES} bytes came`);
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel("enough was read");
  return text;
}
