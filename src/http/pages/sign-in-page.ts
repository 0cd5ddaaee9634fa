/**
 * Pure. The page that asks who somebody is.
 */
import { html } from "hono/html";
import { alert, page, strangersName } from "./layout.ts";

export interface SignInPage {
  readonly host: string;
  /** As the client calls itself. */
  readonly clientName: string;
  readonly isVerified: boolean;
  readonly server: string;
  /** What is in the field for the name already. */
  readonly user: string | undefined;
  /** What was wrong with the try before. */
  readonly fault?: string | undefined;
}

/** The document. */
export function signInPage(content: SignInPage): string {
  const { host, clientName, isVerified, server, user, fault } = content;
  const name = strangersName(clientName);
  const who = isVerified
    ? html`<strong>${name}</strong>`
    : html`A program that calls itself “<strong>${name}</strong>”`;
  const isInvalid = fault === undefined ? "false" : "true";
  // Whoever has a name in the field already goes on with the password.
  const focusName = user === undefined ? html` autofocus` : html``;
  const focusPassword = user === undefined ? html`` : html` autofocus`;
  return page({
    title: "Sign in",
    host,
    body: html`
      <p>${who} wants to use the server <strong>${server}</strong>. Sign in to decide about it.</p>
      ${alert(fault)}
      <form method="post">
        <div class="field">
          <label for="username">User name</label>
          <input
            id="username"
            name="username"
            type="text"
            value="${user ?? ""}"
            autocomplete="username"
            autocapitalize="none"
            autocorrect="off"
            spellcheck="false"
            maxlength="64"
            required
            aria-invalid="${isInvalid}"
            aria-describedby="fault"
            ${focusName}
          />
        </div>
        <div class="field">
          <label for="password">Password</label>
          <input
            id="password"
            name="password"
            type="password"
            autocomplete="current-password"
            required
            aria-invalid="${isInvalid}"
            aria-describedby="fault"
            ${focusPassword}
          />
        </div>
        <div class="buttons">
          <button class="first" name="action" value="sign-in">Sign in</button>
          <button name="action" value="deny" formnovalidate>Cancel</button>
        </div>
      </form>
      <p class="quiet after">
        Password forgotten? Whoever runs this gateway can give you a new set-up link.
      </p>
    `,
  });
}
