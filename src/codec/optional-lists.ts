/**
 * Pure. The lists that a client asks for whether or not the server has such things. A server
 * without them gives an empty list through us, since clients take an error for a broken server.
 */

export interface OptionalList {
  /** The capability that a server with such a list declares. */
  readonly capability: string;
  /** The member of the result that holds the list. */
  readonly member: string;
}

const LISTS: Readonly<Record<string, OptionalList>> = {
  "resources/list": { capability: "resources", member: "resources" },
  "resources/templates/list": { capability: "resources", member: "resourceTemplates" },
  "prompts/list": { capability: "prompts", member: "prompts" },
};

/** What is known of an optional list method; undefined for every other method. */
export function optionalList(method: string): OptionalList | undefined {
  return Object.hasOwn(LISTS, method) ? LISTS[method] : undefined;
}

/** The result that says "none", as JSON text. */
export function emptyList(list: OptionalList): string {
  return `{"${list.member}":[]}`;
}
