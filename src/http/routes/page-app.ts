/**
 * What all routes of pages share: forms of other sites are refused, long bodies are cut, and faults
 * become pages too.
 */
import { Hono, type Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { csrf } from "hono/csrf";
import { HTTPException } from "hono/http-exception";
import type { Env } from "../context.ts";
import { errorPage } from "../pages/error-page.ts";
import { pageResponse } from "../pages/page-response.ts";

const MAX_FORM_BYTES = 64 * 1024;

/** An app for routes of pages, to be mounted in the whole one. */
export function createPageApp(onFault: (error: unknown) => void): Hono<Env> {
  const app = new Hono<Env>({ getPath: (_request, context) => context?.env?.path ?? "/" });
  app.onError((error) => {
    if (error instanceof HTTPException) return foreignForm();
    onFault(error);
    const title = "Something broke here";
    const message = "The gateway has met a fault of its own; its log says more. Try again.";
    return pageResponse(errorPage({ title, message }), { status: 500 });
  });
  return app;
}

/** Refuses a form that did not come from a page of this very host. */
export const ownFormsOnly = csrf({
  // Behind a proxy that ends TLS the gateway sees http, the browser https.
  origin: (origin, c) => {
    const host = c.req.header("host");
    return origin === `https://${host}` || origin === `http://${host}`;
  },
});

/** Refuses what no form of ours is as long as. */
export const shortFormsOnly = bodyLimit({
  maxSize: MAX_FORM_BYTES,
  onError: () => {
    const message = `A form may have ${MAX_FORM_BYTES} bytes at most.`;
    return pageResponse(errorPage({ title: "This is too long", message }), { status: 413 });
  },
});

/** The fields of a form; undefined for a body that is none. */
export async function readForm(c: Context<Env>): Promise<URLSearchParams | undefined> {
  const type = c.req.header("content-type") ?? "";
  if (!/^application\/x-www-form-urlencoded\b/i.test(type)) return undefined;
  return new URLSearchParams(await c.req.text());
}

/** The answer to a form that is not ours. */
export function foreignForm(): Response {
  const title = "This form was not sent from here";
  const message =
    "Nothing was done. Open the page in your browser and send the form from there, or begin again in the program that sent you.";
  return pageResponse(errorPage({ title, message }), { status: 403 });
}

/** Sends the browser on, and says nothing of where it was. */
export function goOn(url: string): Response {
  return new Response(null, {
    status: 303,
    headers: { location: url, "cache-control": "no-store", "referrer-policy": "no-referrer" },
  });
}
