/**
 * Pure. What all pages share: the document around them, and how a text of a stranger is shown.
 *
 * `html` escapes every value that is put into it; nothing here is ever marked as raw but the style
 * sheet, which is a constant.
 */
import { html, raw } from "hono/html";
import { STYLE } from "./style.ts";

/** A piece of a page. */
export type Piece = ReturnType<typeof html>;

/** In one piece: a space more would be another hash. */
const STYLE_ELEMENT = raw(`<style>${STYLE}</style>`);

/** What a page consists of. */
export interface PageContent {
  /** Also the heading. */
  readonly title: string;
  /** Instead of the title, where the heading says more. */
  readonly heading?: Piece;
  /** Shown beside the name of the program: which installation this is. */
  readonly host?: string | undefined;
  readonly body: Piece;
}

/** The whole document. */
export function page({ title, heading, host, body }: PageContent): string {
  return textOf(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <meta name="robots" content="noindex" />
          <title>${title} · Remote MCP Proxy</title>
          ${STYLE_ELEMENT}
        </head>
        <body>
          <main>
            <p class="brand">
              ${MARK}<span>Remote MCP Proxy${host === undefined ? "" : html`<br />${host}`}</span>
            </p>
            <h1>${heading ?? title}</h1>
            ${body}
          </main>
        </body>
      </html>`,
  );
}

/** A line that says what went wrong, read out by screen readers at once. */
export function alert(message: string | undefined): Piece {
  return message === undefined
    ? html``
    : html`<p class="box bad" role="alert" id="fault">${message}</p>`;
}

/** Characters that turn the reading direction, hide, or move the cursor. */
const TRICKS = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\u2028\u2029]/gu;
const MAX_NAME = 80;

/** A name that a stranger has chosen, so that it can neither reorder nor flood what is around it. */
export function strangersName(name: string): Piece {
  const clean = name.replace(TRICKS, "").replace(/\s+/g, " ").trim();
  const shown = [...clean].slice(0, MAX_NAME).join("");
  return html`<bdi>${shown === "" ? "a program without a name" : shown}</bdi>`;
}

/** Pieces of ours are made at once; none waits for anything. */
function textOf(piece: Piece): string {
  if (piece instanceof Promise) throw new TypeError("a page cannot wait");
  return piece.toString();
}

const MARK = html`<svg
  viewBox="0 0 24 24"
  fill="none"
  stroke="currentColor"
  stroke-width="2"
  stroke-linecap="round"
  aria-hidden="true"
>
  <circle cx="5" cy="12" r="2.5" />
  <circle cx="19" cy="5.5" r="2.5" />
  <circle cx="19" cy="18.5" r="2.5" />
  <path d="M7.5 12h3.5M11 12c4 0 2-6.5 5.5-6.5M11 12c4 0 2 6.5 5.5 6.5" />
</svg>`;
