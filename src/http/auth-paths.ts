/**
 * Pure. Which paths belong to authorization where it is on: they are the same on every host, and
 * each kind has its own rule for pages of other origins (auth.md section 2).
 */

/**
 * `documents`: for clients, any page may read them, no cookie counts. `pages`: for people in their
 * browser, no other origin may read or post.
 */
export type AuthPathKind = "documents" | "pages";

const DOCUMENTS = /^\/(?:\.well-known(?:\/|$)|(?:token|register|revoke)$)/;
const PAGES = /^\/(?:authorize|interaction|consent|sign-in|sign-out|set-up|setup|account)(?:\/|$)/;

/** What kind of path of authorization it is; undefined for any other. */
export function authPathKind(path: string): AuthPathKind | undefined {
  if (DOCUMENTS.test(path)) return "documents";
  return PAGES.test(path) ? "pages" : undefined;
}
