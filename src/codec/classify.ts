/**
 * Pure. What a POST to an MCP endpoint is: an ordered ladder over headers and body (protocol.md
 * 1.6). Returns values, never throws.
 */
import { isLegacy, namesModernEra } from "../wire/revision.ts";
import { TRANSPORT_REFUSED, UNSUPPORTED_PROTOCOL_VERSION } from "../wire/error-codes.ts";
import { MAX_DEPTH, memberNamed, objectMembers, stringValue } from "../wire/json-scan.ts";
import { valueOf, type Message } from "../wire/message.ts";
import { LATEST_LEGACY, LATEST_MODERN } from "../wire/revision.ts";

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
  /** A message of the modern era, or one that comes with its version header. */
  | { readonly kind: "modern" }
  | { readonly kind: "rejected"; readonly rejection: Rejection };

const CLAIM = "io.modelcontextprotocol/protocolVersion";
/** What every spelling of the claim ends with, `\\/` too, which is how PHP writes a slash. */
const CLAIM_END = "/protocolVersion";

/** Sorts a message by era. `versionHeader` is MCP-Protocol-Version, null when absent. */
export function classifyMessage(message: Message, versionHeader: string | null): Route {
  const isModern =
    claimOf(message) !== undefined || (versionHeader !== null && namesModernEra(versionHeader));
  if (isModern) return { kind: "modern" };
  if (message.kind === "request" && message.method === "initialize") return { kind: "initialize" };
  return checkVersion(versionHeader) ?? { kind: "legacy" };
}

/** A revision that this server does not know is refused (2025-06-18 basic/transports). */
export function checkVersion(versionHeader: string | null): Route | undefined {
  if (versionHeader === null || isLegacy(versionHeader)) return undefined;
  const text = `Bad Request: Unsupported protocol version (${versionHeader})`;
  return reject(400, TRANSPORT_REFUSED, text);
}

function claimOf({ payload, plain }: Message): string | undefined {
  if (payload === undefined) return undefined;
  const value = valueOf(payload, plain);
  if (value === undefined) return modernClaim(payload);
  const meta = Object.hasOwn(value, "_meta") ? value["_meta"] : undefined;
  if (typeof meta !== "object" || meta === null || Array.isArray(meta)) return undefined;
  const claim = Object.hasOwn(meta, CLAIM) ? (meta as Record<string, unknown>)[CLAIM] : undefined;
  return claim === undefined || typeof claim === "string" ? claim : "";
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

/** Tells a dual-era client to fall back to the newest legacy revision (protocol.md 2.1). */
export function declineModern(message: Message): Rejection {
  const requested = modernClaim(message.payload) ?? LATEST_MODERN;
  return {
    status: 400,
    code: UNSUPPORTED_PROTOCOL_VERSION,
    message: "Unsupported protocol version",
    data: { supported: [LATEST_LEGACY], requested },
  };
}

function reject(status: number, code: number, message: string, data?: unknown): Route {
  return {
    kind: "rejected",
    rejection: data === undefined ? { status, code, message } : { status, code, message, data },
  };
}
