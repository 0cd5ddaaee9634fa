/**
 * The pages of a request that waits for a person: sign in, allow or deny; and the hand that binds
 * the request to the browser when the authorization server sends it here.
 */
import type { Context, Hono } from "hono";
import { SIGN_IN_PATH, type PendingAuthorization } from "../../auth/authorization-server.ts";
import type { Issuer } from "../../auth/public-hosts.ts";
import type { SignIn, Visit } from "../../auth/sign-in.ts";
import type { AuthPort, Env } from "../context.ts";
import { giveCookie, readCookie } from "../cookies.ts";
import { consentPage } from "../pages/consent-page.ts";
import { errorPage } from "../pages/error-page.ts";
import { pageResponse, protectPage } from "../pages/page-response.ts";
import { redirectTarget } from "../pages/redirect-target.ts";
import { signInPage } from "../pages/sign-in-page.ts";
import { peerOf } from "../peer.ts";
import { requestIssuer } from "./issuer.ts";
import {
  createPageApp,
  foreignForm,
  goOn,
  ownFormsOnly,
  readForm,
  shortFormsOnly,
} from "./page-app.ts";

/** Mounts the pages. */
export function signInRoutes(
  app: Hono<Env>,
  auth: AuthPort,
  onFault: (error: unknown) => void,
): void {
  const { signIn } = auth.people;
  if (signIn === undefined) return;
  const pages = createPageApp(onFault);
  const path = `${SIGN_IN_PATH}:id`;
  pages.get(path, async (c) => {
    const visit = visitOf(c, auth);
    return visit === undefined ? gone() : show(visit, signIn);
  });
  pages.post(path, ownFormsOnly, shortFormsOnly, async (c) => {
    const form = await readForm(c);
    const visit = visitOf(c, auth);
    if (form === undefined) return foreignForm();
    if (visit === undefined) return gone();
    switch (form.get("action")) {
      case "allow":
      case "deny": {
        const url = await signIn.decide(visit, form.get("action") === "allow");
        return url === undefined ? gone() : goOn(url);
      }
      case "change-user": {
        const sessionId = await signIn.changeUser(visit);
        return sessionId === undefined ? gone() : backToPage(visit, sessionId);
      }
      default:
        return takePassword(c, form, visit, signIn);
    }
  });
  app.route("/", pages);
}

/**
 * What the browser gets for an answer of the authorization server: a redirect to the page binds the
 * waiting request to this browser, a page of its own gets the headers of a page.
 */
export function bindToBrowser(
  c: Context<Env>,
  answer: Response,
  issuer: Issuer,
  signIn: SignIn,
): Response {
  const id = waitingId(answer.headers.get("location"), issuer);
  const isPage = answer.headers.get("content-type")?.startsWith("text/html") === true;
  if (id === undefined && !isPage) return answer;
  const headers = new Headers(answer.headers);
  if (isPage) protectPage(headers);
  if (id !== undefined) {
    const known = readCookie(c, "session", issuer);
    const sessionId = signIn.begin({ issuer, id, sessionId: known });
    if (sessionId !== known) giveCookie(headers, "session", issuer, sessionId);
  }
  return new Response(answer.body, { status: answer.status, headers });
}

/** The id behind a redirect to the page, absolute or not. */
function waitingId(location: string | null, { issuer, basePath }: Issuer): string | undefined {
  const bases = [`${issuer}${SIGN_IN_PATH}`, `${basePath}${SIGN_IN_PATH}`];
  const base = bases.find((one) => location?.startsWith(one) === true);
  const id = base === undefined ? undefined : location?.slice(base.length);
  return id !== undefined && /^[A-Za-z0-9_-]+$/.test(id) ? id : undefined;
}

function visitOf(c: Context<Env>, auth: AuthPort): Visit | undefined {
  const issuer = requestIssuer(c, auth);
  if (issuer === undefined) return undefined;
  return { issuer, id: c.req.param("id") ?? "", sessionId: readCookie(c, "session", issuer) };
}

async function show(visit: Visit, signIn: SignIn): Promise<Response> {
  const view = await signIn.view(visit);
  switch (view.kind) {
    case "gone":
      return gone();
    case "sign-in":
      return askForPassword(visit, view.pending, { user: view.user });
    case "consent": {
      const { pending, user, mayUse } = view;
      const target = redirectTarget(pending.redirectUri);
      const document = consentPage({
        host: hostOf(visit.issuer),
        clientName: pending.clientName,
        verifiedBy: pending.verifiedBy,
        target,
        server: pending.slug,
        user,
        mayUse,
      });
      return pageResponse(document, { formTarget: target.source });
    }
  }
}

async function takePassword(
  c: Context<Env>,
  form: URLSearchParams,
  visit: Visit,
  signIn: SignIn,
): Promise<Response> {
  const user = form.get("username") ?? "";
  const result = await signIn.signIn(visit, {
    user,
    password: form.get("password") ?? "",
    address: peerOf(c).address,
    browser: readCookie(c, "browser", visit.issuer),
  });
  switch (result.kind) {
    case "gone":
      return gone();
    case "signed-in": {
      const response = backToPage(visit, result.sessionId);
      giveCookie(response.headers, "browser", visit.issuer, result.browser);
      return response;
    }
    case "wrong": {
      const fault = "User name and password do not belong together. Try again.";
      return askForPassword(visit, result.pending, { user, fault, status: 403 });
    }
    case "wait": {
      const retryAfterSeconds = Math.ceil(result.waitMs / 1000);
      const fault = `Too many tries. Try again in ${inWords(retryAfterSeconds)}.`;
      const more = { user, fault, status: 429, retryAfterSeconds };
      return askForPassword(visit, result.pending, more);
    }
  }
}

interface PasswordPage {
  readonly user: string | undefined;
  readonly fault?: string;
  readonly status?: number;
  readonly retryAfterSeconds?: number;
}

function askForPassword(
  { issuer }: Visit,
  pending: PendingAuthorization,
  { user, fault, ...options }: PasswordPage,
): Response {
  const document = signInPage({
    host: hostOf(issuer),
    clientName: pending.clientName,
    isVerified: pending.verifiedBy !== undefined,
    server: pending.slug,
    user,
    fault,
  });
  const { source } = redirectTarget(pending.redirectUri);
  return pageResponse(document, { ...options, formTarget: source });
}

/** The browser asks for the page anew, with its new session: reloading sends no password twice. */
function backToPage({ issuer, id }: Visit, sessionId: string): Response {
  const response = goOn(`${issuer.basePath}${SIGN_IN_PATH}${id}`);
  giveCookie(response.headers, "session", issuer, sessionId);
  return response;
}

function gone(): Response {
  const title = "There is nothing to decide here";
  const message =
    "This request was decided already, is older than ten minutes, or was begun in another browser; or your browser keeps no cookies. Begin again in the program that sent you.";
  return pageResponse(errorPage({ title, message }), { status: 400 });
}

function hostOf({ issuer }: Issuer): string {
  return new URL(issuer).host;
}

function inWords(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  if (seconds < 60) return seconds === 1 ? "a second" : `${seconds} seconds`;
  return minutes === 1 ? "a minute" : `${minutes} minutes`;
}
