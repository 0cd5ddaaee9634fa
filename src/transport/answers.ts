/**
 * Pure. HTTP answers of the MCP endpoints: JSON, refusals as JSON-RPC errors, and the empty 202.
 */
import type { Rejection } from "../codec/classify.ts";
import { INTERNAL_ERROR } from "../wire/error-codes.ts";
import { letGo } from "../wire/let-go.ts";
import { encodeOutgoing, textError, type Outgoing } from "../wire/message.ts";

const LARGE_BYTES = 64 * 1024;
const JSON_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "application/json",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};
/** Taken over as they are; made of an object they cost every answer most of a microsecond. */
const READY_HEADERS = new Headers(JSON_HEADERS);

/** One message, or a batch of them that is JSON already, as a JSON response. */
export function jsonResponse(
  body: Uint8Array<ArrayBuffer> | string | Blob,
  status = 200,
  headers?: Readonly<Record<string, string>>,
): Response {
  return new Response(body, {
    status,
    headers: headers === undefined ? READY_HEADERS : { ...JSON_HEADERS, ...headers },
  });
}

/** A message as a JSON response. */
export function messageResponse(
  message: Outgoing,
  status = 200,
  headers?: Readonly<Record<string, string>>,
): Response {
  const { head, payload, tail } = message;
  if (payload === undefined) return jsonResponse(head + tail, status, headers);
  // A blob is copied once, bytes twice: into one piece, and into the response.
  const isLarge = payload.length > LARGE_BYTES;
  const body = isLarge ? new Blob([head, owned(payload), tail]) : encodeOutgoing(message);
  if (message.isLast === true) letGo(payload);
  return jsonResponse(body, status, headers);
}

/** Bytes of a line or a body are in memory of ours, never in shared memory, which a blob does not take. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, length } = bytes;
  return buffer instanceof ArrayBuffer ? new Uint8Array(buffer, byteOffset, length) : bytes.slice();
}

/** Responses that are refusals, for whoever counts them. */
const REFUSALS = new WeakSet<Response>();

/** True for a request that was not taken, by a mistake of its caller or for lack of room. */
export function isRefusal(response: Response): boolean {
  return response.status >= 400 && REFUSALS.has(response);
}

/** The answer to a request that the gateway cannot take now. */
export function failure(message: Outgoing, status: number): Response {
  const response = messageResponse(message, status);
  REFUSALS.add(response);
  return response;
}

/** A refusal; `id` is JSON text where the request's id could be read. */
export function refusal(
  rejection: Rejection,
  id?: string,
  headers?: Readonly<Record<string, string>>,
): Response {
  const { status, code, message, data } = rejection;
  const response = messageResponse(textError(id, code, message, data), status, headers);
  REFUSALS.add(response);
  return response;
}

/** Nothing new is taken while the gateway stops. */
export function draining(id?: string): Response {
  const message = "Service Unavailable: the gateway is stopping";
  const headers = { connection: "close", "retry-after": "5" };
  return refusal({ status: 503, code: INTERNAL_ERROR, message }, id, headers);
}

/** Taken; there is nothing to answer. */
export function accepted(): Response {
  return new Response(null, { status: 202 });
}
