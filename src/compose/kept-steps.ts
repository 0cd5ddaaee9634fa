/** Every step of authorization that is told is kept as well, for the command `auth log`. */
import type { Database } from "bun:sqlite";
import { EventStore } from "../auth/event-store.ts";
import type { Clock } from "../kernel/clock.ts";
import { messageOf } from "../kernel/error.ts";
import type { Emit } from "../kernel/event.ts";

export interface KeptSteps {
  /** Tells an event, and keeps it when it is a step. */
  readonly emit: Emit;
  /** Writes what waits. */
  readonly flush: () => void;
}

/** Keeps steps in the database, which has `EVENT_TABLES`. */
export function keepSteps(tell: Emit, database: Database, clock: Clock): KeptSteps {
  const store = new EventStore(database, clock, (error) => {
    const message = `steps of authorization cannot be kept for \`auth log\`: ${messageOf(error)}`;
    tell({ kind: "gateway.notice", level: "ERROR", message });
  });
  return {
    emit: (event) => {
      if (event.kind === "auth.step") store.record(event);
      tell(event);
    },
    flush: () => store.flush(),
  };
}
