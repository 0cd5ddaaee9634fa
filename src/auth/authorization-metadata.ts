/**
 * Pure. The document of RFC 8414: what an issuer can do and where (auth.md 1.1.3). Written by hand,
 * so that reading it loads no engine; what it promises is held to by the tests.
 */
import type { Issuer } from "./public-hosts.ts";

/** The one scope; a server is chosen by the resource. */
export const SCOPE = "mcp";

/** Algorithms of signed client assertions. */
export const ASSERTION_ALGORITHMS: readonly string[] = ["RS256", "PS256", "ES256", "EdDSA"];

/** How a client may prove who it is. Claude.ai uses its document only where `none` is offered. */
export const CLIENT_AUTH_METHODS = [
  "none",
  "client_secret_post",
  "client_secret_basic",
  "private_key_jwt",
] as const;

/** Paths below the issuer. */
export const ENDPOINTS = {
  authorize: "/authorize",
  token: "/token",
  register: "/register",
  revoke: "/revoke",
} as const;

/** The document of an issuer. */
export function authorizationServerMetadata({ issuer }: Issuer): object {
  return {
    issuer,
    authorization_endpoint: issuer + ENDPOINTS.authorize,
    token_endpoint: issuer + ENDPOINTS.token,
    registration_endpoint: issuer + ENDPOINTS.register,
    revocation_endpoint: issuer + ENDPOINTS.revoke,
    scopes_supported: [SCOPE, "offline_access"],
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    grant_types_supported: ["authorization_code", "refresh_token"],
    token_endpoint_auth_methods_supported: CLIENT_AUTH_METHODS,
    token_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
    revocation_endpoint_auth_methods_supported: CLIENT_AUTH_METHODS,
    revocation_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
  };
}
