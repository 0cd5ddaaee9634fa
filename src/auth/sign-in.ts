/**
 * The way of a person through a waiting request: sign in, look, allow or deny.
 *
 * Owns which browser each waiting request belongs to. A request is bound in the answer that sends
 * the browser here, can be decided once, and only for ten minutes; leave is asked for every time,
 * because all people of a hosted client share its id.
 */
import type { GatewayConfig } from "../config/model.ts";
import type { Clock } from "../kernel/clock.ts";
import type { AuthEvent, Emit } from "../kernel/event.ts";
import type { Accounts, Credentials, Verdict } from "./accounts.ts";
import type { AuthorizationServer, PendingAuthorization } from "./authorization-server.ts";
import type { BrowserSession, BrowserSessions } from "./browser-sessions.ts";
import type { Issuer } from "./public-hosts.ts";
import { rightsOf } from "./rights.ts";
import { TokenBuckets } from "./token-bucket.ts";

const PENDING_MS = 10 * 60_000;
const MAX_BOUND = 10_000;
const TOLD_REFUSALS = { capacity: 20, periodMs: 60_000, maxKeys: 1 };

export interface SignInOptions {
  readonly engine: Pick<AuthorizationServer, "pending" | "approve" | "deny">;
  readonly accounts: Accounts;
  readonly sessions: BrowserSessions;
  readonly clock: Pick<Clock, "nowMs">;
  readonly config: () => GatewayConfig;
  readonly emit: Emit;
}

/** Which request, in which browser. */
export interface Visit {
  readonly issuer: Issuer;
  readonly id: string;
  /** What the browser's cookie says. */
  readonly sessionId: string | undefined;
}

/** What a person is to be shown. */
export type View =
  /** No such request in this browser (any more). */
  | { readonly kind: "gone" }
  | {
      readonly kind: "sign-in";
      readonly pending: PendingAuthorization;
      /** For the field; undefined where it is not for everybody to know. */
      readonly user: string | undefined;
    }
  | {
      readonly kind: "consent";
      readonly pending: PendingAuthorization;
      readonly user: string;
      /** False when the configuration does not let the person use the server. */
      readonly mayUse: boolean;
    };

/** What became of a sign-in. */
export type SignInResult =
  | { readonly kind: "gone" }
  | { readonly kind: "signed-in"; readonly sessionId: string; readonly browser: string }
  | { readonly kind: "wrong"; readonly pending: PendingAuthorization }
  | { readonly kind: "wait"; readonly pending: PendingAuthorization; readonly waitMs: number };

interface Bound {
  sessionId: string;
  readonly untilMs: number;
}

export class SignIn {
  readonly #options: SignInOptions;
  readonly #bound = new Map<string, Bound>();
  readonly #refusals: TokenBuckets;

  constructor(options: SignInOptions) {
    this.#options = options;
    this.#refusals = new TokenBuckets(TOLD_REFUSALS, options.clock);
  }

