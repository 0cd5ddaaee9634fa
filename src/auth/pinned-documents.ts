/**
 * Pure. Client id metadata documents of well-known clients, as they were in September 2026. They are
 * used where the document itself cannot be fetched: some vendors answer to machines in data centres
 * with a challenge for browsers (auth.md 1.3).
 */

type PinnedDocument = Readonly<Record<string, unknown>> & { readonly client_id: string };

const common = {
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
};

const DOCUMENTS: readonly PinnedDocument[] = [
  {
    client_id: "https://claude.ai/oauth/mcp-oauth-client-metadata",
    client_name: "Claude",
    redirect_uris: ["https://claude.ai/api/mcp/auth_callback"],
    token_endpoint_auth_method: "none",
    ...common,
  },
  {
    client_id: "https://claude.ai/oauth/claude-code-client-metadata",
    client_name: "Claude Code",
    redirect_uris: ["http://localhost/callback", "http://127.0.0.1/callback"],
    token_endpoint_auth_method: "none",
    ...common,
  },
  {
    client_id: "https://chatgpt.com/oauth/client.json",
    client_name: "ChatGPT",
    redirect_uris: ["https://chatgpt.com/connector_platform_oauth_redirect"],
    token_endpoint_auth_method: "private_key_jwt",
    token_endpoint_auth_methods_supported: ["none", "private_key_jwt"],
    jwks_uri: "https://chatgpt.com/oauth/jwks.json",
    ...common,
  },
  {
    client_id: "https://chatgpt.com/oauth/codex/client.json",
    client_name: "Codex",
    redirect_uris: ["http://127.0.0.1/callback", "http://localhost/callback"],
    token_endpoint_auth_method: "none",
    ...common,
  },
  {
    client_id: "https://vscode.dev/oauth/client-metadata.json",
    client_name: "Visual Studio Code",
    redirect_uris: ["http://127.0.0.1:33418/", "https://vscode.dev/redirect"],
    token_endpoint_auth_method: "none",
    ...common,
  },
];

const byId = new Map(DOCUMENTS.map((document) => [document.client_id, document]));

/** The copy of a document; undefined for one that is not among the well-known. */
export function pinnedDocument(clientId: string): PinnedDocument | undefined {
  return byId.get(clientId);
}
