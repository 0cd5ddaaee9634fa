/** What the official SDKs ask of an application that signs in: kept in memory, with a person at hand. */
import type { OAuthClientProvider } from "@modelcontextprotocol/sdk/client/auth.js";
import type {
  OAuthClientInformationMixed,
  OAuthClientMetadata,
  OAuthTokens,
} from "@modelcontextprotocol/sdk/shared/auth.js";

/** Fits v1 and v2 alike. */
export class MemoryProvider implements OAuthClientProvider {
  readonly redirectUrl: string;
  readonly clientMetadataUrl?: string;
  /** Where a person was sent last. */
  sentTo: URL | undefined;
  /** How often the person was asked for. */
  asked = 0;
  registered = 0;
  saved: OAuthTokens | undefined;
  #client: OAuthClientInformationMixed | undefined;
  #verifier = "";

  /** @param documentUrl of the client's own metadata document; without it the client registers */
  constructor(redirectUrl: string, documentUrl?: string) {
    this.redirectUrl = redirectUrl;
    if (documentUrl !== undefined) this.clientMetadataUrl = documentUrl;
  }

  get clientMetadata(): OAuthClientMetadata {
    return {
      client_name: "SDK test",
      redirect_uris: [this.redirectUrl],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    };
  }

  clientInformation() {
    return this.#client;
  }

  saveClientInformation(information: OAuthClientInformationMixed): void {
    this.registered += 1;
    this.#client = information;
  }

  tokens() {
    return this.saved;
  }

  saveTokens(tokens: OAuthTokens): void {
    this.saved = tokens;
  }

  redirectToAuthorization(url: URL): void {
    this.asked += 1;
    this.sentTo = url;
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  codeVerifier(): string {
    return this.#verifier;
  }

  /** The server has said that something is of no use any more. */
  invalidateCredentials(what: "all" | "client" | "tokens" | "verifier" | "discovery"): void {
    if (what === "all" || what === "tokens") this.saved = undefined;
    if (what === "all" || what === "client") this.#client = undefined;
  }

  /** Makes the access token one that nobody issued; the refresh token stays. */
  spoil(): void {
    if (this.saved !== undefined) this.saved = { ...this.saved, access_token: "spoilt" };
  }
}
