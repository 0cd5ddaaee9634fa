/**
 * Pure. What Streamable HTTP refuses, in its words.
 */
import { INVALID_REQUEST, SESSION_NOT_FOUND, TRANSPORT_REFUSED } from "../wire/error-codes.ts";
import { refusal } from "./answers.ts";

/** A modern element makes a batch invalid as a whole. */
export function modernInBatch(id: string | undefined, why = "a modern message"): Response {
  return refuse(400, INVALID_REQUEST, `Invalid request in a batch: ${why}`, id);
}

/** The session is not there, not any more, or not this caller's. */
export function unknownSession(id: string | undefined): Response {
  return refuse(404, SESSION_NOT_FOUND, "Session not found; send initialize to open a new one", id);
}

/** The stream cannot be resumed from there. */
export function unknownEvent(): Response {
  return refuse(
    400,
    TRANSPORT_REFUSED,
    "Bad Request: Last-Event-ID names no event of this session",
  );
}

/** An array, in a revision that has none. */
export function noBatches(id: string | undefined): Response {
  const text = "Invalid request: batches exist in protocol revision 2025-03-26 only";
  return refuse(400, INVALID_REQUEST, text, id);
}

/** The caller takes neither of the two forms of an answer. */
export function notAcceptable(id: string | undefined): Response {
  const text = "Not Acceptable: Accept must include application/json or text/event-stream";
  return refuse(406, TRANSPORT_REFUSED, text, id);
}

/** A refusal by its parts. */
export function refuse(status: number, code: number, message: string, id?: string): Response {
  return refusal({ status, code, message }, id);
}

/** The caller, or the server, has all the streams that it may have. */
export function tooManyStreams(id?: string): Response {
  const message = "Too Many Requests: too many event streams are open; close some";
  return refusal({ status: 429, code: TRANSPORT_REFUSED, message }, id, { "retry-after": "5" });
}
