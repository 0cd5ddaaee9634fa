/**
 * Who is behind the credentials of a request: the part of authorization that every call passes.
 *
 * Good answers are remembered by hash and only while the database says that nothing has changed, so
 * that what is revoked is refused at the next request; people's rights are read from the
 * configuration each time it changes. Bad ones are not remembered: they would fill the memory.
 */
import type { GatewayConfig } from "../config/model.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Emit } from "../kernel/event.ts";
import type { AccessGrant } from "./authorization-server.ts";
import { TokenBuckets } from "./token-bucket.ts";
import { intersection, type Principal, type ServerSet } from "./principal.ts";
import { rightsOf, slugsOf } from "./rights.ts";

/** Finds what an access token stands for; expired and revoked ones are not found. */
export interface TokenLookup {
  find(token: string): AccessGrant | undefined;
}

/** An API key that was found good. */
export interface KeyGrant {
  readonly keyId: string;
  readonly user: string;
  /** Names or slugs, as they were given. */
  readonly servers: "all" | readonly string[];
  readonly isAdmin: boolean;
  readonly expiresAtMs: number | undefined;
}

/** Finds what an API key stands for; undefined for a text that is no key of ours or no more. */
export interface KeyLookup {
  /** By its form, whether or not it is good. */
  isKey(text: string): boolean;
  find(key: string): KeyGrant | undefined;
}

/** What a request says about who it is. */
export type Identity =
  { readonly kind: "nobody" } | { readonly kind: "refused"; readonly reason: string } | Known;

/** Somebody. */
export interface Known {
  readonly kind: "known";
  readonly principal: Principal;
  /** The one server that the token is for; undefined for a key. */
  readonly audience: string | undefined;
}

export interface ResourceServerOptions {
  readonly tokens: TokenLookup;
  readonly keys: KeyLookup;
  readonly config: () => GatewayConfig;
  /** Another value after every change of the database, by whomever. */
  readonly changes: () => string;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** An answer that is remembered. */
interface Verdict {
  readonly known: Known;
  readonly expiresAtMs: number;
  readonly foundAtMs: number;
}

const MAX_VERDICTS = 10_000;
/** So that the stores hear of a credential that is in use, and note when it was used last. */
const VERDICT_MS = 30_000;
/** Refusals that are told one by one; who guesses must not fill the log. */
const TOLD_REFUSALS = { capacity: 30, periodMs: 60_000, maxKeys: 1 };
const MAX_TOLD_KEYS = 10_000;
const NOBODY: Identity = { kind: "nobody" };

export class ResourceServer {
  readonly #options: ResourceServerOptions;
  readonly #verdicts = new Map<string, Verdict>();
  readonly #refusals: TokenBuckets;
  /** Keys whose first use in this run was told. */
  readonly #toldKeys = new Set<string>();
  #validFor: readonly [config: GatewayConfig | undefined, changes: string] = [undefined, ""];

  constructor(options: ResourceServerOptions) {
    this.#options = options;
    this.#refusals = new TokenBuckets(TOLD_REFUSALS, options.clock);
  }

  /** Who brings this token or key; undefined when the request has none. */
  identify(credential: string | undefined): Identity {
    if (credential === undefined || credential === "") return NOBODY;
    const { clock } = this.#options;
    this.#forgetOutdated();
    const hash = Bun.SHA256.hash(credential, "base64");
    const remembered = this.#verdicts.get(hash);
    const nowMs = clock.wallMs();
    if (remembered !== undefined && isFresh(remembered, nowMs)) return remembered.known;
    const found = this.#find(credential);
    if ("kind" in found) {
      this.#verdicts.delete(hash);
      return found;
    }
    if (this.#verdicts.size >= MAX_VERDICTS) this.#verdicts.clear();
    this.#verdicts.set(hash, { ...found, foundAtMs: nowMs });
    return found.known;
  }

  #forgetOutdated(): void {
    const config = this.#options.config();
    const changes = this.#options.changes();
    if (this.#validFor[0] === config && this.#validFor[1] === changes) return;
    this.#verdicts.clear();
    this.#validFor = [config, changes];
  }

  #find(credential: string): Omit<Verdict, "foundAtMs"> | Identity {
    const { keys, tokens } = this.#options;
    if (keys.isKey(credential)) {
      const key = keys.find(credential);
      return key === undefined ? this.#refuse("the key is not valid") : this.#ofKey(key);
    }
    const grant = tokens.find(credential);
    return grant === undefined ? this.#refuse("the token is not valid") : this.#ofToken(grant);
  }

  #ofKey(key: KeyGrant): Omit<Verdict, "foundAtMs"> | Identity {
    const { keyId, user } = key;
    const config = this.#options.config();
    const rights = rightsOf(user, config);
    if (rights === undefined) return this.#refuse("its owner is not known any more", user);
    const servers = intersection(rights.servers, slugsOf(key.servers, config.servers));
    const isAdmin = rights.isAdmin && key.isAdmin;
    this.#tellOfKey(keyId, user);
    const principal: Principal = { user, client: `key:${keyId}`, isAdmin, servers };
    return {
      known: { kind: "known", principal, audience: undefined },
      expiresAtMs: key.expiresAtMs ?? Infinity,
    };
  }

  #ofToken(grant: AccessGrant): Omit<Verdict, "foundAtMs"> | Identity {
    const { user, clientId, slug, correlation, expiresAtMs } = grant;
    const client = `client:${clientId}`;
    const rights = rightsOf(user, this.#options.config());
    if (rights === undefined) return this.#refuse("its owner is not known any more", user);
    if (grant.isFirstUse) {
      const step = { step: "first.use", outcome: "ok", correlation, user, server: slug } as const;
      this.#options.emit({ kind: "auth.step", ...step, client });
    }
    const servers: ServerSet = intersection(rights.servers, new Set([slug]));
    // A token is a leave for one server; the gateway itself is steered with keys.
    const principal: Principal = { user, client, isAdmin: false, servers };
    return { known: { kind: "known", principal, audience: slug }, expiresAtMs };
  }

  #tellOfKey(keyId: string, user: string): void {
    if (this.#toldKeys.has(keyId) || this.#toldKeys.size >= MAX_TOLD_KEYS) return;
    this.#toldKeys.add(keyId);
    const step = { step: "key.used", outcome: "ok", user, client: `key:${keyId}` } as const;
    this.#options.emit({ kind: "auth.step", ...step });
  }

  #refuse(reason: string, user?: string): Identity {
    if (this.#refusals.take("") > 0) return { kind: "refused", reason };
    const who = user === undefined ? {} : { user };
    this.#options.emit({
      kind: "auth.step",
      step: "request.refused",
      outcome: "refused",
      reason,
      ...who,
    });
    return { kind: "refused", reason };
  }
}

function isFresh({ foundAtMs, expiresAtMs }: Verdict, nowMs: number): boolean {
  return nowMs < expiresAtMs && nowMs - foundAtMs < VERDICT_MS && nowMs >= foundAtMs;
}
