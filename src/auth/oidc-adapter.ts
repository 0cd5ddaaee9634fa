/**
 * Where the protocol engine keeps things, for one issuer: tokens and leaves in the stores (hashes
 * only, the engine's `jti`, which is the token itself, is taken out), requests that wait in memory,
 * browser sessions nowhere.
 */
import { errors } from "oidc-provider";
import type { Adapter, AdapterPayload } from "oidc-provider";
import type { Clock } from "../kernel/clock.ts";
import { messageOf } from "../kernel/error.ts";
import { SCOPE } from "./authorization-metadata.ts";
import type { PendingRequests } from "./pending-requests.ts";
import type { TokenKind, TokenStore } from "./token-store.ts";

/** What a client is to the engine: metadata in the words of RFC 7591. */
export type ClientMetadata = Readonly<Record<string, unknown>>;

/** What the adapter works on. */
export interface AdapterOptions {
  readonly issuer: string;
  readonly tokens: TokenStore;
  readonly pending: PendingRequests;
  readonly assertions: AssertionIds;
  readonly clock: Pick<Clock, "wallMs">;
  readonly refreshGraceMs: () => number;
  /** Rejects with why a client cannot be known. */
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>;
  /** Ends a leave; `why` in words for the operator. */
  readonly revokeGrant: (grantId: string, why: string) => void;
}

/** Of a refresh token that was used: clients that refresh in parallel each get their own pair. */
const MAX_REFRESH_USES = 10;
const FAR_SECONDS = 365 * 86_400;

/** The adapter for one of the engine's models. */
export function createAdapter(model: string, options: AdapterOptions): Adapter {
  switch (model) {
    case "AuthorizationCode":
      return tokenAdapter("code", options);
    case "AccessToken":
      return tokenAdapter("access", options);
    case "RefreshToken":
      return tokenAdapter("refresh", options);
    case "Grant":
      return grantAdapter(options);
    case "Client":
      return clientAdapter(options);
    case "Interaction":
      return pendingAdapter(options.pending);
    case "ReplayDetection":
      return replayAdapter(options.assertions);
    case "Session":
      // Everybody is asked every time, so there is nothing to remember of a browser.
      return NOTHING;
    default:
      throw new Error(`the protocol engine wants to keep a ${model}, which nothing here uses`);
  }
}

const nothing = (): Promise<undefined> => Promise.resolve(undefined);

const NOTHING: Adapter = {
  upsert: nothing,
  find: nothing,
  findByUserCode: nothing,
  findByUid: nothing,
  consume: nothing,
  destroy: nothing,
  revokeByGrantId: nothing,
};

function tokenAdapter(kind: TokenKind, options: AdapterOptions): Adapter {
  const { tokens, issuer, clock } = options;
  const isRefresh = kind === "refresh";
  return {
    ...NOTHING,
    upsert: (id, { jti: _jti, ...payload }, expiresInSeconds = 0) => {
      const { grantId } = payload;
      const isKept =
        grantId !== undefined &&
        tokens.addToken(id, kind, {
          grantId,
          expiresAtMs: clock.wallMs() + expiresInSeconds * 1000,
          payload: JSON.stringify(payload),
        });
      // Revoked by another request since this one began.
      return isKept ? nothing() : Promise.reject(new errors.InvalidGrant("the leave was revoked"));
    },
    find: (id) => {
      const token = tokens.token(id, kind, issuer);
      const nowMs = clock.wallMs();
      if (token === undefined || token.expiresAtMs <= nowMs) return nothing();
      const payload = JSON.parse(token.payload) as AdapterPayload;
      const { usedAtMs } = token;
      // The engine ends the whole leave at the second use. In milliseconds: whole seconds would
      // make a grace of one second nothing at all.
      const graceMs = isRefresh ? options.refreshGraceMs() : 0;
      const isSpent = usedAtMs !== undefined && usedAtMs + graceMs <= nowMs;
      const consumed = isSpent ? { consumed: Math.floor(usedAtMs / 1000) } : {};
      return Promise.resolve({ ...payload, ...consumed, jti: id });
    },
    consume: (id) => {
      const isUsed = isRefresh
        ? tokens.useToken(id, kind, options.refreshGraceMs(), MAX_REFRESH_USES)
        : tokens.useToken(id, kind);
      if (isUsed) return nothing();
      const token = tokens.token(id, kind, issuer);
      // Two at the same moment: a code was stolen or sent twice, and nobody can say which.
      if (!isRefresh && token !== undefined) {
        options.revokeGrant(token.grantId, "a code was used twice at the same moment");
      }
      return Promise.reject(new errors.InvalidGrant(`the ${kind} was used too often`));
    },
    destroy: (id) => {
      tokens.removeToken(id, kind);
      return nothing();
    },
  };
}

