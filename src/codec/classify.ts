/**
 * Pure. What a POST to an MCP endpoint is: an ordered ladder over headers and body (protocol.md
 * 1.6). Returns values, never throws.
 */
import { isLegacy, namesModernEra } from "../wire/revision.ts";
import {
  INVALID_PARAMS,
  HEADER_MISMATCH,
  TRANSPORT_REFUSED,
  UNSUPPORTED_PROTOCOL_VERSION,
} from "../wire/error-codes.ts";
import { MAX_DEPTH, memberNamed, objectMembers, stringValue } from "../wire/json-scan.ts";
import type { Message } from "../wire/message.ts";
import { LATEST_LEGACY } from "../wire/revision.ts";

/** A refusal in HTTP's and in JSON-RPC's words. */
export interface Rejection {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

export type Route =
  | { readonly kind: "initialize" }
  /** A message of a legacy client; its session header decides further. */
  | { readonly kind: "legacy" }
  /** A modern notification: taken, and meant for nobody. */
  | { readonly kind: "accepted" }
  | { readonly kind: "rejected"; readonly rejection: Rejection };

const CLAIM = "io.modelcontextprotocol/protocolVersion";
/** What every spelling of the claim ends with, `\\/` too, which is how PHP writes a slash. */
const CLAIM_END = "/protocolVersion";

/** Sorts a message by era. `versionHeader` is MCP-Protocol-Version, null when absent. */
export function classifyMessage(message: Message, versionHeader: string | null): Route {
  const claim = modernClaim(message.payload);
  if (claim !== undefined) {
    // The modern era is not served yet: dual-era clients fall back to the named revision.
    return message.kind === "notification" ? { kind: "accepted" } : decline(claim);
  }
  const modernHeader = versionHeader !== null && namesModernEra(versionHeader);
  if (message.kind === "request" && message.method === "initialize") {
    if (!modernHeader) return { kind: "initialize" };
    const text = `MCP-Protocol-Version names ${versionHeader}, which has no initialize`;
    return reject(400, HEADER_MISMATCH, text);
  }
  if (modernHeader) {
    if (message.kind !== "request") return { kind: "accepted" };
    return reject(400, INVALID_PARAMS, `Missing _meta["${CLAIM}"]`);
  }
  return checkVersion(versionHeader) ?? { kind: "legacy" };
}

/** A revision that this server does not know is refused (2025-06-18 basic/transports). */
export function checkVersion(versionHeader: string | null): Route | undefined {
  if (versionHeader === null || isLegacy(versionHeader)) return undefined;
  const text = `Bad Request: Unsupported protocol version (${versionHeader})`;
  return reject(400, TRANSPORT_REFUSED, text);
}

/** The revision that a message claims in its own `_meta`, or undefined. */
export function modernClaim(params: Uint8Array | undefined): string | undefined {
  if (params === undefined || !mentionsClaim(params)) return undefined;
  const meta = memberNamed(objectMembers(params, 0, MAX_DEPTH) ?? [], "_meta");
  const inner = meta === undefined ? undefined : objectMembers(params, meta.start, MAX_DEPTH);
  const claim = inner === undefined ? undefined : memberNamed(inner, CLAIM);
  return claim === undefined ? undefined : (stringValue(params, claim) ?? "");
}

/** A native search first: nearly no message of a legacy client has the key. */
function mentionsClaim(params: Uint8Array): boolean {
  return Buffer.from(params.buffer, params.byteOffset, params.length).includes(CLAIM_END);
}

function decline(requested: string): Route {
  const data = { supported: [LATEST_LEGACY], requested };
  return reject(400, UNSUPPORTED_PROTOCOL_VERSION, "Unsupported protocol version", data);
}

function reject(status: number, code: number, message: string, data?: unknown): Route {
  return {
    kind: "rejected",
    rejection: data === undefined ? { status, code, message } : { status, code, message, data },
  };
}
