/**
 * The pages behind a set-up link. Looking at the page does not use the link up: programs that
 * preview links would.
 */
import type { Context, Hono } from "hono";
import { MIN_PASSWORD_CHARACTERS } from "../../auth/passwords.ts";
import { SET_UP_PATH } from "../../auth/set-up-url.ts";
import type { AuthPort, Env, PeoplePort } from "../context.ts";
import { giveCookie } from "../cookies.ts";
import { errorPage } from "../pages/error-page.ts";
import { pageResponse } from "../pages/page-response.ts";
import { donePage, setUpPage } from "../pages/set-up-page.ts";
import { requestIssuer } from "./issuer.ts";
import { createPageApp, foreignForm, ownFormsOnly, readForm, shortFormsOnly } from "./page-app.ts";

/** Mounts the pages. */
export function setUpRoutes(
  app: Hono<Env>,
  auth: AuthPort,
  onFault: (error: unknown) => void,
): void {
  const { people } = auth;
  const pages = createPageApp(onFault);
  const path = `${SET_UP_PATH}:secret`;
  pages.get(path, (c) => {
    const user = people.accounts.userOfLink(c.req.param("secret"));
    return user === undefined ? badLink(people, c.req.param("secret")) : form(c, user);
  });
  pages.post(path, ownFormsOnly, shortFormsOnly, (c) => choose(c, auth));
  app.route("/", pages);
}

async function choose(c: Context<Env>, auth: AuthPort): Promise<Response> {
  const { people } = auth;
  const { accounts, addressesOf, emit } = people;
  const fields = await readForm(c);
  if (fields === undefined) return foreignForm();
  const secret = c.req.param("secret") ?? "";
  const user = accounts.userOfLink(secret);
  if (user === undefined) return badLink(people, secret);
  const password = fields.get("password") ?? "";
  if (password !== fields.get("repeated")) {
    return form(c, user, "The two are not the same. Type the password again, twice.");
  }
  const result = await accounts.useLink(secret, password);
  if (!result.ok) {
    return result.error === undefined ? badLink(people, secret) : form(c, user, result.error);
  }
  emit({ kind: "auth.step", step: "user.set-up", outcome: "ok", user });
  const document = donePage({ host: hostOf(c), user, addresses: addressesOf(user) });
  const response = pageResponse(document, { isAlone: true });
  const issuer = requestIssuer(c, auth);
  if (issuer !== undefined) giveCookie(response.headers, "browser", issuer, result.value.browser);
  return response;
}

function form(c: Context<Env>, user: string, fault?: string): Response {
  const content = { host: hostOf(c), user, minCharacters: MIN_PASSWORD_CHARACTERS, fault };
  const status = fault === undefined ? 200 : 400;
  return pageResponse(setUpPage(content), { status, isAlone: true });
}

function badLink({ emit }: PeoplePort, secret: string): Response {
  const reason = "a set-up link that is unknown, used or too old";
  // What has not even the form of a link is some scanner's, and would only fill the log.
  if (/^[A-Za-z0-9_-]{43}$/.test(secret))
    emit({ kind: "auth.step", step: "user.set-up", outcome: "refused", reason });
  const title = "This link does not work any more";
  const message =
    "It was used, is older than a day, or a newer one was made. Whoever runs this gateway makes a new one with the command “remote-mcp-proxy user set-up-link”; while nobody has a password, each start prints one.";
  return pageResponse(errorPage({ title, message }), { status: 404, isAlone: true });
}

function hostOf(c: Context<Env>): string {
  return c.req.header("host") ?? "";
}
