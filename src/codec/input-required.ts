/**
 * Pure. Questions of a server to the client of a call: requests of their own in the legacy era, an
 * InputRequiredResult in the modern one (protocol.md 3.4, 3.5).
 *
 * Both ways: a legacy child's requests become such a result, a modern child's result becomes
 * requests. The answers are in input-responses.ts; who waits for what is owned by the bridge.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/mrtr
 */
import { err, ok, type Result } from "../kernel/result.ts";
import { arrayElements, MAX_DEPTH, memberNamed, stringValue } from "../wire/json-scan.ts";
import { META_SERVER_INFO } from "../wire/meta.ts";
import {
  changeObject,
  objectAt,
  objectNamed,
  objectOf,
  type Setting,
} from "../wire/object-edit.ts";
import { errorCode, LEGACY_URL_ELICITATION_REQUIRED } from "./error-fields.ts";

/** One question: what is asked, and the key that its answer comes back under. */
export interface InputRequest {
  readonly key: string;
  readonly method: string;
  readonly params: Uint8Array | undefined;
}

/** Which capability of a client a question needs; undefined for no question that the protocol has. */
export type InputKind = "elicitation" | "elicitation-url" | "sampling" | "roots" | undefined;

/** What a modern child wants to know before it goes on. */
export interface InputRequired {
  readonly requests: readonly InputRequest[];
  /** JSON text in its own bytes, to be given back unchanged; undefined when there was none. */
  readonly requestState: Uint8Array | undefined;
}

/** Questions that one round may hold. */
export const MAX_INPUT_REQUESTS = 64;

/** Key of the nth question of a call, counted from 1 and never used again in a later round. */
export function inputKey(n: number): string {
  return `i${n}`;
}

/** The kind of a question. A mode that is not named is a form, as before there were two. */
export function inputKind(method: string, params: Uint8Array | undefined): InputKind {
  switch (method) {
    case "sampling/createMessage":
      return "sampling";
    case "roots/list":
      return "roots";
    case "elicitation/create": {
      const members = params === undefined ? undefined : objectAt(params)?.members;
      const mode = memberNamed(members ?? [], "mode");
      if (params === undefined || mode === undefined) return "elicitation";
      const text = stringValue(params, mode);
      if (text === "url") return "elicitation-url";
      return text === "form" ? "elicitation" : undefined;
    }
    default:
      return undefined;
  }
}

/**
 * The InputRequiredResult that puts a legacy child's requests to a modern client.
 * @param requestState what brings the client's retry back to this call, in plain
 * @param serverInfo the child's as JSON text
 */
export function inputRequiredResult(
  requests: readonly InputRequest[],
  requestState: string,
  serverInfo: string | undefined,
): Uint8Array {
  const asked = requests.map(({ key, method, params }): Setting => {
    const name = ["method", JSON.stringify(method)] as const;
    return [key, objectOf(params === undefined ? [name] : [name, ["params", embedded(params)]])];
  });
  return objectOf([
    ["resultType", '"input_required"'],
    ...(asked.length === 0 ? [] : [["inputRequests", objectOf(asked)] as const]),
    ["requestState", JSON.stringify(requestState)],
    ...(serverInfo === undefined
      ? []
      : [["_meta", objectOf([[META_SERVER_INFO, serverInfo]])] as const]),
  ]);
}

const LEGACY_ONLY: ReadonlySet<string> = new Set(["_meta", "task", "elicitationId"]);

/** Params of a request as they are inside a result: without what only a legacy request has. */
function embedded(params: Uint8Array): Uint8Array {
  return changeObject(params, { drop: (key) => LEGACY_ONLY.has(key) });
}

/**
 * Reads a modern child's InputRequiredResult.
 * @returns undefined for a result of another type; an error, in words, for one that cannot be met.
 */
export function readInputRequired(result: Uint8Array): Result<InputRequired, string> | undefined {
  const object = objectAt(result);
  if (object === undefined) return undefined;
  if (stringValue(result, memberNamed(object.members, "resultType")) !== "input_required") {
    return undefined;
  }
  const state = memberNamed(object.members, "requestState");
  if (state !== undefined && stringValue(result, state) === undefined) {
    return err("requestState is no string");
  }
  const inputs = memberNamed(object.members, "inputRequests");
  if (inputs === undefined && state === undefined) {
    return err("there is neither inputRequests nor requestState");
  }
  const asked = inputs === undefined ? undefined : objectAt(result, inputs.start);
  if (inputs !== undefined && asked === undefined) return err("inputRequests is no object");
  // The last of two with one key counts, as for every parser.
  const requests = new Map<string, InputRequest>();
  for (const { key, start } of asked?.members ?? []) {
    const request = readRequest(result, key, start);
    if (request === undefined) return err(`the input request ${JSON.stringify(key)} is malformed`);
    if (requests.size >= MAX_INPUT_REQUESTS) return err("there are too many input requests");
    requests.set(key, request);
  }
  return ok({
    requests: [...requests.values()],
    // A copy: it outlives the line that it came in.
    requestState: state === undefined ? undefined : result.slice(state.start, state.end),
  });
}

function readRequest(bytes: Uint8Array, key: string, start: number): InputRequest | undefined {
  const object = objectAt(bytes, start);
  if (object === undefined) return undefined;
  const method = stringValue(bytes, memberNamed(object.members, "method"));
  if (method === undefined) return undefined;
  const params = memberNamed(object.members, "params");
  if (params === undefined) return { key, method, params: undefined };
  if (objectNamed(bytes, object, "params") === undefined) return undefined;
  return { key, method, params: bytes.subarray(params.start, params.end) };
}

/**
 * Params of a retry, or a result, with another `requestState` (JSON text): the gateway wraps the
 * state of a child that several people use, and takes the wrapping off again (protocol.md 3.6).
 */
export function replaceRequestState(bytes: Uint8Array, state: string | Uint8Array): Uint8Array {
  return changeObject(bytes, { set: [["requestState", state]] });
}

/** Params of an elicitation in URL mode with the id that legacy clients require. */
export function withElicitationId(params: Uint8Array, elicitationId: string): Uint8Array {
  return changeObject(params, { set: [["elicitationId", JSON.stringify(elicitationId)]] });
}

/**
 * The questions in a legacy child's error -32042: pages that the user has to visit before the call
 * is made again (protocol.md 3.4.4). Undefined for another error, and for one that names no page.
 * @see https://modelcontextprotocol.io/specification/2025-11-25/client/elicitation
 */
export function urlRequests(error: Uint8Array): readonly InputRequest[] | undefined {
  if (errorCode(error) !== LEGACY_URL_ELICITATION_REQUIRED) return undefined;
  const data = objectNamed(error, objectAt(error), "data");
  const list = data === undefined ? undefined : memberNamed(data.members, "elicitations");
  const pages = list === undefined ? undefined : arrayElements(error, list.start, MAX_DEPTH);
  const requests = (pages ?? []).slice(0, MAX_INPUT_REQUESTS).flatMap(({ start, end }, index) => {
    const members = objectAt(error, start)?.members ?? [];
    if (stringValue(error, memberNamed(members, "url")) === undefined) return [];
    const message = stringValue(error, memberNamed(members, "message"));
    const params = changeObject(error.subarray(start, end), {
      set: [
        ["mode", '"url"'],
        ...(message === undefined ? [["message", '"Open this page to go on"'] as const] : []),
      ],
    });
    return [{ key: inputKey(index + 1), method: "elicitation/create", params }];
  });
  return requests.length === 0 ? undefined : requests;
}
