/**
 * The people of this installation: who is one, whose password is right, and how one gets a password.
 *
 * The configuration says who exists; a password of somebody whom it does not name opens nothing.
 * Owns the limits on guessing. Knows nothing of pages or clients.
 */
import { base64Url } from "../kernel/base64url.ts";
import type { GatewayConfig } from "../config/model.ts";
import type { Clock } from "../kernel/clock.ts";
import { err, ok, type Result } from "../kernel/result.ts";
import { hashSecret } from "./database.ts";
import { GuessLimits, type Try } from "./guess-limits.ts";
import { faultOfPassword, PasswordHasher } from "./passwords.ts";
import { OWNER, rightsOf } from "./rights.ts";
import type { UserStore } from "./user-store.ts";

/** How long a set-up link is good. */
export const SET_UP_LINK_MS = 24 * 3_600_000;
/** Told to callers while too many hashes are being computed. */
const BUSY_MS = 2000;
const SECRET_BYTES = 32;
/** What is looked up of a typed name; none is longer. */
const MAX_NAME = 64;

export interface AccountsOptions {
  readonly store: UserStore;
  readonly clock: Pick<Clock, "nowMs" | "wallMs">;
  /** As it is now. */
  readonly config: () => GatewayConfig;
}

/** A person who has shown that it is them. */
export interface SignedIn {
  readonly user: string;
  /** Of the sign-in: it ends with the person's next generation. */
  readonly generation: number;
}

/** What became of a try. `wait`: nothing was compared. */
export type Verdict =
  | {
      readonly kind: "right";
      readonly person: SignedIn;
      /** For the browser to keep, so that guesses from elsewhere do not slow it down. */
      readonly browser: string;
    }
  /** `user` when there is such a person. */
  | { readonly kind: "wrong"; readonly user: string | undefined }
  | { readonly kind: "wait"; readonly waitMs: number; readonly user: string | undefined };

/** A try as it comes in. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
  readonly address: string | undefined;
  /** What the browser has kept of an earlier sign-in. */
  readonly browser: string | undefined;
}

/** A person, for lists. */
export interface PersonSummary {
  readonly user: string;
  readonly isAdmin: boolean;
  readonly hasPassword: boolean;
  readonly passwordSetAtMs: number | undefined;
  readonly signedInAtMs: number | undefined;
}

export class Accounts {
  readonly #options: AccountsOptions;
  readonly #hasher = new PasswordHasher();
  readonly #limits: GuessLimits;

  constructor(options: AccountsOptions) {
    this.#options = options;
    this.#limits = new GuessLimits(options.clock);
  }

