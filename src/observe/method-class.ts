/**
 * Pure. Methods of the protocol in a few classes, since a client chooses the method's name and a
 * series for each name that somebody makes up would fill any store.
 */

/** What the label `method_class` can say. */
export const METHOD_CLASSES = [
  "lifecycle",
  "ping",
  "list",
  "call",
  "read",
  "prompt",
  "subscribe",
  "complete",
  "task",
  "other",
] as const;

/** One of them. */
export type MethodClass = (typeof METHOD_CLASSES)[number];

const CLASS_OF: ReadonlyMap<string, MethodClass> = new Map([
  ["initialize", "lifecycle"],
  ["server/discover", "lifecycle"],
  ["logging/setLevel", "lifecycle"],
  ["ping", "ping"],
  ["tools/list", "list"],
  ["resources/list", "list"],
  ["resources/templates/list", "list"],
  ["prompts/list", "list"],
  ["tools/call", "call"],
  ["resources/read", "read"],
  ["prompts/get", "prompt"],
  ["resources/subscribe", "subscribe"],
  ["resources/unsubscribe", "subscribe"],
  ["subscriptions/listen", "subscribe"],
  ["completion/complete", "complete"],
]);

const OTHER = METHOD_CLASSES.indexOf("other");
const TASK = METHOD_CLASSES.indexOf("task");
const INDEX_OF = new Map(
  [...CLASS_OF].map(([method, name]) => [method, METHOD_CLASSES.indexOf(name)]),
);

/** True for the methods of the specification that have a class of their own. */
export function isKnownMethod(method: string): boolean {
  return INDEX_OF.has(method);
}

/** The class of a method, as an index into `METHOD_CLASSES`. */
export function methodClassIndex(method: string): number {
  const known = INDEX_OF.get(method);
  if (known !== undefined) return known;
  return method.startsWith("tasks/") ? TASK : OTHER;
}