function clientAdapter({ findClient }: AdapterOptions): Adapter {
  return {
    ...NOTHING,
    find: async (id) => {
      try {
        return await findClient(id);
      } catch (cause) {
        throw Object.assign(new errors.InvalidClient(messageOf(cause)), { cause });
      }
    },
  };
}

function grantAdapter({ tokens, issuer, clock, revokeGrant }: AdapterOptions): Adapter {
  return {
    ...NOTHING,
    find: (id) => {
      const grant = tokens.grant(id, issuer);
      if (grant === undefined) return nothing();
      const seconds = Math.floor(clock.wallMs() / 1000);
      return Promise.resolve({
        jti: grant.grantId,
        kind: "Grant",
        accountId: grant.user,
        clientId: grant.clientId,
        resources: { [grant.resource]: SCOPE },
        iat: Math.floor(grant.createdAtMs / 1000),
        // A leave lasts as long as there are tokens of it.
        exp: seconds + FAR_SECONDS,
      });
    },
    destroy: (id) => {
      revokeGrant(id, "by the client, or a code or refresh token of it was used again");
      return nothing();
    },
  };
}

function pendingAdapter(pending: PendingRequests): Adapter {
  return {
    ...NOTHING,
    upsert: (id, payload) => {
      pending.save(id, payload);
      return nothing();
    },
    find: (id) => Promise.resolve(pending.payload(id) as AdapterPayload | undefined),
    destroy: (id) => {
      pending.remove(id);
      return nothing();
    },
  };
}

function replayAdapter(assertions: AssertionIds): Adapter {
  return {
    ...NOTHING,
    upsert: (id, payload, expiresInSeconds = 0) => {
      assertions.add(id, payload, expiresInSeconds);
      return nothing();
    },
    find: (id) => Promise.resolve(assertions.find(id)),
  };
}

const MAX_ASSERTIONS = 10_000;

/** Ids of client assertions that were used, until they expire by themselves. */
export class AssertionIds {
  readonly #entries = new Map<string, { payload: AdapterPayload; expiresAtMs: number }>();
  readonly #clock: Pick<Clock, "wallMs">;

  constructor(clock: Pick<Clock, "wallMs">) {
    this.#clock = clock;
  }

  add(id: string, payload: AdapterPayload, expiresInSeconds: number): void {
    const nowMs = this.#clock.wallMs();
    if (this.#entries.size >= MAX_ASSERTIONS) {
      for (const [known, { expiresAtMs }] of this.#entries) {
        if (expiresAtMs <= nowMs) this.#entries.delete(known);
      }
      // Refused rather than forgotten: an id that is forgotten could be used again.
      if (this.#entries.size >= MAX_ASSERTIONS) {
        throw new errors.InvalidClientAuth("too many client assertions at once");
      }
    }
    this.#entries.set(id, { payload, expiresAtMs: nowMs + expiresInSeconds * 1000 });
  }

  find(id: string): AdapterPayload | undefined {
    const entry = this.#entries.get(id);
    return entry !== undefined && entry.expiresAtMs > this.#clock.wallMs()
      ? entry.payload
      : undefined;
  }
}
