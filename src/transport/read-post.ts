/**
 * Reads a POST: Content-Type, size, JSON, one message or a batch. Every refusal is a response with
 * a JSON-RPC error (protocol.md 1.3, status table).
 */
import { readTraceContext, withTraceContext } from "../codec/trace-context.ts";
import type { Limits } from "../config/model.ts";
import { err, ok, type Result } from "../kernel/result.ts";
import { INVALID_REQUEST, PARSE_ERROR, TRANSPORT_REFUSED } from "../wire/error-codes.ts";
import { arrayElements, skipSpace, skipValue, TOO_DEEP } from "../wire/json-scan.ts";
import { declareOwn } from "../wire/let-go.ts";
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

/**
 * Reads a POST and hands its messages to `take`, or answers it with the refusal. Waits once: each
 * further wait would cost every call.
 */
export async function withPost(
  request: Request,
  limits: Limits,
  take: (body: PostBody) => Response | Promise<Response>,
): Promise<Response> {
  const { headers } = request;
  const { maxBodyBytes } = limits;
  if (!isJsonContent(headers.get("content-type"))) {
    const message = "Unsupported Media Type: Content-Type must be application/json";
    return refusal({ status: 415, code: TRANSPORT_REFUSED, message });
  }
  const announced = headers.get("content-length");
  if (announced !== null && Number(announced) > maxBodyBytes) return tooLarge(maxBodyBytes);
  let bytes: Uint8Array | undefined;
  try {
    bytes =
      announced === null
        ? await readBody(request, maxBodyBytes)
        : new Uint8Array(await request.arrayBuffer());
  } catch (error) {
    // The client broke off its upload: nobody reads the answer, and it is no fault of ours.
    if (request.signal.aborted) return new Response(null, { status: 400 });
    throw error;
  }
  if (bytes === undefined) return tooLarge(maxBodyBytes);
  const body = readMessages(bytes, limits);
  return body.ok ? take(withTrace(body.value, headers)) : body.error;
}

function withTrace(body: PostBody, headers: Headers): PostBody {
  const traceparent = headers.get("traceparent");
  const trace =
    traceparent === null ? undefined : readTraceContext(traceparent, headers.get("tracestate"));
  if (trace === undefined) return body;
  return { ...body, messages: body.messages.map((message) => withTraceContext(message, trace)) };
}

function tooLarge(maxBodyBytes: number): Response {
  const message = `Payload Too Large: the limit is ${maxBodyBytes} bytes (limits.maxBodyBytes)`;
  return refusal({ status: 413, code: INVALID_REQUEST, message });
}

function readMessages(bytes: Uint8Array, limits: Limits): Result<PostBody, Response> {
  if (bytes[0] !== 0x7b && bytes[skipSpace(bytes, 0)] === 0x5b) return readBatch(bytes, limits);
  const message = readMessage(declareOwn(bytes), limits.maxJsonDepth);
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
