/**
 * Pure. Keys of `_meta` that the protocol reserves.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/index#meta
 */

/** What every reserved key that the gateway knows begins with. */
export const RESERVED_META_PREFIX = "io.modelcontextprotocol/";

/** Request: the revision that governs it, required; its presence is the claim to be modern. */
export const META_PROTOCOL_VERSION = "io.modelcontextprotocol/protocolVersion";
/** Request: what the client can be asked within it, required, `{}` for nothing. */
export const META_CLIENT_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
/** Request: name and version of the client, optional. */
export const META_CLIENT_INFO = "io.modelcontextprotocol/clientInfo";
/** Request: from which level on its log messages are wanted; absent for none. */
export const META_LOG_LEVEL = "io.modelcontextprotocol/logLevel";
/** Result: name and version of the server. */
export const META_SERVER_INFO = "io.modelcontextprotocol/serverInfo";
/** Notification of a listen stream: the id of the request that opened it, of the same type. */
export const META_SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId";
/** Legacy core tasks: the one reserved key that a legacy server knows (2025-11-25 basic/utilities/tasks). */
export const META_RELATED_TASK = "io.modelcontextprotocol/related-task";

/** Request, every era: what notifications about its progress are marked with. */
export const META_PROGRESS_TOKEN = "progressToken";
