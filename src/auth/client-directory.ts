/**
 * Who a client is: written in the configuration, described by its own document, or registered by
 * itself. In this order; what the configuration allows is asked at every request.
 */
import type { GatewayConfig } from "../config/model.ts";
import { type ClientDocuments, DocumentProblem } from "./client-document.ts";
import type { ClientStore } from "./client-store.ts";
import { hashSecret } from "./database.ts";
import { isNative, redirectFormProblem, redirectProblem } from "./redirect-policy.ts";

interface ClientDirectoryOptions {
  readonly config: () => GatewayConfig;
  readonly store: ClientStore;
  readonly documents: ClientDocuments;
}

/** Metadata in the words of RFC 7591; a secret is its hash. */
type Metadata = Readonly<Record<string, unknown>>;

export class ClientDirectory {
  readonly #options: ClientDirectoryOptions;

  constructor(options: ClientDirectoryOptions) {
    this.#options = options;
  }

  /** The client of this id at this issuer. @throws DocumentProblem */
  async find(clientId: string, issuer: string): Promise<Metadata | undefined> {
    const known = this.#configured(clientId) ?? this.#registered(clientId, issuer);
    if (known !== undefined || !clientId.includes("://")) return known;
    return this.#options.documents.get(clientId);
  }

  /** Who vouches for the name of a client; undefined when it is only its own word. */
  verifiedBy(clientId: string, issuer: string): string | undefined {
    if (this.#configured(clientId) !== undefined) return "configuration";
    if (this.#options.store.find(clientId, issuer) !== undefined) return undefined;
    return URL.parse(clientId)?.hostname;
  }

  /** What follows a client that has registered itself through the log. */
  correlation(clientId: string, issuer: string): string | undefined {
    return this.#options.store.find(clientId, issuer)?.correlation;
  }

  /** The keys that a client's document names. */
  fetchKeys(url: string): Promise<Response> {
    return this.#options.documents.keys(url);
  }

  /** A better text for a problem with a client's document. */
  explain(cause: unknown): { readonly description?: string } {
    const inner = cause instanceof Error ? cause.cause : undefined;
    return inner instanceof DocumentProblem ? { description: inner.message } : {};
  }

  #configured(clientId: string): Metadata | undefined {
    const { clients } = this.#options.config().auth;
    const client = Object.hasOwn(clients, clientId) ? clients[clientId] : undefined;
    if (client === undefined) return undefined;
    const { name, secret, redirectUris } = client;
    const uris = redirectUris.filter((uri) => redirectFormProblem(uri) === undefined);
    if (uris.length === 0) return undefined;
    return {
      client_id: clientId,
      client_name: name ?? clientId,
      redirect_uris: uris,
      application_type: isNative(uris) ? "native" : "web",
      grant_types: ["authorization_code", "refresh_token"],
      ...(secret === undefined
        ? { token_endpoint_auth_method: "none" }
        : {
            token_endpoint_auth_method: "client_secret_basic",
            client_secret: Buffer.from(hashSecret(secret)).toString("base64url"),
          }),
    };
  }

  /** With the redirect URIs that the configuration allows now. */
  #registered(clientId: string, issuer: string): Metadata | undefined {
    const client = this.#options.store.find(clientId, issuer);
    if (client === undefined) return undefined;
    const { auth } = this.#options.config();
    const metadata = JSON.parse(client.metadata) as Metadata & {
      readonly redirect_uris: readonly string[];
    };
    const uris = metadata.redirect_uris.filter((uri) => redirectProblem(uri, auth) === undefined);
    if (uris.length === 0) return undefined;
    return {
      ...metadata,
      redirect_uris: uris,
      client_id: clientId,
      ...(client.secretHash === undefined
        ? {}
        : { client_secret: Buffer.from(client.secretHash).toString("base64url") }),
    };
  }
}
