/**
 * Pure. The requests that exist in the modern era, and what is particular to each.
 *
 * The list is the gateway's own: a legacy child would still answer `ping` or `logging/setLevel`,
 * which a modern client must be told do not exist. Methods of the tasks extension are in it; where
 * the child cannot serve them the caller refuses them with `methodNotFound`.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/schema
 */
import { METHOD_NOT_FOUND } from "../wire/error-codes.ts";
import type { Rejection } from "./classify.ts";

/** The extension that tasks have become (SEP-2663). */
export const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";

export interface ModernMethod {
  /** A complete result carries `ttlMs` and `cacheScope` (server/utilities/caching). */
  readonly cacheable: boolean;
  /** The result may be `input_required` (basic/patterns/mrtr). */
  readonly mayAsk: boolean;
  /** The member of params that the header Mcp-Name repeats; undefined where there is no such header. */
  readonly nameMember: "name" | "uri" | "taskId" | undefined;
  /** The extension that a method belongs to; undefined for the core. */
  readonly extension: string | undefined;
}

const PLAIN: ModernMethod = {
  cacheable: false,
  mayAsk: false,
  nameMember: undefined,
  extension: undefined,
};
const LIST: ModernMethod = { ...PLAIN, cacheable: true };
const TASK: ModernMethod = { ...PLAIN, nameMember: "taskId", extension: TASKS_EXTENSION };

const METHODS: ReadonlyMap<string, ModernMethod> = new Map([
  ["server/discover", LIST],
  ["tools/list", LIST],
  ["prompts/list", LIST],
  ["resources/list", LIST],
  ["resources/templates/list", LIST],
  ["resources/read", { ...LIST, mayAsk: true, nameMember: "uri" }],
  ["tools/call", { ...PLAIN, mayAsk: true, nameMember: "name" }],
  ["prompts/get", { ...PLAIN, mayAsk: true, nameMember: "name" }],
  ["completion/complete", PLAIN],
  ["subscriptions/listen", PLAIN],
  ["tasks/get", TASK],
  ["tasks/update", TASK],
  ["tasks/cancel", TASK],
]);

/** Requests of the legacy era that the modern one took away (2026-07-28 changelog). */
const REMOVED: ReadonlySet<string> = new Set([
  "initialize",
  "ping",
  "logging/setLevel",
  "resources/subscribe",
  "resources/unsubscribe",
  "tasks/list",
  "tasks/result",
]);

/** What is known of a modern request; undefined for a removed and for an unknown method. */
export function modernMethod(method: string): ModernMethod | undefined {
  return METHODS.get(method);
}

/** True for a request that legacy servers know and that is gone: never passed on, whoever is behind. */
export function isRemovedMethod(method: string): boolean {
  return REMOVED.has(method);
}

/** The refusal of a method that does not exist (basic/transports/streamable-http: 404). */
export function methodNotFound(): Rejection {
  return { status: 404, code: METHOD_NOT_FOUND, message: "Method not found" };
}