  /** Everybody whom the configuration names, in its order; `owner` when it names nobody. */
  get people(): readonly string[] {
    const names = Object.keys(this.#options.config().auth.users);
    return names.length === 0 ? [OWNER] : names;
  }

  /** True for somebody whom the configuration names. */
  exists(user: string): boolean {
    return rightsOf(user, this.#options.config()) !== undefined;
  }

  /** Everybody, with what is known of them. */
  list(): readonly PersonSummary[] {
    return this.people.map((user) => {
      const record = this.#options.store.find(user);
      const hasPassword = record?.passwordHash !== undefined;
      return {
        user,
        isAdmin: rightsOf(user, this.#options.config())?.isAdmin === true,
        hasPassword,
        passwordSetAtMs: hasPassword ? record.changedAtMs : undefined,
        signedInAtMs: record?.signedInAtMs,
      };
    });
  }

  /** Who is to be let in first: while nobody has a password, the first admin, else the first person. */
  get firstPerson(): string | undefined {
    const people = this.list();
    if (people.some(({ hasPassword }) => hasPassword)) return undefined;
    return (people.find(({ isAdmin }) => isAdmin) ?? people[0])?.user;
  }

  /** Compares a password. Takes as long for a name that nobody has. */
  async verify(credentials: Credentials): Promise<Verdict> {
    const { store } = this.#options;
    const user = this.#personOf(credentials.user);
    const browser = this.#knownBrowser(user, credentials.browser);
    const one: Try = {
      user: user ?? credentials.user.trim().toLowerCase().slice(0, MAX_NAME),
      address: credentials.address,
      knownBrowser: browser?.key,
    };
    const waitMs = this.#limits.take(one);
    if (waitMs > 0) return { kind: "wait", waitMs, user };
    const before = user === undefined ? undefined : store.find(user);
    const isKnown = browser !== undefined;
    const running = this.#hasher.verify(credentials.password, before?.passwordHash, isKnown);
    if (running === undefined) {
      this.#limits.giveBack(one);
      return { kind: "wait", waitMs: BUSY_MS, user };
    }
    if (!(await running) || user === undefined || before === undefined) {
      return { kind: "wrong", user };
    }
    this.#limits.giveBack(one);
    // A password that was changed meanwhile ends this sign-in at its first use.
    store.signedIn(user);
    const kept = browser?.secret ?? base64Url(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
    store.putBrowser(user, hashSecret(kept));
    return { kind: "right", person: { user, generation: before.generation }, browser: kept };
  }

  /** True while the sign-in has not been ended by a new password, a command or the configuration. */
  isCurrent({ user, generation }: SignedIn): boolean {
    const record = this.#options.store.find(user);
    if (record?.passwordHash === undefined || record.generation !== generation) return false;
    return this.exists(user);
  }

  /** Makes a link by which the person sets a password, once. @returns the secret part of its URL */
  createLink(user: string): string {
    const secret = base64Url(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
    const expiresAtMs = this.#options.clock.wallMs() + SET_UP_LINK_MS;
    this.#options.store.putLink(user, hashSecret(secret), expiresAtMs);
    return secret;
  }

  /** Whose link it is; undefined when it is not good, or the person is gone. */
  userOfLink(secret: string): string | undefined {
    const user = this.#options.store.userOfLink(hashSecret(secret));
    return user !== undefined && this.exists(user) ? user : undefined;
  }

  /**
   * Sets the password by a link and ends the link.
   * @returns whose it was and what the browser may keep; or why not, undefined for a link that is not good
   */
  async useLink(
    secret: string,
    password: string,
  ): Promise<Result<{ readonly user: string; readonly browser: string }, string | undefined>> {
    const user = this.userOfLink(secret);
    if (user === undefined) return err(undefined);
    const hash = await this.#hashOf(password, user);
    if (!hash.ok) return hash;
    const { store } = this.#options;
    if (store.useLink(hashSecret(secret), hash.value) === undefined) return err(undefined);
    const browser = base64Url(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
    store.putBrowser(user, hashSecret(browser));
    return ok({ user, browser });
  }

  /** Sets a password. @returns why not, as a sentence */
  async setPassword(user: string, password: string): Promise<Result<undefined, string>> {
    const hash = await this.#hashOf(password, user);
    if (!hash.ok) return hash;
    this.#options.store.setPassword(user, hash.value);
    return ok(undefined);
  }

  /** Takes the password away: the person cannot sign in until there is a new one. */
  removePassword(user: string): void {
    this.#options.store.setPassword(user, undefined);
    this.#options.store.signOut(user);
  }

  /** Ends the sign-ins of the person in all browsers. */
  signOut(user: string): void {
    this.#options.store.signOut(user);
  }

  async #hashOf(password: string, user: string): Promise<Result<string, string>> {
    const fault = faultOfPassword(password, user);
    if (fault !== undefined) return err(fault);
    const hash = this.#hasher.hash(password);
    if (hash === undefined) return err("Too many people sign in at this moment. Try again.");
    return ok(await hash);
  }

  /** The person of a typed name; keyboards of phones like to begin with a capital. */
  #personOf(typed: string): string | undefined {
    const name = typed.trim();
    const { people } = this;
    if (people.includes(name)) return name;
    const alike = people.filter((one) => one.toLowerCase() === name.toLowerCase());
    return alike.length === 1 ? alike[0] : undefined;
  }

  #knownBrowser(
    user: string | undefined,
    secret: string | undefined,
  ): { readonly secret: string; readonly key: string } | undefined {
    if (user === undefined || secret === undefined) return undefined;
    const hash = hashSecret(secret);
    if (!this.#options.store.knowsBrowser(user, hash)) return undefined;
    return { secret, key: Buffer.from(hash).toString("base64url") };
  }
}
