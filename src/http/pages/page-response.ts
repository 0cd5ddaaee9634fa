/**
 * A page as an answer: the headers that keep other sites out of it, and it out of caches.
 *
 * No Cross-Origin-Opener-Policy where a client may have opened the page in a window of its own: it
 * would cut the two apart for good, and clients that wait for their window would see it as closed.
 */
import { STYLE } from "./style.ts";

const STYLE_SOURCE = `'sha256-${new Bun.CryptoHasher("sha256").update(STYLE).digest("base64")}'`;

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "x-robots-tag": "noindex",
  // Not `no-referrer`: with it browsers send `Origin: null` with our own forms.
  "referrer-policy": "same-origin",
} as const;

export interface PageOptions {
  readonly status?: number;
  /**
   * Where a form may lead besides here. Chromium holds every redirect that follows a form to it, so
   * that without the client's address an "Allow" would end in silence.
   */
  readonly formTarget?: string;
  /** True for pages that no client opens. */
  readonly isAlone?: boolean;
  readonly retryAfterSeconds?: number;
}

/** The answer with a page. */
export function pageResponse(document: string, options: PageOptions = {}): Response {
  const response = new Response(document, { status: options.status ?? 200 });
  protectPage(response.headers, options);
  const { retryAfterSeconds } = options;
  if (retryAfterSeconds !== undefined)
    response.headers.set("retry-after", String(retryAfterSeconds));
  return response;
}

/** Gives the headers of a page to an answer in HTML that was made elsewhere. */
export function protectPage(headers: Headers, { formTarget, isAlone }: PageOptions = {}): void {
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  const formAction = ["'self'", formTarget ?? ""].join(" ").trim();
  const policy = [
    "default-src 'none'",
    `style-src ${STYLE_SOURCE}`,
    `form-action ${formAction}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  headers.set("content-security-policy", policy.join("; "));
  if (isAlone === true) headers.set("cross-origin-opener-policy", "same-origin");
}