  /** Binds a request that has just begun to the browser. @returns the session id for its cookie */
  begin({ issuer, id, sessionId }: Visit): string {
    const { sessions, clock } = this.#options;
    const session = this.#sessionOf(sessionId) ?? sessions.open();
    const key = keyOf(issuer, id);
    const [oldest] = this.#bound.keys();
    if (this.#bound.size >= MAX_BOUND && oldest !== undefined) this.#bound.delete(oldest);
    // The first browser keeps it.
    if (!this.#bound.has(key)) {
      this.#bound.set(key, { sessionId: session.id, untilMs: clock.nowMs() + PENDING_MS });
    }
    return session.id;
  }

  /** What the browser is to be shown. */
  async view(visit: Visit): Promise<View> {
    const found = await this.#find(visit);
    if (found === undefined) return { kind: "gone" };
    const { pending, session } = found;
    const { accounts } = this.#options;
    if (session.person === undefined) {
      const { people } = accounts;
      const isOwnerOnly = Object.keys(this.#options.config().auth.users).length === 0;
      return { kind: "sign-in", pending, user: isOwnerOnly ? people[0] : undefined };
    }
    const { user } = session.person;
    return { kind: "consent", pending, user, mayUse: this.#mayUse(user, pending.slug) };
  }

  /** Compares a password; the browser's session gets a new id. */
  async signIn(visit: Visit, credentials: Credentials): Promise<SignInResult> {
    const found = await this.#find(visit);
    if (found === undefined) return { kind: "gone" };
    const { pending, session } = found;
    const { accounts, sessions } = this.#options;
    const verdict = await accounts.verify(credentials);
    if (verdict.kind !== "right") {
      this.#tellOfRefusal(pending, verdict, credentials.address);
      return verdict.kind === "wrong"
        ? { kind: "wrong", pending }
        : { kind: "wait", pending, waitMs: verdict.waitMs };
    }
    // Two sign-ins at once: the second finds a session that is gone.
    if (sessions.find(session.id) === undefined) return { kind: "gone" };
    const fresh = sessions.open(verdict.person);
    this.#move(session, fresh);
    this.#tell("user.signed-in", "ok", pending, verdict.person.user);
    return { kind: "signed-in", sessionId: fresh.id, browser: verdict.browser };
  }

  /** Signs the browser out and keeps the request. @returns the new session id; undefined when gone */
  async changeUser(visit: Visit): Promise<string | undefined> {
    const found = await this.#find(visit);
    if (found === undefined) return undefined;
    const fresh = this.#options.sessions.open();
    this.#move(found.session, fresh);
    return fresh.id;
  }

  /** Decides. @returns where the browser goes on; undefined when there is nothing (left) to decide */
  async decide(visit: Visit, isAllowed: boolean): Promise<string | undefined> {
    const found = await this.#find(visit);
    const key = keyOf(visit.issuer, visit.id);
    // Of two answers at once one finds it here.
    if (found === undefined || !this.#bound.delete(key)) return undefined;
    const { pending, session } = found;
    const { engine } = this.#options;
    const user = session.person?.user;
    if (isAllowed && user !== undefined && this.#mayUse(user, pending.slug)) {
      const url = await engine.approve(visit.issuer, visit.id, user);
      this.#tell("authorize.approved", "ok", pending, user);
      return url;
    }
    const url = await engine.deny(visit.issuer, visit.id);
    this.#tell("authorize.denied", "refused", pending, user, isAllowed ? "no right" : "denied");
    return url;
  }

  async #find(
    visit: Visit,
  ): Promise<{ pending: PendingAuthorization; session: BrowserSession } | undefined> {
    const key = keyOf(visit.issuer, visit.id);
    const bound = this.#bound.get(key);
    if (bound === undefined || bound.sessionId !== visit.sessionId) return undefined;
    if (this.#options.clock.nowMs() >= bound.untilMs) {
      this.#bound.delete(key);
      return undefined;
    }
    const session = this.#sessionOf(visit.sessionId);
    if (session === undefined) return undefined;
    const pending = await this.#options.engine.pending(visit.issuer, visit.id);
    return pending === undefined ? undefined : { pending, session };
  }

  /** A sign-in that was ended elsewhere leaves the browser a stranger with the same id. */
  #sessionOf(id: string | undefined): BrowserSession | undefined {
    const { sessions, accounts } = this.#options;
    const session = sessions.find(id);
    if (session?.person === undefined || accounts.isCurrent(session.person)) return session;
    return { id: session.id, person: undefined };
  }

  /** All that waits in the browser: it may have several pages open. */
  #move(from: BrowserSession, to: BrowserSession): void {
    for (const bound of this.#bound.values()) {
      if (bound.sessionId === from.id) bound.sessionId = to.id;
    }
    this.#options.sessions.end(from.id);
  }

  #mayUse(user: string, slug: string): boolean {
    const servers = rightsOf(user, this.#options.config())?.servers;
    return servers === "all" || servers?.has(slug) === true;
  }

  /** With the address, so that an operator can see who guesses. */
  #tellOfRefusal(
    pending: PendingAuthorization,
    verdict: Exclude<Verdict, { readonly kind: "right" }>,
    address = "an unknown address",
  ): void {
    const isWrong = verdict.kind === "wrong";
    // Whoever guesses without end shall not fill the log as well.
    if (!isWrong && this.#refusals.take("all") > 0) return;
    const reason = `${isWrong ? "wrong name or password" : "too many tries"}, from ${address}`;
    // A name that nobody has is not told: people type passwords into that field.
    this.#tell("user.signed-in", "refused", pending, verdict.user, reason);
  }

  #tell(
    step: AuthEvent["step"],
    outcome: AuthEvent["outcome"],
    pending: PendingAuthorization,
    user: string | undefined,
    reason?: string,
  ): void {
    const { correlation, clientId: client, slug: server } = pending;
    this.#options.emit({
      kind: "auth.step",
      step,
      outcome,
      correlation,
      client,
      server,
      ...(user === undefined ? {} : { user }),
      ...(reason === undefined ? {} : { reason }),
    });
  }
}

function keyOf({ issuer }: Issuer, id: string): string {
  return `${issuer} ${id}`;
}
