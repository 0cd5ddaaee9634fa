/**
 * Pure. `subscriptions/listen`: what a client wants to hear, what of it is promised, and the mark
 * that every message of such a stream carries.
 *
 * Who listens to what is owned by the caller. A client's id is JSON text all the way, so that its
 * type survives.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/subscriptions
 */
import { err, ok, type Result } from "../kernel/result.ts";
import { INVALID_PARAMS } from "../wire/error-codes.ts";
import { arrayElements, MAX_DEPTH, memberNamed, stringValue } from "../wire/json-scan.ts";
import { jsonBytes } from "../wire/message.ts";
import { META_SERVER_INFO, META_SUBSCRIPTION_ID } from "../wire/meta.ts";
import { changeObject, objectAt, objectNamed, valueText } from "../wire/object-edit.ts";
import type { ListenOffers } from "./discover.ts";
import type { Fault } from "./error-fields.ts";

/** The notifications that a stream is open for. */
export interface ListenFilter {
  readonly tools: boolean;
  readonly prompts: boolean;
  readonly resources: boolean;
  /** Resources whose updates are wanted, each once. */
  readonly uris: readonly string[];
}

/** Resources that one stream may follow. */
export const MAX_LISTEN_URIS = 1000;

/** Member of `notifications` → member of the filter. */
const FLAGS = [
  ["toolsListChanged", "tools"],
  ["promptsListChanged", "prompts"],
  ["resourcesListChanged", "resources"],
] as const;

/**
 * Reads `notifications` of the params of a listen request, or of an acknowledgement. Members that
 * are not known here ask for nothing.
 */
export function readListenFilter(params: Uint8Array | undefined): Result<ListenFilter, Fault> {
  const bytes = params ?? jsonBytes("{}");
  const asked = objectNamed(bytes, objectAt(bytes), "notifications");
  if (asked === undefined) return invalid('"notifications" must be an object');
  const filter = { tools: false, prompts: false, resources: false };
  for (const [key, flag] of FLAGS) {
    const member = memberNamed(asked.members, key);
    const text = member === undefined ? "false" : valueText(bytes, member);
    if (text !== "true" && text !== "false") return invalid(`"${key}" must be true or false`);
    filter[flag] = text === "true";
  }
  const list = memberNamed(asked.members, "resourceSubscriptions");
  const elements = list === undefined ? [] : arrayElements(bytes, list.start, MAX_DEPTH);
  if (elements === undefined) return invalid('"resourceSubscriptions" must be an array');
  if (elements.length > MAX_LISTEN_URIS) {
    return invalid(`"resourceSubscriptions" has more than ${MAX_LISTEN_URIS} entries`);
  }
  const uris = elements.map((element) => stringValue(bytes, element));
  const named = uris.filter((uri) => uri !== undefined);
  if (named.length < uris.length) return invalid('"resourceSubscriptions" must hold strings');
  return ok({ ...filter, uris: [...new Set(named)] });
}

/** What of a filter a server with these offers can keep. */
export function honouredFilter(asked: ListenFilter, offers: ListenOffers): ListenFilter {
  return {
    tools: asked.tools && offers.tools,
    prompts: asked.prompts && offers.prompts,
    resources: asked.resources && offers.resources,
    uris: offers.subscribe ? asked.uris : [],
  };
}

/** True for a notification that a stream with this filter carries; `params` as the child sent them. */
export function isListenedFor(
  filter: ListenFilter,
  method: string,
  params: Uint8Array | undefined,
): boolean {
  switch (method) {
    case "notifications/tools/list_changed":
      return filter.tools;
    case "notifications/prompts/list_changed":
      return filter.prompts;
    case "notifications/resources/list_changed":
      return filter.resources;
    case "notifications/resources/updated": {
      const members = params === undefined ? undefined : objectAt(params)?.members;
      const uri = stringValue(params ?? new Uint8Array(), memberNamed(members ?? [], "uri"));
      return uri !== undefined && filter.uris.includes(uri);
    }
    default:
      return false;
  }
}

/** Params of a listen request without an envelope, as JSON text. */
export function listenParams(filter: ListenFilter): string {
  return `{"notifications":${filterText(filter)}}`;
}

/**
 * Params of `notifications/subscriptions/acknowledged`, the first message of a stream.
 * @param id the id of the listen request as JSON text
 */
export function acknowledgedParams(honoured: ListenFilter, id: string): Uint8Array {
  const meta = `{${JSON.stringify(META_SUBSCRIPTION_ID)}:${id}}`;
  return jsonBytes(`{"notifications":${filterText(honoured)},"_meta":${meta}}`);
}

/** The result that ends a stream in good order. `id` and `serverInfo` are JSON text. */
export function listenResult(id: string, serverInfo?: string): Uint8Array {
  const info = serverInfo === undefined ? "" : `,${JSON.stringify(META_SERVER_INFO)}:${serverInfo}`;
  const meta = `{${JSON.stringify(META_SUBSCRIPTION_ID)}:${id}${info}}`;
  return jsonBytes(`{"resultType":"complete","_meta":${meta}}`);
}

/** Params of a notification, or a result, with the client's id as its mark in place of any other. */
export function stampSubscription(params: Uint8Array | undefined, id: string): Uint8Array {
  return changeObject(params ?? jsonBytes("{}"), { setMeta: [[META_SUBSCRIPTION_ID, id]] });
}

/** Params without the mark; `id` is its JSON text, undefined for a notification of no stream. */
export function unstampSubscription(params: Uint8Array | undefined): {
  readonly params: Uint8Array | undefined;
  readonly id: string | undefined;
} {
  const meta = params === undefined ? undefined : objectNamed(params, objectAt(params), "_meta");
  const mark = meta === undefined ? undefined : memberNamed(meta.members, META_SUBSCRIPTION_ID);
  if (params === undefined || mark === undefined) return { params, id: undefined };
  const isMark = (key: string): boolean => key === META_SUBSCRIPTION_ID;
  return { params: changeObject(params, { dropMeta: isMark }), id: valueText(params, mark) };
}

function filterText(filter: ListenFilter): string {
  const flags = FLAGS.filter(([, flag]) => filter[flag]).map(([key]) => `"${key}":true`);
  const uris =
    filter.uris.length === 0 ? [] : [`"resourceSubscriptions":${JSON.stringify(filter.uris)}`];
  return `{${[...flags, ...uris].join(",")}}`;
}

function invalid(what: string): Result<never, Fault> {
  return err({ code: INVALID_PARAMS, message: `Invalid params: ${what}` });
}
