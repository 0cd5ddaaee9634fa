/**
 * Hands the endpoints of OAuth to the authorization server, with the issuer that the host stands for.
 * Bodies are read here, up to a cap that no honest request comes near.
 */
import type { Context, Hono } from "hono";
import { readBody } from "../../transport/body.ts";
import type { AuthPort, Env } from "../context.ts";
import { peerOf } from "../peer.ts";
import { reply } from "../reply.ts";
import { requestIssuer } from "./issuer.ts";
import { bindToBrowser } from "./sign-in.ts";

const MAX_BODY_BYTES = 64 * 1024;
const ENDPOINTS = ["/authorize/*", "/token", "/register", "/revoke"] as const;

/** Mounts the endpoints. */
export function oauthRoutes(app: Hono<Env>, auth: AuthPort): void {
  for (const path of ENDPOINTS) app.all(path, (c) => serve(c, auth));
}

async function serve(c: Context<Env>, auth: AuthPort): Promise<Response> {
  const issuer = requestIssuer(c, auth);
  const { authorizationServer } = auth;
  if (issuer === undefined || authorizationServer === undefined) {
    return reply(c, { error: "not_found", message: "There is nothing at this path" }, 404);
  }
  const { raw } = c.req;
  const body = raw.body === null ? null : await readBody(raw, MAX_BODY_BYTES);
  if (body === undefined) {
    const description = `The body is longer than ${MAX_BODY_BYTES} bytes`;
    return reply(c, { error: "invalid_request", error_description: description }, 413);
  }
  const { method, headers, signal } = raw;
  const request = new Request(raw.url, { method, headers, body, signal });
  const answer = await authorizationServer.serve(request, issuer, peerOf(c));
  const { signIn } = auth.people;
  return signIn === undefined ? answer : bindToBrowser(c, answer, issuer, signIn);
}
