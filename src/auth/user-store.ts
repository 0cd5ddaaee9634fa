/**
 * What is kept of people: hashes of passwords, of set-up links, and of browsers that a person has
 * signed in from. Who may do what is not here but in the configuration.
 *
 * Reads the file every time, because commands change it while the gateway runs.
 */
import type { Database } from "bun:sqlite";

/** Browsers that are remembered for each person. */
const MAX_BROWSERS = 20;
const BROWSER_KEEP_MS = 180 * 86_400_000;

/** `generation` counts what ends sign-ins: every change of the password, and `user sign-out`. */
export const USER_TABLES = `
CREATE TABLE IF NOT EXISTS people (
  name TEXT PRIMARY KEY,
  password_hash TEXT,
  generation INTEGER NOT NULL DEFAULT 0,
  changed_at_ms INTEGER NOT NULL,
  signed_in_at_ms INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS set_up_links (
  user TEXT PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,
  expires_at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS known_browsers (
  hash BLOB PRIMARY KEY,
  user TEXT NOT NULL,
  used_at_ms INTEGER NOT NULL
) STRICT;
`;

/** What is known of one person. */
export interface PersonRecord {
  readonly passwordHash: string | undefined;
  readonly generation: number;
  readonly changedAtMs: number;
  readonly signedInAtMs: number | undefined;
}

interface PersonRow {
  readonly password_hash: string | null;
  readonly generation: number;
  readonly changed_at_ms: number;
  readonly signed_in_at_ms: number | null;
}

export class UserStore {
  readonly #database: Database;
  readonly #wallMs: () => number;

  /** @param database with `USER_TABLES` */
  constructor(database: Database, wallMs: () => number) {
    this.#database = database;
    this.#wallMs = wallMs;
  }

  /** Undefined for one who never had a password. */
  find(user: string): PersonRecord | undefined {
    const row = this.#database
      .query<PersonRow, [string]>("SELECT * FROM people WHERE name = ?")
      .get(user);
    if (row === null) return undefined;
    return {
      passwordHash: row.password_hash ?? undefined,
      generation: row.generation,
      changedAtMs: row.changed_at_ms,
      signedInAtMs: row.signed_in_at_ms ?? undefined,
    };
  }

  /** Sets or takes away a password. Ends every sign-in and every set-up link of the person. */
  setPassword(user: string, hash: string | undefined): void {
    this.#database.transaction(() => {
      this.#database
        .query(
          `INSERT INTO people (name, password_hash, changed_at_ms) VALUES (?1, ?2, ?3)
           ON CONFLICT (name) DO UPDATE
           SET password_hash = ?2, changed_at_ms = ?3, generation = generation + 1`,
        )
        .run(user, hash ?? null, this.#wallMs());
      this.#database.query("DELETE FROM set_up_links WHERE user = ?").run(user);
    })();
  }

  /** Ends every sign-in of the person, and forgets the browsers. */
  signOut(user: string): void {
    this.#database.transaction(() => {
      this.#database
        .query("UPDATE people SET generation = generation + 1 WHERE name = ?")
        .run(user);
      this.#database.query("DELETE FROM known_browsers WHERE user = ?").run(user);
    })();
  }

  /** Remembers when, for lists. */
  signedIn(user: string): void {
    this.#database
      .query("UPDATE people SET signed_in_at_ms = ? WHERE name = ?")
      .run(this.#wallMs(), user);
  }

  /** Keeps a link; one that the person had before is dead. */
  putLink(user: string, hash: Uint8Array, expiresAtMs: number): void {
    this.#database
      .query("INSERT OR REPLACE INTO set_up_links (user, hash, expires_at_ms) VALUES (?, ?, ?)")
      .run(user, hash, expiresAtMs);
  }

  /** Whose link it is; undefined when it is unknown, used or too old. */
  userOfLink(hash: Uint8Array): string | undefined {
    const row = this.#database
      .query<{ user: string }, [Uint8Array, number]>(
        "SELECT user FROM set_up_links WHERE hash = ? AND expires_at_ms > ?",
      )
      .get(hash, this.#wallMs());
    return row?.user;
  }

  /** Sets the password for a link that is still good, and ends the link. False when it is not good. */
  useLink(linkHash: Uint8Array, passwordHash: string): string | undefined {
    return this.#database
      .transaction(() => {
        const user = this.userOfLink(linkHash);
        if (user !== undefined) this.setPassword(user, passwordHash);
        return user;
      })
      .immediate();
  }

  /** Remembers that the person has signed in from a browser. */
  putBrowser(user: string, hash: Uint8Array): void {
    this.#database.transaction(() => {
      this.#database
        .query("INSERT OR REPLACE INTO known_browsers (hash, user, used_at_ms) VALUES (?, ?, ?)")
        .run(hash, user, this.#wallMs());
      this.#database
        .query(
          `DELETE FROM known_browsers WHERE user = ?1 AND hash NOT IN
           (SELECT hash FROM known_browsers WHERE user = ?1 ORDER BY used_at_ms DESC LIMIT ?2)`,
        )
        .run(user, MAX_BROWSERS);
    })();
  }

  /** True when the person has signed in from the browser before. */
  knowsBrowser(user: string, hash: Uint8Array): boolean {
    const row = this.#database
      .query<{ one: number }, [Uint8Array, string, number]>(
        "SELECT 1 AS one FROM known_browsers WHERE hash = ? AND user = ? AND used_at_ms > ?",
      )
      .get(hash, user, this.#wallMs() - BROWSER_KEEP_MS);
    return row !== null;
  }
}
