/**
 * Pure. A message of the modern era, judged: rows 5 to 12 of the ladder in protocol.md 1.4, in
 * order, each a refusal with its HTTP status and code.
 *
 * Row 4 is judged by whoever read the message (an array with a modern element is no message), row
 * 13 by param-headers.ts once the tool's schema is known. Every value comes from the request
 * itself: the modern era remembers nothing.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#server-validation
 */
import { HEADER_MISMATCH, UNSUPPORTED_PROTOCOL_VERSION } from "../wire/error-codes.ts";
import { memberNamed, stringValue } from "../wire/json-scan.ts";
import type { Message } from "../wire/message.ts";
import { META_PROTOCOL_VERSION } from "../wire/meta.ts";
import { LATEST_MODERN, namesModernEra } from "../wire/revision.ts";
import type { Rejection } from "./classify.ts";
import {
  malformedMeta,
  missingMeta,
  readIdentity,
  readLogLevel,
  readModernParams,
  type ModernIdentity,
  type ModernParams,
} from "./modern-envelope.ts";
import { knownEnvelope, rememberEnvelope } from "./known-envelopes.ts";
import { isRemovedMethod, methodNotFound, modernMethod } from "./modern-methods.ts";
import { decodeHeaderValue, headerMismatch, quoted, trimBlanks } from "./standard-headers.ts";

/** The modern revisions that are served, and that `server/discover` may list. */
export const SERVED_REVISIONS: readonly string[] = [LATEST_MODERN];

/**
 * Raw header values as the listener gives them, null when absent: repeated ones joined by ", ",
 * bytes above 0x7F as latin-1.
 */
export interface ModernHeaders {
  /** MCP-Protocol-Version. */
  readonly version: string | null;
  /** Mcp-Method. */
  readonly method: string | null;
  /** Mcp-Name. */
  readonly name: string | null;
}

/** What a request says beside its method and params. */
export interface ModernEnvelope extends ModernIdentity {
  readonly revision: string;
  /** Index into LOG_LEVELS; undefined when no log messages are wanted. */
  readonly logLevel: number | undefined;
  /** What Mcp-Name repeats: tool or prompt name, uri, task id; undefined for other methods. */
  readonly name: string | undefined;
}

export type ModernRoute =
  /** Refused before it is a call: the HTTP status says so too. */
  | { readonly kind: "rejected"; readonly rejection: Rejection }
  /** Refused as a call: an error in the answer's body, the status is 200. */
  | { readonly kind: "answered"; readonly rejection: Rejection }
  /** Taken with 202, and meant for nobody. */
  | { readonly kind: "accepted" }
  | { readonly kind: "request"; readonly envelope: ModernEnvelope };

/**
 * Judges a message that carries a claim or came with a modern version header. Answers, which the
 * modern era does not post, are accepted and dropped like notifications.
 * @param unknownMethods `pass` lets a method through that no era knows, for a modern child that may
 * speak an extension we have not heard of; what was removed stays refused
 */
export function readModernRequest(
  message: Message,
  headers: ModernHeaders,
  unknownMethods: "refuse" | "pass" = "refuse",
): ModernRoute {
  if (message.kind === "result" || message.kind === "error") return { kind: "accepted" };
  const known = message.kind === "request" ? knownEnvelope(message) : undefined;
  if (known !== undefined) {
    const { revision, identity, logLevel } = known;
    const early = checkEarly(message, revision, headers);
    const name = nameInValue(message);
    return (
      early ??
      checkLate(message, name, headers, unknownMethods) ?? {
        kind: "request",
        envelope: { revision, ...identity, logLevel, name },
      }
    );
  }
  const params = readModernParams(message.payload);
  const claim = memberNamed(params.meta, META_PROTOCOL_VERSION);
  if (claim === undefined) return withoutClaim(message, headers);
  const revision = stringValue(params.bytes, claim);
  if (revision === undefined) {
    return rejected(malformedMeta(META_PROTOCOL_VERSION, "must be a string"));
  }
  const isNotification = message.kind === "notification";
  const identity = isNotification ? undefined : readIdentity(params);
  if (identity !== undefined && !identity.ok) return rejected(identity.error);
  const early = checkEarly(message, revision, headers);
  if (early !== undefined) return early;
  if (identity === undefined) return { kind: "accepted" };
  const name = nameIn(params, message.method);
  const late = checkLate(message, name, headers, unknownMethods);
  if (late !== undefined) return late;
  const logLevel = readLogLevel(params);
  if (!logLevel.ok) return { kind: "answered", rejection: logLevel.error };
  rememberEnvelope(message, { revision, identity: identity.value, logLevel: logLevel.value });
  return {
    kind: "request",
    envelope: { revision, ...identity.value, logLevel: logLevel.value, name },
  };
}

