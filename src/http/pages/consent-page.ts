/**
 * Pure. The page that asks for leave: which program, which server, as whom, and where it leads.
 */
import { html } from "hono/html";
import { page, strangersName, type Piece } from "./layout.ts";
import type { RedirectTarget } from "./redirect-target.ts";

export interface ConsentPage {
  readonly host: string;
  readonly clientName: string;
  /** Who vouches for the name; undefined when nobody does. */
  readonly verifiedBy: string | undefined;
  readonly target: RedirectTarget;
  readonly server: string;
  readonly user: string;
  /** False when the person may not use the server: there is nothing to allow. */
  readonly mayUse: boolean;
}

/** The document. */
export function consentPage(content: ConsentPage): string {
  const { host, clientName, verifiedBy, target, server, user, mayUse } = content;
  const name = strangersName(clientName);
  const quoted = verifiedBy === undefined ? html`“${name}”` : name;
  if (!mayUse) {
    return page({
      title: "No access",
      host,
      body: html`
        <p class="box bad" role="alert">
          <strong>${user}</strong> may not use the server <strong>${server}</strong>, so there is
          nothing to allow. Whoever runs this gateway can change that in its configuration.
        </p>
        <form method="post">
          <div class="buttons two">
            <button class="first" name="action" value="deny">Go back</button>
            <button name="action" value="change-user">Sign in as somebody else</button>
          </div>
        </form>
      `,
    });
  }
  return page({
    title: "Allow access?",
    // A name that anybody can choose is not repeated in large letters.
    heading: html`Let ${verifiedBy === undefined ? "this program" : name} use ${server}?`,
    host,
    body: html`<form method="post">
        <dl>
          <div>
            <dt>Program</dt>
            <dd><strong>${quoted}</strong> ${nameMark(verifiedBy)}</dd>
          </div>
          <div>
            <dt>May use all tools of the server</dt>
            <dd><strong>${server}</strong></dd>
          </div>
          <div>
            <dt>In your name</dt>
            <dd>
              <strong>${user}</strong>
              <button class="link" name="action" value="change-user">Not you?</button>
            </dd>
          </div>
          <div>
            <dt>
              ${target.kind === "app" ? "Then opens the app for links that begin with" : "Then sends you back to"}
            </dt>
            <dd><strong>${target.shown}</strong></dd>
          </div>
        </dl>
        ${warnings(target, verifiedBy)}
        <div class="buttons two">
          <button class="first" name="action" value="allow">Allow</button>
          <button name="action" value="deny">Deny</button>
        </div>
      </form>
      <p class="quiet after">
        Allow only what you have begun yourself. It holds until it is taken back by whoever runs
        this gateway.
      </p> `,
  });
}

function nameMark(verifiedBy: string | undefined): Piece {
  if (verifiedBy === undefined) return html`<span class="mark warn">unverified name</span>`;
  return html`<span class="mark good">verified: ${verifiedBy}</span>`;
}

function warnings(target: RedirectTarget, verifiedBy: string | undefined): Piece {
  const unverified =
    verifiedBy === undefined && target.kind === "site"
      ? html`<p class="box warn">
          Anybody can choose this name. What counts is the address above: is
          <strong>${target.shown}</strong> where you come from?
        </p>`
      : html``;
  if (target.kind === "site") return unverified;
  const where =
    target.kind === "program"
      ? html`This goes to a program on the computer in front of you
        (<strong>${target.shown}</strong>).`
      : html`This goes to whichever app on this device opens
          <strong>${target.shown}</strong> links.`;
  return html`<p class="box warn">
    ${where} Any program there could be asking under this name. Allow it only if you have just
    started to connect one.
  </p>`;
}
