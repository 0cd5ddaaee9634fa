/**
 * The steps of authorization, kept across restarts so that an operator can read afterwards which hop
 * failed: a ring of 10,000 rows in the authorization file.
 *
 * Sole writer of its table. Steps are gathered for a moment and written together, since a write waits
 * for the disk and strangers cause refusals; of those the ring keeps a part only, so that a scanner
 * pushes nothing else out. Holds no secret: steps have none, and what looks like one is blotted out.
 */
import type { Database } from "bun:sqlite";
import type { Clock, Timer } from "../kernel/clock.ts";
import type { AuthEvent } from "../kernel/event.ts";
import { redactTokens } from "../kernel/redact.ts";

/** The table, for whoever opens the database. */
export const EVENT_TABLES: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS auth_event (
     id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL,
     step TEXT NOT NULL, outcome TEXT NOT NULL,
     correlation TEXT, user TEXT, client TEXT, server TEXT, reason TEXT
   ) STRICT`,
  `CREATE INDEX IF NOT EXISTS auth_event_correlation ON auth_event (correlation)`,
  `CREATE INDEX IF NOT EXISTS auth_event_outcome ON auth_event (outcome, id)`,
];

/** Rows that are kept, by outcome: 10,000 together. */
const MAX_ROWS = { ok: 8000, refused: 2000 } as const;
/** Steps that wait to be written; more of them are counted only. */
const MAX_WAITING = 1000;
const GATHER_MS = 250;
const MAX_CHARACTERS = 300;

/** A step as it was kept. */
export interface KeptStep extends AuthEvent {
  readonly id: number;
  readonly atMs: number;
}

/** Which steps. */
export interface StepQuery {
  /** Only those after this one. */
  readonly afterId?: number;
  readonly correlation?: string | undefined;
  /** The newest of them. */
  readonly limit: number;
}

type Text = string | null;
interface Row {
  readonly id: number;
  readonly at_ms: number;
  readonly step: AuthEvent["step"];
  readonly outcome: AuthEvent["outcome"];
  readonly correlation: Text;
  readonly user: Text;
  readonly client: Text;
  readonly server: Text;
  readonly reason: Text;
}

export class EventStore {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #onFault: (error: unknown) => void;
  #waiting: { readonly atMs: number; readonly event: AuthEvent }[] = [];
  #lost = 0;
  #timer: Timer | undefined;

  constructor(database: Database, clock: Clock, onFault: (error: unknown) => void) {
    this.#database = database;
    this.#clock = clock;
    this.#onFault = onFault;
  }

  /** Keeps a step; it can be read a moment later. */
  record(event: AuthEvent): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#lost += 1;
      return;
    }
    this.#waiting.push({ atMs: this.#clock.wallMs(), event });
    this.#timer ??= this.#clock.after(GATHER_MS, () => this.flush());
  }

  /** Writes what waits. A fault of the file is told, and costs those steps. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const steps = this.#waiting;
    this.#waiting = [];
    if (this.#lost > 0) {
      const reason = `${this.#lost} more steps came at the same moment and are not kept`;
      const event = { kind: "auth.step", step: "request.refused", outcome: "refused" } as const;
      steps.push({ atMs: this.#clock.wallMs(), event: { ...event, reason } });
      this.#lost = 0;
    }
    if (steps.length === 0) return;
    try {
      this.#write(steps);
    } catch (error) {
      this.#onFault(error);
    }
  }

  /** Steps in the order in which they happened. */
  read({ afterId = 0, correlation, limit }: StepQuery): readonly KeptStep[] {
    return this.#database
      .query<Row, [number, Text, number]>(
        `SELECT * FROM auth_event WHERE id > ?1 AND (?2 IS NULL OR correlation = ?2)
         ORDER BY id DESC LIMIT ?3`,
      )
      .all(afterId, correlation ?? null, limit)
      .reverse()
      .map(stepOf);
  }

  #write(steps: readonly { readonly atMs: number; readonly event: AuthEvent }[]): void {
    const insert = this.#database.query(
      `INSERT INTO auth_event (at_ms, step, outcome, correlation, user, client, server, reason)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
    );
    const prune = this.#database.query(
      `DELETE FROM auth_event WHERE outcome = ?1 AND id <=
         (SELECT id FROM auth_event WHERE outcome = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)`,
    );
    this.#database.transaction(() => {
      for (const { atMs, event } of steps) {
        const { step, outcome, correlation, user, client, server, reason } = event;
        const texts = [correlation, user, client, server, reason].map(kept);
        insert.run(atMs, step, outcome, ...texts);
      }
      for (const [outcome, rows] of Object.entries(MAX_ROWS)) prune.run(outcome, rows);
    })();
  }
}

function kept(text: string | undefined): Text {
  return text === undefined ? null : redactTokens(text).slice(0, MAX_CHARACTERS);
}

function stepOf({ id, at_ms: atMs, step, outcome, ...texts }: Row): KeptStep {
  const { correlation, user, client, server, reason } = texts;
  const known = Object.entries({ correlation, user, client, server, reason }).filter(
    ([, value]) => value !== null,
  );
  return { id, atMs, kind: "auth.step", step, outcome, ...Object.fromEntries(known) };
}
