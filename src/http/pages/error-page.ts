/**
 * Pure. The page for what cannot go on: says why and what to do next.
 */
import { html } from "hono/html";
import { page } from "./layout.ts";

/** What went wrong. */
export interface ErrorContent {
  readonly title: string;
  readonly message: string;
  readonly host?: string;
}

/** The document. `message` may hold text of a stranger: it is escaped, and cut. */
export function errorPage({ title, message, host }: ErrorContent): string {
  const shown = message.length > 500 ? `${message.slice(0, 500)}…` : message;
  return page({
    title,
    host,
    body: html`<p>${shown}</p>
      <p class="quiet">You can close this page.</p>`,
  });
}
