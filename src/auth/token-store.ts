/**
 * The leaves that people have given, and the tokens of them: two tables of the authorization file.
 *
 * Owns both. Tokens are kept as hashes only. Every question is a plain read of the file, so that
 * what a command or another request has revoked is refused at the next request. Knows nothing of
 * the protocol that hands tokens out.
 */
import type { Database } from "bun:sqlite";
import type { AccessGrant, GrantSummary } from "./authorization-server.ts";
import { hashSecret } from "./database.ts";

/** What the file needs to hold them. */
export const TOKEN_TABLES: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS oauth_grant (
     grant_id TEXT PRIMARY KEY, issuer TEXT NOT NULL, user TEXT NOT NULL, client_id TEXT NOT NULL,
     client_name TEXT NOT NULL, slug TEXT NOT NULL, resource TEXT NOT NULL,
     correlation TEXT NOT NULL, created_at_ms INTEGER NOT NULL, last_used_at_ms INTEGER
   ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX IF NOT EXISTS oauth_grant_client ON oauth_grant (client_id)`,
  `CREATE TABLE IF NOT EXISTS oauth_token (
     hash BLOB PRIMARY KEY, kind TEXT NOT NULL,
     grant_id TEXT NOT NULL REFERENCES oauth_grant ON DELETE CASCADE,
     expires_at_ms INTEGER NOT NULL, used_at_ms INTEGER, uses INTEGER NOT NULL DEFAULT 0,
     payload TEXT NOT NULL
   ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX IF NOT EXISTS oauth_token_grant ON oauth_token (grant_id)`,
  `CREATE INDEX IF NOT EXISTS oauth_token_expiry ON oauth_token (expires_at_ms)`,
];

export type TokenKind = "code" | "access" | "refresh";

/** A leave as it is kept. */
export interface Grant extends GrantSummary {
  readonly issuer: string;
  readonly resource: string;
  readonly correlation: string;
}

/** A token as the protocol engine left it here. */
export interface StoredToken {
  readonly grantId: string;
  readonly expiresAtMs: number;
  /** When it was used for the first time. */
  readonly usedAtMs: number | undefined;
  readonly uses: number;
  readonly payload: string;
}

interface TokenStoreOptions {
  readonly database: Database;
  readonly wallMs: () => number;
}

/** Longer tokens than ours are not worth a hash. */
const MAX_TOKEN_LENGTH = 256;
/** How exact the last use of a leave is. */
const LAST_USE_STEP_MS = 10 * 60_000;
/** Time between the leave and its first token. */
const EMPTY_GRANT_KEEP_MS = 15 * 60_000;
/** Live tokens of one kind and leave; a client that refreshes in a circle loses its oldest. */
const MAX_TOKENS_PER_GRANT = 128;

const GRANT_COLUMNS = `g.grant_id AS grantId, g.issuer, g.user, g.client_id AS clientId,
  g.client_name AS clientName, g.slug, g.resource, g.correlation, g.created_at_ms AS createdAtMs,
  g.last_used_at_ms AS lastUsedAtMs`;

interface AccessRow {
  readonly grantId: string;
  readonly user: string;
  readonly clientId: string;
  readonly slug: string;
  readonly correlation: string;
  readonly lastUsedAtMs: number | null;
  readonly expiresAtMs: number;
}

interface TokenRow {
  readonly grantId: string;
  readonly expiresAtMs: number;
  readonly usedAtMs: number | null;
  readonly uses: number;
  readonly payload: string;
}

type GrantRow = Omit<Grant, "lastUsedAtMs"> & { readonly lastUsedAtMs: number | null };

export class TokenStore {
  readonly #database: Database;
  readonly #wallMs: () => number;
  readonly #access;
  readonly #token;

  /** @param options a database with `TOKEN_TABLES` */
  constructor({ database, wallMs }: TokenStoreOptions) {
    this.#database = database;
    this.#wallMs = wallMs;
    this.#access = database.query<AccessRow, [Uint8Array, number]>(
      `SELECT g.grant_id AS grantId, g.user, g.client_id AS clientId, g.slug, g.correlation,
         g.last_used_at_ms AS lastUsedAtMs, t.expires_at_ms AS expiresAtMs
       FROM oauth_token t JOIN oauth_grant g USING (grant_id)
       WHERE t.hash = ? AND t.kind = 'access' AND t.expires_at_ms > ?`,
    );
    this.#token = database.query<TokenRow, [Uint8Array, TokenKind, string]>(
      `SELECT t.grant_id AS grantId, t.expires_at_ms AS expiresAtMs, t.used_at_ms AS usedAtMs,
         t.uses, t.payload
       FROM oauth_token t JOIN oauth_grant g USING (grant_id)
       WHERE t.hash = ? AND t.kind = ? AND g.issuer = ?`,
    );
  }

  /** The leave behind an access token; undefined for one that is unknown, expired or revoked. */
  findAccessToken(text: string): AccessGrant | undefined {
    if (text === "" || text.length > MAX_TOKEN_LENGTH) return undefined;
    const nowMs = this.#wallMs();
    const row = this.#access.get(hashSecret(text), nowMs);
    if (row === null) return undefined;
    const { lastUsedAtMs, ...grant } = row;
    const isFirstUse = lastUsedAtMs === null && this.#claimFirstUse(row.grantId, nowMs);
    if (lastUsedAtMs !== null && nowMs - lastUsedAtMs >= LAST_USE_STEP_MS) {
      this.#database.run("UPDATE oauth_grant SET last_used_at_ms = ? WHERE grant_id = ?", [
        nowMs,
        row.grantId,
      ]);
    }
    return { ...grant, isFirstUse };
  }

  /** All leaves, the newest first. */
  grants(): readonly Grant[] {
    return this.#database
      .query<GrantRow, []>(
        `SELECT ${GRANT_COLUMNS} FROM oauth_grant g ORDER BY g.created_at_ms DESC, g.grant_id`,
      )
      .all()
      .map(fromRow);
  }

  /** One leave of an issuer. */
  grant(grantId: string, issuer: string): Grant | undefined {
    const row = this.#database
      .query<GrantRow, [string, string]>(
        `SELECT ${GRANT_COLUMNS} FROM oauth_grant g WHERE g.grant_id = ? AND g.issuer = ?`,
      )
      .get(grantId, issuer);
    return row === null ? undefined : fromRow(row);
  }

  /** Ends a leave with all its tokens, at once. @returns false when there is none */
  revokeGrant(grantId: string): boolean {
    return this.#database.run("DELETE FROM oauth_grant WHERE grant_id = ?", [grantId]).changes > 0;
  }

  /** Keeps a new leave. */
  addGrant(grant: Omit<Grant, "createdAtMs" | "lastUsedAtMs">): void {
    this.#database.run(
      `INSERT INTO oauth_grant (grant_id, issuer, user, client_id, client_name, slug, resource,
         correlation, created_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        grant.grantId,
        grant.issuer,
        grant.user,
        grant.clientId,
        grant.clientName,
        grant.slug,
        grant.resource,
        grant.correlation,
        this.#wallMs(),
      ],
    );
  }

  /** Keeps a new token of a leave. @returns false when the leave is gone */
  addToken(
    text: string,
    kind: TokenKind,
    token: Pick<StoredToken, "grantId" | "expiresAtMs" | "payload">,
  ): boolean {
    const { grantId, expiresAtMs, payload } = token;
    return this.#database.transaction(() => {
      const { changes } = this.#database.run(
        `INSERT INTO oauth_token (hash, kind, grant_id, expires_at_ms, payload)
         SELECT ?, ?, grant_id, ?, ? FROM oauth_grant WHERE grant_id = ?`,
        [hashSecret(text), kind, expiresAtMs, payload, grantId],
      );
      this.#database.run(
        `DELETE FROM oauth_token WHERE hash IN (
           SELECT hash FROM oauth_token WHERE grant_id = ? AND kind = ?
           ORDER BY expires_at_ms DESC LIMIT -1 OFFSET ?)`,
        [grantId, kind, MAX_TOKENS_PER_GRANT],
      );
      return changes > 0;
    })();
  }

  /** A token of an issuer, also one that is used up or expired. */
  token(text: string, kind: TokenKind, issuer: string): StoredToken | undefined {
    if (text === "" || text.length > MAX_TOKEN_LENGTH) return undefined;
    const row = this.#token.get(hashSecret(text), kind, issuer);
    return row === null ? undefined : { ...row, usedAtMs: row.usedAtMs ?? undefined };
  }

  /**
   * Uses a token: the first time, and again while `graceMs` from the first time run, `maxUses` times
   * in all. One statement, so that of two requests at the same moment only one has the last use.
   */
  useToken(text: string, kind: TokenKind, graceMs = 0, maxUses = 1): boolean {
    const nowMs = this.#wallMs();
    const { changes } = this.#database.run(
      `UPDATE oauth_token SET used_at_ms = coalesce(used_at_ms, ?), uses = uses + 1
       WHERE hash = ? AND kind = ?
         AND (used_at_ms IS NULL OR (used_at_ms > ? AND uses < ?))`,
      [nowMs, hashSecret(text), kind, nowMs - graceMs, maxUses],
    );
    return changes > 0;
  }

  /** Takes one token away. */
  removeToken(text: string, kind: TokenKind): void {
    this.#database.run("DELETE FROM oauth_token WHERE hash = ? AND kind = ?", [
      hashSecret(text),
      kind,
    ]);
  }

  /** Forgets what has expired, and leaves that nothing can be done with any more. */
  sweep(): void {
    const nowMs = this.#wallMs();
    this.#database.transaction(() => {
      this.#database.run("DELETE FROM oauth_token WHERE expires_at_ms <= ?", [nowMs]);
      this.#database.run(
        `DELETE FROM oauth_grant WHERE created_at_ms <= ?
           AND NOT EXISTS (SELECT 1 FROM oauth_token t WHERE t.grant_id = oauth_grant.grant_id)`,
        [nowMs - EMPTY_GRANT_KEEP_MS],
      );
    })();
  }

  /** True for one of all requests that come at the same moment. */
  #claimFirstUse(grantId: string, nowMs: number): boolean {
    const { changes } = this.#database.run(
      "UPDATE oauth_grant SET last_used_at_ms = ? WHERE grant_id = ? AND last_used_at_ms IS NULL",
      [nowMs, grantId],
    );
    return changes > 0;
  }
}

function fromRow(row: GrantRow): Grant {
  return { ...row, lastUsedAtMs: row.lastUsedAtMs ?? undefined };
}
