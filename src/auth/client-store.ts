/**
 * Clients that have registered themselves: one table of the authorization file. Secrets are kept as
 * hashes. Holds a fixed number for each issuer: the oldest that nobody has given leave to goes first.
 */
import type { Database } from "bun:sqlite";

/** What the file needs to hold them. */
export const CLIENT_TABLES: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS oauth_client (
     client_id TEXT PRIMARY KEY, issuer TEXT NOT NULL, name TEXT NOT NULL, secret_hash BLOB,
     metadata TEXT NOT NULL, correlation TEXT NOT NULL, created_at_ms INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX IF NOT EXISTS oauth_client_age ON oauth_client (issuer, created_at_ms)`,
];

/** A client that has registered itself. */
export interface RegisteredClient {
  readonly clientId: string;
  readonly issuer: string;
  readonly name: string;
  /** SHA-256; undefined for a public client. */
  readonly secretHash: Uint8Array | undefined;
  /** A JSON object of metadata in the words of RFC 7591, without secrets. */
  readonly metadata: string;
  readonly correlation: string;
}

interface ClientStoreOptions {
  readonly database: Database;
  readonly wallMs: () => number;
  readonly maxPerIssuer: number;
  /** How long a client may wait for its first leave. */
  readonly unusedKeepMs: number;
}

interface ClientRow {
  readonly clientId: string;
  readonly issuer: string;
  readonly name: string;
  readonly secretHash: Uint8Array | null;
  readonly metadata: string;
  readonly correlation: string;
}

/** A person may be reading the consent page of a client that is younger. */
const YOUNG_MS = 60_000;
const IS_UNUSED = `NOT EXISTS (SELECT 1 FROM oauth_grant g WHERE g.client_id = c.client_id)`;

export class ClientStore {
  readonly #options: ClientStoreOptions;

  /** @param options a database with `CLIENT_TABLES` and the tables of leaves */
  constructor(options: ClientStoreOptions) {
    this.#options = options;
  }

  /** Keeps a new client. @returns false when there is no room */
  add(client: RegisteredClient): boolean {
    const { database, wallMs, maxPerIssuer } = this.#options;
    const { clientId, issuer, name, secretHash, metadata, correlation } = client;
    return database.transaction(() => {
      if (this.count(issuer) >= maxPerIssuer && !this.#makeRoom(issuer)) return false;
      database.run(
        `INSERT INTO oauth_client (client_id, issuer, name, secret_hash, metadata, correlation,
           created_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)`,
        [clientId, issuer, name, secretHash ?? null, metadata, correlation, wallMs()],
      );
      return true;
    })();
  }

  /** A client of this issuer. */
  find(clientId: string, issuer: string): RegisteredClient | undefined {
    const row = this.#options.database
      .query<ClientRow, [string, string]>(
        `SELECT client_id AS clientId, issuer, name, secret_hash AS secretHash, metadata, correlation
         FROM oauth_client WHERE client_id = ? AND issuer = ?`,
      )
      .get(clientId, issuer);
    return row === null ? undefined : { ...row, secretHash: row.secretHash ?? undefined };
  }

  /** How many an issuer has. */
  count(issuer: string): number {
    return (
      this.#options.database
        .query<{ n: number }, [string]>("SELECT count(*) AS n FROM oauth_client WHERE issuer = ?")
        .get(issuer)?.n ?? 0
    );
  }

  /** Forgets clients that nobody has given leave to in time. */
  sweep(): void {
    const { database, wallMs, unusedKeepMs } = this.#options;
    database.run(`DELETE FROM oauth_client AS c WHERE created_at_ms <= ? AND ${IS_UNUSED}`, [
      wallMs() - unusedKeepMs,
    ]);
  }

  #makeRoom(issuer: string): boolean {
    const { database, wallMs } = this.#options;
    const { changes } = database.run(
      `DELETE FROM oauth_client WHERE client_id IN (
         SELECT client_id FROM oauth_client AS c
         WHERE issuer = ? AND created_at_ms <= ? AND ${IS_UNUSED}
         ORDER BY created_at_ms LIMIT 1)`,
      [issuer, wallMs() - YOUNG_MS],
    );
    return changes > 0;
  }
}
