/**
 * Pure. JSON-RPC and MCP error codes.
 *
 * Own faults are INTERNAL_ERROR with `data.gateway`; nothing is minted in -32000…-32099 beyond the
 * two codes that SDK servers use for transport refusals and that clients of the legacy era expect.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/index (Error Codes)
 */

export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;

/** Refusals of the legacy HTTP transports (SDK convention). */
export const TRANSPORT_REFUSED = -32000;
/** The session is unknown or has ended (SDK convention). */
export const SESSION_NOT_FOUND = -32001;

export const HEADER_MISMATCH = -32020;
export const MISSING_CLIENT_CAPABILITY = -32021;
export const UNSUPPORTED_PROTOCOL_VERSION = -32022;
