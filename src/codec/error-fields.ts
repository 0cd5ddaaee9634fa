/**
 * Pure. Errors on their way between the eras (the two tables of protocol.md 3.1): codes that the
 * other era does not know, or reads as something else, are replaced; what cannot be said there is
 * an internal error with the original in its data.
 *
 * -32042 of a legacy child becomes a question where it can (see `urlRequests` in
 * input-required.ts); here it is an error like the rest.
 */
import {
  HEADER_MISMATCH,
  INTERNAL_ERROR,
  INVALID_PARAMS,
  MISSING_CLIENT_CAPABILITY,
  UNSUPPORTED_PROTOCOL_VERSION,
} from "../wire/error-codes.ts";
import { memberNamed, stringValue } from "../wire/json-scan.ts";
import { jsonBytes, type Plain } from "../wire/message.ts";
import {
  changeEdits,
  objectAt,
  objectNamed,
  valueText,
  type ObjectAt,
} from "../wire/object-edit.ts";
import { applyEdits } from "../wire/splice.ts";

/** How a request ends, in the bytes of its result or of its error object. */
export interface Answer {
  readonly kind: "result" | "error";
  readonly payload: Uint8Array;
  readonly plain?: Plain | undefined;
}

/** Why a request cannot be answered, in JSON-RPC's words. */
export interface Fault {
  readonly code: number;
  readonly message: string;
}

/** Resource not found, until 2025-11-25; must not be sent to a modern client. */
export const LEGACY_RESOURCE_NOT_FOUND = -32002;
/** URL elicitation required, 2025-11-25 only; must not be sent to a modern client. */
export const LEGACY_URL_ELICITATION_REQUIRED = -32042;

/** Codes that only the modern specification gives a meaning. */
const RESERVED_LOWEST = -32099;
const RESERVED_HIGHEST = -32020;

/**
 * A legacy child's error for a modern client.
 * @param uri what a `resources/read` asked for; put into the data of a "not found" without one
 */
export function upError(error: Uint8Array, uri?: string): Answer {
  const object = objectAt(error);
  const code = object === undefined ? undefined : codeOf(error, object);
  if (object === undefined || code === undefined)
    return wrapError(error, "an error without a code");
  if (code === LEGACY_RESOURCE_NOT_FOUND) {
    const needsUri = uri !== undefined && memberNamed(object.members, "data") === undefined;
    const payload = withCode(error, object, INVALID_PARAMS, needsUri ? { uri } : undefined);
    return { kind: "error", payload };
  }
  if (code < RESERVED_LOWEST || code > RESERVED_HIGHEST) return { kind: "error", payload: error };
  const message = stringValue(error, memberNamed(object.members, "message"));
  return wrapError(error, message ?? `error ${code}`);
}

/** A modern child's error for a legacy client; the result of a call that failed, for a tool. */
export function downError(method: string, error: Uint8Array): Answer {
  const object = objectAt(error);
  switch (object === undefined ? undefined : codeOf(error, object)) {
    case MISSING_CLIENT_CAPABILITY: {
      const text = `This needs what the client did not declare: ${requiredBy(error)}`;
      return method === "tools/call" ? refusal(method, text) : wrapError(error, text);
    }
    case UNSUPPORTED_PROTOCOL_VERSION:
    case HEADER_MISMATCH:
      return wrapError(error, "The server did not accept the gateway's request");
    case INVALID_PARAMS: {
      const data = objectNamed(error, object, "data");
      const isMissing = data !== undefined && memberNamed(data.members, "uri") !== undefined;
      if (object === undefined || method !== "resources/read" || !isMissing) break;
      return { kind: "error", payload: withCode(error, object, LEGACY_RESOURCE_NOT_FOUND) };
    }
    default:
  }
  return { kind: "error", payload: error };
}

/** The end of a call that the bridge must give up: a failed result for a tool, else an error. */
export function refusal(method: string, text: string): Answer {
  if (method !== "tools/call") return internalError(text);
  const result = { content: [{ type: "text", text }], isError: true };
  return { kind: "result", payload: jsonBytes(JSON.stringify(result)) };
}

/** An error -32603 of the gateway's own making. */
export function internalError(message: string): Answer {
  const error = { code: INTERNAL_ERROR, message };
  return { kind: "error", payload: jsonBytes(JSON.stringify(error)) };
}

/** The integer `code` of an error object, whatever its number form; undefined for none. */
export function errorCode(error: Uint8Array): number | undefined {
  const object = objectAt(error);
  return object === undefined ? undefined : codeOf(error, object);
}

function codeOf(error: Uint8Array, object: ObjectAt): number | undefined {
  const member = memberNamed(object.members, "code");
  if (member === undefined || error[member.start] === 0x22) return undefined;
  const code = Number(valueText(error, member));
  return Number.isInteger(code) ? code : undefined;
}

function withCode(
  error: Uint8Array,
  object: ObjectAt,
  code: number,
  data?: Readonly<Record<string, unknown>>,
): Uint8Array {
  const set = [["code", String(code)] as const];
  if (data === undefined) return applyEdits(error, changeEdits(error, object, { set }));
  const both = [...set, ["data", JSON.stringify(data)] as const];
  return applyEdits(error, changeEdits(error, object, { set: both }));
}

/** An error -32603 with the child's own, in its bytes, as `data.original`. */
function wrapError(error: Uint8Array, message: string): Answer {
  const head = `{"code":${INTERNAL_ERROR},"message":${JSON.stringify(message)},"data":{"original":`;
  const payload = applyEdits(error, [
    { start: 0, end: 0, text: head },
    { start: error.length, end: error.length, text: "}}" },
  ]);
  return { kind: "error", payload };
}

/** Capabilities that an error -32021 names, in words: `sampling, elicitation.url`. */
function requiredBy(error: Uint8Array): string {
  const data = objectNamed(error, objectAt(error), "data");
  const required = objectNamed(error, data, "requiredCapabilities");
  const names = (required?.members ?? []).flatMap(({ key, start }) => {
    const inner = objectAt(error, start)?.members ?? [];
    return inner.length === 0 ? [key] : inner.map((member) => `${key}.${member.key}`);
  });
  return names.slice(0, 20).join(", ").slice(0, 500) || "a client capability";
}
