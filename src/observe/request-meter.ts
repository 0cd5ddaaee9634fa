/**
 * Counts requests and their durations: the one part of the metrics that runs for every request.
 *
 * Plain numbers in arrays, found by index. A handle of prom-client looks its labels up by a hash of
 * their text at each use, also when it was bound before, which costs a hundred times as much
 * (docs/adr/0011); it is read at the scrape instead, and gives prom-client its values.
 */
import type { RequestOutcome } from "../kernel/event.ts";
import { METHOD_CLASSES, methodClassIndex } from "./method-class.ts";

/** What the label `era` can say. */
export const ERAS = ["legacy", "modern"] as const;
/** What the label `outcome` can say. */
export const OUTCOMES = ["result", "error", "failed", "cancelled", "refused"] as const;
/** Upper bounds of the buckets, in seconds. */
export const BUCKETS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
] as const;

/** Servers that are counted; the configuration names them, so there are few. */
const MAX_SERVERS = 1_000;
const OUTCOME_INDEX: Readonly<Record<RequestOutcome, number>> = {
  result: 0,
  error: 1,
  failed: 2,
  cancelled: 3,
  refused: 4,
};

/** Requests of one server, era and class. */
interface Cell {
  readonly byOutcome: Float64Array;
  /** One more than bounds: the rest. Not cumulative. */
  readonly byDuration: Float64Array;
  seconds: number;
}

/** What was counted under one set of labels. */
export interface RequestCounts {
  readonly server: string;
  readonly era: (typeof ERAS)[number];
  readonly methodClass: (typeof METHOD_CLASSES)[number];
  /** In the order of `OUTCOMES`. */
  readonly byOutcome: Float64Array;
  /** In the order of `BUCKETS_SECONDS`, then the rest; not cumulative. */
  readonly byDuration: Float64Array;
  readonly seconds: number;
}

export class RequestMeter {
  readonly #cells = new Map<string, (Cell | undefined)[]>();

  /** Counts one request. */
  count(
    server: string,
    era: "legacy" | "modern",
    method: string,
    outcome: RequestOutcome,
    durationMs: number,
  ): void {
    let cells = this.#cells.get(server);
    if (cells === undefined) {
      if (this.#cells.size >= MAX_SERVERS) return;
      cells = [];
      this.#cells.set(server, cells);
    }
    const index = methodClassIndex(method) * 2 + (era === "modern" ? 1 : 0);
    const cell = (cells[index] ??= newCell());
    const outcomeIndex = OUTCOME_INDEX[outcome];
    cell.byOutcome[outcomeIndex] = (cell.byOutcome[outcomeIndex] ?? 0) + 1;
    const seconds = durationMs / 1000;
    cell.seconds += seconds;
    let bucket = 0;
    while (bucket < BUCKETS_SECONDS.length && seconds > (BUCKETS_SECONDS[bucket] ?? 0)) bucket++;
    cell.byDuration[bucket] = (cell.byDuration[bucket] ?? 0) + 1;
  }

  /** Everything that was counted. */
  *counts(): Iterable<RequestCounts> {
    for (const [server, cells] of this.#cells) {
      for (const [index, cell] of cells.entries()) {
        if (cell === undefined) continue;
        const methodClass = METHOD_CLASSES[index >> 1] ?? "other";
        yield { server, era: ERAS[index & 1] ?? "legacy", methodClass, ...cell };
      }
    }
  }
}

function newCell(): Cell {
  return {
    byOutcome: new Float64Array(OUTCOMES.length),
    byDuration: new Float64Array(BUCKETS_SECONDS.length + 1),
    seconds: 0,
  };
}
