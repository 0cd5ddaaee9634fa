/**
 * Pure. The pages behind a set-up link: choose a password, and what to do with it.
 */
import { html } from "hono/html";
import { alert, page } from "./layout.ts";

export interface SetUpPage {
  readonly host: string;
  readonly user: string;
  readonly minCharacters: number;
  readonly fault?: string | undefined;
}

/** The form. */
export function setUpPage({ host, user, minCharacters, fault }: SetUpPage): string {
  const isInvalid = fault === undefined ? "false" : "true";
  return page({
    title: "Choose a password",
    host,
    body: html`
      <p>
        With it you sign in when a program, such as Claude, asks to use a server of this gateway.
      </p>
      ${alert(fault)}
      <form method="post">
        <div class="field">
          <label for="username">User name</label>
          <input
            id="username"
            name="username"
            type="text"
            value="${user}"
            autocomplete="username"
            readonly
          />
        </div>
        <div class="field">
          <label for="password">New password</label>
          <input
            id="password"
            name="password"
            type="password"
            autocomplete="new-password"
            passwordrules="minlength: ${minCharacters};"
            minlength="${minCharacters}"
            maxlength="256"
            required
            autofocus
            aria-invalid="${isInvalid}"
            aria-describedby="rule fault"
          />
          <p class="quiet" id="rule">
            At least ${minCharacters} characters. Long beats complicated: four words nobody would
            guess together are good.
          </p>
        </div>
        <div class="field">
          <label for="repeated">The same again</label>
          <input
            id="repeated"
            name="repeated"
            type="password"
            autocomplete="new-password"
            minlength="${minCharacters}"
            maxlength="256"
            required
            aria-invalid="${isInvalid}"
            aria-describedby="fault"
          />
        </div>
        <div class="buttons"><button class="first">Set password</button></div>
      </form>
    `,
  });
}

const CLAUDE = html`<p class="quiet">
  In Claude: Settings, Connectors, Add custom connector. It brings you back here to sign in.
</p>`;

export interface DonePage {
  readonly host: string;
  readonly user: string;
  /** Of the servers that the person may use. */
  readonly addresses: readonly string[];
}

/** After the password was set. */
export function donePage({ host, user, addresses }: DonePage): string {
  const list = html`<p>Give your program one of these addresses:</p>
    <ul class="addresses">
      ${addresses.map((one) => html`<li><code>${one}</code></li>`)}
    </ul>
    ${addresses.some((one) => one.startsWith("https:")) ? CLAUDE : html``}`;
  return page({
    title: "Your password is set",
    host,
    body: html`
      <p>You are <strong>${user}</strong>. This link has done its work and cannot be used again.</p>
      ${addresses.length === 0 ? html`` : list}
    `,
  });
}
