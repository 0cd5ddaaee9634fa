/**
 * A client of a gateway under the test domain that asks a person for leave: registers itself, knows
 * where to send the browser, and redeems the code.
 */
import { createHash, randomBytes } from "node:crypto";
import { expect } from "bun:test";
import { type FetchLike, testFetch } from "./fetch.ts";
import type { SecureGateway } from "./secure-gateway.ts";

/** Where the client wants the browser back, unless a test says otherwise. Nobody listens there. */
export const CALLBACK = "https://claude.ai/api/mcp/auth_callback";

/** How it registers and asks. */
export interface AskingOptions {
  readonly server?: string;
  readonly name?: string;
  readonly redirectUri?: string;
  readonly fetch?: FetchLike;
}

export class AskingClient {
  readonly redirectUri: string;
  readonly state = randomBytes(8).toString("hex");
  readonly #verifier = randomBytes(32).toString("base64url");
  readonly #origin: string;
  readonly #id: string;
  readonly #fetch: FetchLike;

  private constructor(origin: string, id: string, redirectUri: string, fetch: FetchLike) {
    this.#fetch = fetch;
    this.#origin = origin;
    this.#id = id;
    this.redirectUri = redirectUri;
  }

  /** Registers it. @throws Error when that is refused */
  static async register(
    secure: Pick<SecureGateway, "origin">,
    {
      server = "echo",
      name = "A test",
      redirectUri = CALLBACK,
      fetch = testFetch,
    }: AskingOptions = {},
  ): Promise<AskingClient> {
    const origin = secure.origin(server);
    const response = await fetch(`${origin}/register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        client_name: name,
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: "none",
      }),
    });
    const body = (await response.json()) as { client_id?: string };
    if (body.client_id === undefined) throw new Error(JSON.stringify(body));
    return new AskingClient(origin, body.client_id, redirectUri, fetch);
  }

  /** Where it sends the browser. */
  url(changed: Readonly<Record<string, string>> = {}): URL {
    const url = new URL(`${this.#origin}/authorize`);
    const params = {
      response_type: "code",
      client_id: this.#id,
      redirect_uri: this.redirectUri,
      state: this.state,
      code_challenge: createHash("sha256").update(this.#verifier).digest("base64url"),
      code_challenge_method: "S256",
      resource: `${this.#origin}/mcp`,
      ...changed,
    };
    for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
    return url;
  }

  /** Reads the answer at its callback. @returns the code @throws Error when it is none */
  codeOf(callback: URL | undefined): string {
    expect(callback?.searchParams.get("state")).toBe(this.state);
    expect(callback?.searchParams.get("iss")).toBe(this.#origin);
    const code = callback?.searchParams.get("code");
    if (code === null || code === undefined) throw new Error(`no code: ${String(callback)}`);
    return code;
  }

  /** Redeems the code. */
  async token(code: string): Promise<{ readonly status: number; readonly accessToken: string }> {
    const response = await this.#fetch(`${this.#origin}/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "authorization_code",
        client_id: this.#id,
        code,
        redirect_uri: this.redirectUri,
        code_verifier: this.#verifier,
      }),
    });
    const body = (await response.json()) as { access_token?: string };
    return { status: response.status, accessToken: body.access_token ?? "" };
  }
}

/** How a server answers to `initialize` with this token. */
export async function statusWith(url: string, accessToken: string): Promise<number> {
  const params = {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "t", version: "1" },
  };
  const response = await testFetch(url, {
    method: "POST",
    headers: {
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
      authorization: `Bearer ${accessToken}`,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params }),
  });
  await response.body?.cancel();
  return response.status;
}
