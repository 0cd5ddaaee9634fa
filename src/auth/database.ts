/**
 * The file of all that authorization keeps: `auth.sqlite` in the data folder, for this user only.
 *
 * Holds hashes of tokens, keys and passwords, never one of them. Each store brings its own tables;
 * commands open the same file while the gateway runs (WAL), so nothing is remembered past a change
 * that `dataVersion` tells of.
 */
import { Database, type Changes, type SQLQueryBindings } from "bun:sqlite";
import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

/** Name of the file in the data folder. */
export const AUTH_FILE = "auth.sqlite";
const BUSY_TIMEOUT_MS = 5000;

/**
 * Opens the file, made when it is missing, with the tables of every store.
 * @param folder undefined for one in memory, where the data folder cannot be used
 * @param tables `CREATE TABLE IF NOT EXISTS …` texts
 * @throws Error when the file cannot be used
 */
export function openAuthDatabase(
  folder: string | undefined,
  tables: readonly string[],
): AuthDatabase {
  const file = folder === undefined ? ":memory:" : prepare(folder);
  const database = new AuthDatabase(file, { create: true, strict: true });
  try {
    database.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    database.run("PRAGMA journal_mode = WAL");
    database.run("PRAGMA synchronous = FULL");
    database.run("PRAGMA foreign_keys = ON");
    database.run("PRAGMA secure_delete = ON");
    database.transaction(() => {
      for (const table of tables) database.run(table);
    })();
    if (folder !== undefined) closeToOthers(file);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function prepare(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return join(folder, AUTH_FILE);
}

/** SQLite makes its side files with the mode of the main one. */
function closeToOthers(file: string): void {
  for (const path of [file, `${file}-wal`, `${file}-shm`]) {
    if (existsSync(path)) chmodSync(path, 0o600);
  }
}

/** SHA-256 of a secret of at least 128 random bits, as it is kept. */
export function hashSecret(secret: string): Uint8Array {
  return new Bun.CryptoHasher("sha256").update(secret).digest();
}

/** Counts what this connection writes, so that its own changes are seen without asking SQLite. */
export class AuthDatabase extends Database {
  writes = 0;

  override run<Bindings extends SQLQueryBindings[]>(sql: string, ...bindings: Bindings[]): Changes {
    this.writes++;
    return super.run(sql, ...bindings);
  }
}

/** A command that revokes takes far longer to end; asked at every request it would cost 6 µs of each. */
const FOREIGN_CHANGES_MS = 5;

/**
 * A text that is another one after every change: of this connection at once, of any other process
 * within five milliseconds.
 */
export function watchChanges(database: AuthDatabase, nowMs: () => number): () => string {
  const query = database.query<{ theirs: number; ours: number }, []>(
    "SELECT data_version AS theirs, total_changes() AS ours FROM pragma_data_version",
  );
  let askedAtMs = -Infinity;
  let writes = -1;
  let version = "";
  return () => {
    const now = nowMs();
    if (now - askedAtMs < FOREIGN_CHANGES_MS && database.writes === writes) return version;
    askedAtMs = now;
    writes = database.writes;
    const row = query.get();
    version = row === null ? "" : `${row.theirs} ${row.ours}`;
    return version;
  };
}
