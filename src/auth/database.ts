/**
 * The file of all that authorization keeps: `auth.sqlite` in the data folder, for this user only.
 *
 * Holds hashes of tokens, keys and passwords, never one of them. Each store brings its own tables;
 * commands open the same file while the gateway runs (WAL), so nothing is remembered past a change
 * that `dataVersion` tells of.
 */
import { Database } from "bun:sqlite";
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
export function openAuthDatabase(folder: string | undefined, tables: readonly string[]): Database {
  const file = folder === undefined ? ":memory:" : prepare(folder);
  const database = new Database(file, { create: true, strict: true });
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

/** A text that is another one after every change, by this connection or any other. Costs 2 µs. */
export function watchChanges(database: Database): () => string {
  const query = database.query<{ theirs: number; ours: number }, []>(
    "SELECT data_version AS theirs, total_changes() AS ours FROM pragma_data_version",
  );
  return () => {
    const row = query.get();
    return row === null ? "" : `${row.theirs} ${row.ours}`;
  };
}
