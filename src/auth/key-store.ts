/**
 * The API keys: hashes of them, whose they are, what they narrow, and when they were used last.
 *
 * Sole writer of its table. A running gateway and commands work on it at the same time. Last uses are
 * gathered in memory and written together, so that no call waits for the disk.
 */
import type { Database } from "bun:sqlite";
import type { Clock } from "../kernel/clock.ts";
import { createApiKey, idOfApiKey, isApiKey, type NewKey } from "./api-key.ts";
import { hashSecret } from "./database.ts";
import type { KeyGrant, KeyLookup } from "./resource-server.ts";

/** The table, for whoever opens the database. */
export const KEY_TABLES = `
  CREATE TABLE IF NOT EXISTS api_keys (
    id TEXT PRIMARY KEY,
    hash BLOB NOT NULL,
    user TEXT NOT NULL,
    servers TEXT,
    is_admin INTEGER NOT NULL,
    note TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER,
    last_used_at_ms INTEGER
  ) STRICT`;

const MAX_KEYS = 1000;

/** What a key is made with. */
export interface KeyFacts {
  readonly user: string;
  /** Names or slugs of servers. */
  readonly servers: "all" | readonly string[];
  readonly isAdmin: boolean;
  readonly note: string;
  readonly expiresAtMs: number | undefined;
}

/** A key as it may be shown. */
export interface KeySummary extends KeyFacts {
  readonly id: string;
  readonly createdAtMs: number;
  readonly lastUsedAtMs: number | undefined;
}

interface Row {
  readonly id: string;
  readonly hash: Uint8Array;
  readonly user: string;
  readonly servers: string | null;
  readonly is_admin: number;
  readonly note: string;
  readonly created_at_ms: number;
  readonly expires_at_ms: number | null;
  readonly last_used_at_ms: number | null;
}

export class KeyStore implements KeyLookup {
  readonly #database: Database;
  readonly #clock: Pick<Clock, "wallMs">;
  readonly #find;
  /** Keys that were used since the last `flush`; no more than there are keys. */
  readonly #used = new Map<string, number>();

  constructor(database: Database, clock: Pick<Clock, "wallMs">) {
    this.#database = database;
    this.#clock = clock;
    this.#find = database.query<Row, [string]>("SELECT * FROM api_keys WHERE id = ?1");
  }

  isKey(text: string): boolean {
    return isApiKey(text);
  }

  /** The key's facts, if it is one of ours and neither revoked nor expired. Counts as a use. */
  find(key: string): KeyGrant | undefined {
    const id = idOfApiKey(key);
    const row = id === undefined ? null : this.#find.get(id);
    if (row === null || !crypto.timingSafeEqual(row.hash, hashSecret(key))) return undefined;
    const { user, expiresAtMs, servers, isAdmin } = summaryOf(row);
    const nowMs = this.#clock.wallMs();
    if (expiresAtMs !== undefined && expiresAtMs <= nowMs) return undefined;
    this.#used.set(row.id, nowMs);
    return { keyId: row.id, user, servers, isAdmin, expiresAtMs };
  }

  /**
   * Makes a key. Its text is known this once.
   * @throws Error when there are too many
   */
  add({ user, servers, isAdmin, note, expiresAtMs }: KeyFacts): NewKey {
    const key = createApiKey((bytes) => crypto.getRandomValues(new Uint8Array(bytes)));
    const add = this.#database.transaction(() => {
      const { count } = this.#database
        .query<{ count: number }, []>("SELECT count(*) AS count FROM api_keys")
        .get() ?? { count: 0 };
      if (count >= MAX_KEYS) throw new Error(`there are ${MAX_KEYS} keys already: revoke some`);
      this.#database.run("INSERT INTO api_keys VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL)", [
        key.id,
        hashSecret(key.text),
        user,
        servers === "all" ? null : JSON.stringify(servers),
        isAdmin ? 1 : 0,
        note,
        this.#clock.wallMs(),
        expiresAtMs ?? null,
      ]);
    });
    add.immediate();
    return key;
  }

  /** All keys, the oldest first. */
  list(): readonly KeySummary[] {
    return this.#database
      .query<Row, []>("SELECT * FROM api_keys ORDER BY created_at_ms, id")
      .all()
      .map(summaryOf);
  }

  /** Forgets a key, which works no more from the next request on. @returns false when there is none */
  revoke(id: string): boolean {
    return this.#database.run("DELETE FROM api_keys WHERE id = ?1", [id]).changes > 0;
  }

  /** Writes down when keys were used last. @throws Error of the database */
  flush(): void {
    if (this.#used.size === 0) return;
    const used = [...this.#used];
    this.#used.clear();
    this.#database.transaction(() => {
      for (const [id, atMs] of used)
        this.#database.run("UPDATE api_keys SET last_used_at_ms = ?2 WHERE id = ?1", [id, atMs]);
    })();
  }
}

function summaryOf(row: Row): KeySummary {
  return {
    id: row.id,
    user: row.user,
    servers: row.servers === null ? "all" : readNames(row.servers),
    isAdmin: row.is_admin !== 0,
    note: row.note,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms ?? undefined,
    lastUsedAtMs: row.last_used_at_ms ?? undefined,
  };
}

/** Names that cannot be read give nothing rather than all. */
function readNames(json: string): readonly string[] {
  const names: unknown = JSON.parse(json);
  return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
}
