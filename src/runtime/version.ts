/**
 * Pure. The version of this program: put in by scripts/build.ts from package.json, absent when it
 * runs from the source.
 */

declare const REMOTE_MCP_PROXY_VERSION: string | undefined;

/** The version of package.json, or "0.0.0-source" when the program was not built. */
export const VERSION: string =
  typeof REMOTE_MCP_PROXY_VERSION === "string" ? REMOTE_MCP_PROXY_VERSION : "0.0.0-source";
