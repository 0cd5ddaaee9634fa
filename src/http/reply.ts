/**
 * JSON answers of all routes but MCP's.
 */
import type { Context } from "hono";
import type { Env } from "./context.ts";

const HEADERS = {
  "content-type": "application/json",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
} as const;

/** The same where Hono is not asked. */
export function replyTo(
  body: object,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...HEADERS, ...headers } });
}

/** A JSON answer that is neither an MCP message nor cached. */
export function reply(
  c: Context<Env>,
  body: object | string,
  status: 200 | 400 | 401 | 403 | 404 | 413 | 422 | 429 | 500 | 503 = 200,
): Response {
  return c.body(typeof body === "string" ? body : JSON.stringify(body), status, HEADERS);
}
