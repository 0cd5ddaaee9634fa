/** Pure. What Claude.ai's hosted clients put up with, in their makers' words or as was seen (auth.md 1.2). */

/** For each request of discovery, registration and the token endpoint. */
export const DISCOVERY_MS = 10_000;
/** For one call of a tool. */
export const CALL_MS = 300_000;
/** What of a call's result arrives. */
export const RESULT_CHARACTERS = 150_000;
/** Where the sign-in of Claude.ai ends. */
export const CLAUDE_CALLBACK = "https://claude.ai/api/mcp/auth_callback";
/** Who Claude.ai is to servers that take documents for identities. */
export const CLAUDE_CLIENT_ID = "https://claude.ai/oauth/mcp-oauth-client-metadata";