/** Rows 7 and 8. */
function checkEarly(
  { method }: Message,
  revision: string,
  headers: ModernHeaders,
): ModernRoute | undefined {
  const refusal =
    checkVersionHeader(revision, headers.version) ??
    checkMethodHeader(method, headers.method) ??
    checkRevision(revision);
  return refusal === undefined ? undefined : rejected(refusal);
}

/** Rows 10 and 11. */
function checkLate(
  { method }: Message,
  name: string | undefined,
  headers: ModernHeaders,
  unknownMethods: "refuse" | "pass",
): ModernRoute | undefined {
  const refusal =
    checkRequiredHeaders(method, headers) ??
    checkNameHeader(method, name, headers.name) ??
    checkMethod(method, unknownMethods);
  return refusal === undefined ? undefined : rejected(refusal);
}

/** Rows 5 and 5b: only the version header is modern. */
function withoutClaim(message: Message, headers: ModernHeaders): ModernRoute {
  if (message.kind === "notification") {
    const refusal = checkMethodHeader(message.method, headers.method);
    return refusal === undefined ? { kind: "accepted" } : rejected(refusal);
  }
  const version = headers.version;
  if (message.method === "initialize" && version !== null && namesModernEra(trimBlanks(version))) {
    const text = `MCP-Protocol-Version names ${version}, which has no initialize`;
    return rejected({ status: 400, code: HEADER_MISMATCH, message: text });
  }
  return rejected(missingMeta(META_PROTOCOL_VERSION));
}

/** Row 7, first half. */
function checkVersionHeader(revision: string, header: string | null): Rejection | undefined {
  if (header === null || trimBlanks(header) === revision) return undefined;
  return headerMismatch(
    `MCP-Protocol-Version is ${quoted(header)}, _meta["${META_PROTOCOL_VERSION}"] is ${quoted(revision)}`,
  );
}

/** Row 7, second half. Base64 is for names only: a method is compared as it stands. */
function checkMethodHeader(method: string, header: string | null): Rejection | undefined {
  if (header === null || trimBlanks(header) === method) return undefined;
  return headerMismatch(`Mcp-Method is ${quoted(header)}, the method is ${quoted(method)}`);
}

/** Row 8. */
function checkRevision(requested: string): Rejection | undefined {
  if (SERVED_REVISIONS.includes(requested)) return undefined;
  return {
    status: 400,
    code: UNSUPPORTED_PROTOCOL_VERSION,
    message: "Unsupported protocol version",
    data: { supported: SERVED_REVISIONS, requested },
  };
}

/** Row 10: what every request must have. Whether it agrees was row 7. */
function checkRequiredHeaders(method: string, headers: ModernHeaders): Rejection | undefined {
  if (headers.version === null) return headerMismatch("MCP-Protocol-Version is missing");
  if (headers.method === null) {
    return headerMismatch(`Mcp-Method is missing, the method is ${quoted(method)}`);
  }
  return undefined;
}

/**
 * Row 10: the name. A body without one needs no header and is for the server to refuse; a header
 * that names what the body does not would deceive whoever routes by it.
 */
function checkNameHeader(
  method: string,
  name: string | undefined,
  header: string | null,
): Rejection | undefined {
  const member = modernMethod(method)?.nameMember;
  if (member === undefined) return undefined;
  if (header === null) {
    if (name === undefined) return undefined;
    return headerMismatch(`Mcp-Name is missing, params.${member} is ${quoted(name)}`);
  }
  const decoded = decodeHeaderValue(header);
  if (decoded === undefined) return headerMismatch("Mcp-Name is not a valid header value");
  if (decoded === name) return undefined;
  const inBody = name === undefined ? "no string" : quoted(name);
  return headerMismatch(`Mcp-Name is ${quoted(decoded)}, params.${member} is ${inBody}`);
}

/** Row 11. */
function checkMethod(method: string, unknownMethods: "refuse" | "pass"): Rejection | undefined {
  if (modernMethod(method) !== undefined) return undefined;
  if (unknownMethods === "pass" && !isRemovedMethod(method)) return undefined;
  return methodNotFound();
}

function nameIn(params: ModernParams, method: string): string | undefined {
  const member = modernMethod(method)?.nameMember;
  if (member === undefined) return undefined;
  return stringValue(params.bytes, memberNamed(params.members, member));
}

/** The same of params that were parsed. */
function nameInValue({ method, plain }: Message): string | undefined {
  const member = modernMethod(method)?.nameMember;
  const name = member === undefined ? undefined : plain?.value?.[member];
  return typeof name === "string" ? name : undefined;
}

function rejected(rejection: Rejection): ModernRoute {
  return { kind: "rejected", rejection };
}
