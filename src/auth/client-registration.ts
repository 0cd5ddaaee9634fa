/**
 * Dynamic client registration (RFC 7591), open to everybody and therefore small: only what is
 * needed is read, few clients are kept, and how many may come is limited for all together. Not for
 * each address: the cloud of a vendor calls from few for all its customers.
 */
import { base64Url } from "../kernel/base64url.ts";
import type { Clock } from "../kernel/clock.ts";
import { err, ok, type Result } from "../kernel/result.ts";
import { cleanClientName } from "./client-name.ts";
import type { ClientStore } from "./client-store.ts";
import { hashSecret } from "./database.ts";
import { isNative, redirectProblem, type RedirectRules } from "./redirect-policy.ts";
import { TokenBuckets } from "./token-bucket.ts";

const MAX_BODY_BYTES = 16 * 1024;
const MAX_REDIRECT_URIS = 10;
/** A vendor's cloud registers at every fresh connection, often twice. */
const BURST = 60;
const PERIOD_MS = 60_000;
const SECRET_METHODS = ["client_secret_basic", "client_secret_post"];

/** A refusal in the words of RFC 7591. */
export interface RegistrationRefusal {
  readonly status: 400 | 413 | 429 | 503;
  readonly error: "invalid_redirect_uri" | "invalid_client_metadata" | "temporarily_unavailable";
  readonly description: string;
  readonly retryAfterMs?: number;
}

/** A registration that was made. */
export interface Registration {
  readonly clientId: string;
  readonly name: string;
  readonly correlation: string;
  /** The answer of RFC 7591, with the secret that is told only once. */
  readonly answer: Readonly<Record<string, unknown>>;
}

interface ClientRegistrationOptions {
  readonly store: ClientStore;
  readonly clock: Pick<Clock, "nowMs" | "wallMs">;
  readonly rules: () => RedirectRules;
}

export class ClientRegistration {
  readonly #options: ClientRegistrationOptions;
  readonly #buckets: TokenBuckets;

  constructor(options: ClientRegistrationOptions) {
    this.#options = options;
    const limits = { capacity: BURST, periodMs: PERIOD_MS, maxKeys: 1 };
    this.#buckets = new TokenBuckets(limits, options.clock);
  }

  /** Registers what the body of the request describes. */
  register(body: Uint8Array, issuer: string): Result<Registration, RegistrationRefusal> {
    const waitMs = this.#buckets.take("all");
    if (waitMs > 0) {
      const description = "Too many programs register at this moment; try again in a minute";
      return refuse(429, "temporarily_unavailable", description, waitMs);
    }
    if (body.byteLength > MAX_BODY_BYTES) {
      return refuse(
        413,
        "invalid_client_metadata",
        `A registration has at most ${MAX_BODY_BYTES} bytes`,
      );
    }
    const asked = parseObject(body);
    if (asked === undefined) {
      return refuse(400, "invalid_client_metadata", "The body must be a JSON object");
    }
    const uris = asked["redirect_uris"];
    if (!Array.isArray(uris) || uris.length === 0 || uris.length > MAX_REDIRECT_URIS) {
      const description = `redirect_uris must be a list of 1 to ${MAX_REDIRECT_URIS} URLs`;
      return refuse(400, "invalid_redirect_uri", description);
    }
    for (const uri of uris) {
      const problem = redirectProblem(uri, this.#options.rules());
      if (problem !== undefined) return refuse(400, "invalid_redirect_uri", problem);
    }
    const method = asked["token_endpoint_auth_method"] ?? "client_secret_basic";
    if (method !== "none" && !SECRET_METHODS.includes(String(method))) {
      const description =
        "token_endpoint_auth_method must be none, client_secret_basic or client_secret_post; " +
        "for private_key_jwt use a client id metadata document";
      return refuse(400, "invalid_client_metadata", description);
    }
    return this.#keep(asked["client_name"], uris as string[], String(method), issuer);
  }

  #keep(
    named: unknown,
    redirectUris: readonly string[],
    method: string,
    issuer: string,
  ): Result<Registration, RegistrationRefusal> {
    const clientId = base64Url(crypto.getRandomValues(new Uint8Array(16)));
    const name = cleanClientName(named);
    const correlation = base64Url(crypto.getRandomValues(new Uint8Array(6)));
    const secret =
      method === "none" ? undefined : base64Url(crypto.getRandomValues(new Uint8Array(32)));
    const metadata = {
      client_name: name,
      redirect_uris: [...new Set(redirectUris)],
      application_type: isNative(redirectUris) ? "native" : "web",
      token_endpoint_auth_method: method,
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
    };
    const isKept = this.#options.store.add({
      clientId,
      issuer,
      name,
      secretHash: secret === undefined ? undefined : hashSecret(secret),
      metadata: JSON.stringify(metadata),
      correlation,
    });
    if (!isKept) {
      const description = "Too many programs are registered; ask the operator of this gateway";
      return refuse(503, "temporarily_unavailable", description, PERIOD_MS);
    }
    const answer = {
      client_id: clientId,
      client_id_issued_at: Math.floor(this.#options.clock.wallMs() / 1000),
      ...(secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
      ...metadata,
    };
    return ok({ clientId, name, correlation, answer });
  }
}

function parseObject(body: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Whatever is wrong with it, the caller is told that it is no JSON object.
    return undefined;
  }
}

function refuse(
  status: RegistrationRefusal["status"],
  error: RegistrationRefusal["error"],
  description: string,
  retryAfterMs?: number,
): { readonly ok: false; readonly error: RegistrationRefusal } {
  return err({
    status,
    error,
    description,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
