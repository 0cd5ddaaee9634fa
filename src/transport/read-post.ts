/**
 * Reads a POST: Content-Type, size, JSON, one message or a batch. Every refusal is a response with
 * a JSON-RPC error (protocol.md 1.3, status table).
 */
import { readTraceContext, withTraceContext } from "../codec/trace-context.ts";
import type { Limits } from "../config/model.ts";
import { err, ok, type Result } from "../kernel/result.ts";
import { INVALID_REQUEST, PARSE_ERROR, TRANSPORT_REFUSED } from "../wire/error-codes.ts";
import { arrayElements, skipSpace, skipValue, TOO_DEEP } from "../wire/json-scan.ts";
import { isJson, parseMessage, plainText, type Message } from "../wire/message.ts";
import { readShort } from "../wire/short-message.ts";
import { hasSoundStrings } from "../wire/sound-strings.ts";
import { flattenLineBreaks } from "../wire/splice.ts";
import { refusal } from "./answers.ts";
import { readBody } from "./body.ts";
import { isJsonContent } from "./negotiation.ts";

export interface PostBody {
  readonly messages: readonly Message[];
  readonly batch: boolean;
}

/** Bytes of a body; undefined when there were too many. */
export type Received = ArrayBuffer | Uint8Array | undefined;

/**
 * Begins to read a POST: its bytes, or the response that refuses it. Not to be awaited twice: each
 * wait in between costs every call.
 */
export function receivePost(
  request: Request,
  { maxBodyBytes }: Limits,
): Response | Promise<Received> {
  const { headers } = request;
  if (!isJsonContent(headers.get("content-type"))) {
    const message = "Unsupported Media Type: Content-Type must be application/json";
    return refusal({ status: 415, code: TRANSPORT_REFUSED, message });
  }
  const announced = headers.get("content-length");
  if (announced === null) return readBody(request, maxBodyBytes);
  return Number(announced) > maxBodyBytes ? tooLarge(maxBodyBytes) : request.arrayBuffer();
}

/** What a POST that could not be read is answered. @throws the error when it is a fault of ours */
export function unreadPost(request: Request, error: unknown): Response {
  // The client broke off its upload: nobody reads the answer, and it is no fault of ours.
  if (request.signal.aborted) return new Response(null, { status: 400 });
  throw error;
}

/** The messages in what was received, or the response that refuses it. */
export function readPost(
  request: Request,
  received: Received,
  limits: Limits,
): PostBody | Response {
  if (received === undefined) return tooLarge(limits.maxBodyBytes);
  const bytes = received instanceof ArrayBuffer ? new Uint8Array(received) : received;
  const body = readMessages(bytes, limits);
  if (!body.ok) return body.error;
  const { headers } = request;
  const traceparent = headers.get("traceparent");
  const trace =
    traceparent === null ? undefined : readTraceContext(traceparent, headers.get("tracestate"));
  if (trace === undefined) return body.value;
  const messages = body.value.messages.map((message) => withTraceContext(message, trace));
  return { ...body.value, messages };
}

function tooLarge(maxBodyBytes: number): Response {
  const message = `Payload Too Large: the limit is ${maxBodyBytes} bytes (limits.maxBodyBytes)`;
  return refusal({ status: 413, code: INVALID_REQUEST, message });
}

function readMessages(bytes: Uint8Array, limits: Limits): Result<PostBody, Response> {
  if (bytes[0] !== 0x7b && bytes[skipSpace(bytes, 0)] === 0x5b) return readBatch(bytes, limits);
  const message = readMessage(bytes, limits.maxJsonDepth);
  return message.ok ? ok({ messages: [message.value], batch: false }) : message;
}

function readBatch(bytes: Uint8Array, limits: Limits): Result<PostBody, Response> {
  const { maxJsonDepth } = limits;
  const end = skipValue(bytes, 0, maxJsonDepth);
  if (end === TOO_DEEP) {
    const text = `Invalid request: JSON nests deeper than ${maxJsonDepth} levels`;
    return refuse(400, INVALID_REQUEST, text);
  }
  const elements = arrayElements(bytes, 0, maxJsonDepth);
  if (elements === undefined || skipSpace(bytes, end) < bytes.length)
    return refuse(400, PARSE_ERROR, "Parse error: the body is no JSON");
  if (elements.length === 0) return refuse(400, INVALID_REQUEST, "Invalid request: empty batch");
  if (elements.length > limits.maxBatch) {
    const text = `Invalid request: a batch may hold ${limits.maxBatch} messages (limits.maxBatch)`;
    return refuse(400, INVALID_REQUEST, text);
  }
  const messages: Message[] = [];
  for (const element of elements) {
    const message = readMessage(bytes.subarray(element.start, element.end), limits.maxJsonDepth);
    if (!message.ok) return message;
    messages.push(message.value);
  }
  return ok({ messages, batch: true });
}

function readMessage(bytes: Uint8Array, maxDepth: number): Result<Message, Response> {
  const text = plainText(bytes);
  const short = text === undefined ? undefined : readShort(bytes, text, maxDepth);
  if (short !== undefined) return ok(short);
  const parsed = parseMessage(bytes, maxDepth, text);
  if ("fault" in parsed) {
    const { code, message, id } = parsed.fault;
    return refuse(400, code, message, id);
  }
  // Of any length: a broken text could end a child that others share.
  const isSound = text === undefined ? hasSoundStrings(bytes) : undefined;
  if (!(isSound ?? isJson(bytes, text))) {
    return refuse(400, PARSE_ERROR, "Parse error: the body is no JSON");
  }
  if (isSound === true || !flattenLineBreaks(bytes)) return ok(parsed.message);
  return ok({ ...parsed.message, plain: undefined });
}

function refuse(
  status: number,
  code: number,
  message: string,
  id?: string,
): Result<never, Response> {
  return err(refusal({ status, code, message }, id));
}
