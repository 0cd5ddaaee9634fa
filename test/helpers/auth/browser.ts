/**
 * A browser without scripts: cookies, redirects and forms over `testFetch`, with the headers that a
 * browser adds. It stops where a redirect leaves for the wide world, and tells where that was.
 */
import { CookieJar } from "./cookie-jar.ts";
import { type FetchLike, testFetch } from "./fetch.ts";
import { type PageContent, type PageForm, parsePage } from "./page.ts";
import { TEST_DOMAIN } from "./authority.ts";

const MAX_REDIRECTS = 20;

/** A page that was loaded. */
export interface Page extends PageContent {
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
  /** Where a redirect wanted to go that was not followed: the callback of a client, for example. */
  readonly leftFor: URL | undefined;
}

/** How a form is sent. */
export interface Submission {
  /** Over what the fields hold. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Part of the text or the value of the button; the first one when left out. */
  readonly button?: string | RegExp;
  /** Which form; the first when left out. */
  readonly form?: PageForm;
  /** Over the headers that a browser would send; null leaves one out. */
  readonly headers?: Readonly<Record<string, string | null>>;
}

/** Which browser. */
export interface BrowserOptions {
  readonly fetch?: FetchLike;
  /** Callbacks of clients on this machine are called, as long as this is not false. */
  readonly followsLoopback?: boolean;
}

export class Browser {
  readonly cookies = new CookieJar();
  readonly #fetch: FetchLike;
  readonly #followsLoopback: boolean;

  constructor({ fetch = testFetch, followsLoopback = true }: BrowserOptions = {}) {
    this.#fetch = fetch;
    this.#followsLoopback = followsLoopback;
  }

  /** Opens a URL as one that was typed. */
  open(url: string | URL, headers: Submission["headers"] = {}): Promise<Page> {
    return this.#load(new URL(url), { method: "GET", site: "none", headers });
  }

  /** Sends a form of a page. @throws Error when there is none, or no such button */
  submit(page: Page, submission: Submission = {}): Promise<Page> {
    const form = submission.form ?? page.forms[0];
    if (form === undefined) throw new Error(`no form on ${page.url}: ${page.words}`);
    const { button: wanted } = submission;
    const button =
      wanted === undefined
        ? form.buttons[0]
        : form.buttons.find(({ text, value }) => matches(wanted, text) || matches(wanted, value));
    if (wanted !== undefined && button === undefined)
      throw new Error(`no button ${String(wanted)} on ${page.url}: ${page.words}`);
    const body = new URLSearchParams([...form.fields]);
    for (const [name, value] of Object.entries(submission.fields ?? {})) body.set(name, value);
    if (button?.name !== undefined) body.set(button.name, button.value);
    const url = new URL(form.action, page.url);
    const { headers = {} } = submission;
    if (form.method === "GET") {
      url.search = body.toString();
      return this.#load(url, { method: "GET", site: "same-origin", headers });
    }
    const origin = page.headers.get("referrer-policy") === "no-referrer" ? "null" : page.url.origin;
    const own = { origin, "content-type": "application/x-www-form-urlencoded" };
    const send = { body: body.toString(), site: "same-origin", headers: { ...own, ...headers } };
    return this.#load(url, { method: "POST", ...send });
  }

  async #load(start: URL, first: Send): Promise<Page> {
    let url = start;
    let send = first;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const response = await this.#fetch(url, {
        method: send.method,
        headers: this.#headers(url, send),
        ...(send.body === undefined ? {} : { body: send.body }),
        redirect: "manual",
      });
      this.cookies.take(url, response.headers);
      const location = response.headers.get("location");
      const next = location === null ? undefined : new URL(location, url);
      if (next === undefined || response.status < 300 || response.status > 399)
        return pageOf(url, response, undefined);
      if (!this.#follows(next)) return pageOf(url, response, next);
      await response.body?.cancel();
      const isSame = response.status === 307 || response.status === 308;
      // A navigation keeps how it began: typed by a person, or from a page of the same site.
      send = isSame ? send : { method: "GET", site: send.site, headers: {} };
      url = next;
    }
    throw new Error(`more than ${MAX_REDIRECTS} redirects from ${start}`);
  }

  #follows({ protocol, hostname }: URL): boolean {
    if (protocol !== "https:" && protocol !== "http:") return false;
    if (hostname === TEST_DOMAIN || hostname.endsWith(`.${TEST_DOMAIN}`)) return true;
    return this.#followsLoopback && (hostname === "127.0.0.1" || hostname === "localhost");
  }

  #headers(url: URL, { site, headers }: Send): Headers {
    const all = new Headers({
      accept: "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
      "accept-language": "en",
      "sec-fetch-dest": "document",
      "sec-fetch-mode": "navigate",
      "sec-fetch-site": site,
      "sec-fetch-user": "?1",
      "upgrade-insecure-requests": "1",
      "user-agent": "Mozilla/5.0 (scripted)",
    });
    const cookie = this.cookies.header(url);
    if (cookie !== undefined) all.set("cookie", cookie);
    for (const [name, value] of Object.entries(headers)) {
      if (value === null) all.delete(name);
      else all.set(name, value);
    }
    return all;
  }
}

interface Send {
  readonly method: "GET" | "POST";
  readonly body?: string;
  readonly site: string;
  readonly headers: Readonly<Record<string, string | null>>;
}

async function pageOf(url: URL, response: Response, leftFor: URL | undefined): Promise<Page> {
  const html = await response.text();
  const { status, headers } = response;
  return { ...parsePage(html), url, status, headers, html, leftFor };
}

function matches(wanted: string | RegExp, text: string): boolean {
  return typeof wanted === "string" ? text.includes(wanted) : wanted.test(text);
}
