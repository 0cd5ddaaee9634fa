/**
 * Pure. Reads the list of checks that legs are known to fail, and finds which of a scenario's
 * failures it foresees. Whatever the list says beyond what was found is said too: a list that is not
 * exact would hide the next failure.
 */

/** One check that fails, and why nothing can be done about it. */
export interface ExpectedFailure {
  readonly scenario: string;
  readonly checkId: string;
  /** The suite's words, exactly: the same check may fail for another reason one day. */
  readonly says: string;
  readonly reason: string;
}

/** A check that failed, as far as an entry can speak of it. */
export interface FailedCheck {
  readonly id: string;
  readonly errorMessage?: string;
}

/** What the list says of one scenario's failures. */
export interface Comparison<Failed extends FailedCheck> {
  readonly foreseen: readonly ExpectedFailure[];
  readonly unforeseen: readonly Failed[];
  /** Entries that nothing fails of any more. */
  readonly stale: readonly ExpectedFailure[];
}

/** The list by legs. @throws Error when an entry lacks something, or a leg is not among `legs` */
export function readExpectedFailures(
  document: unknown,
  legs: readonly string[],
): ReadonlyMap<string, readonly ExpectedFailure[]> {
  if (!isRecord(document)) throw new Error("the list of expected failures has no legs");
  const read = Object.entries(document).map(([leg, entries]) => {
    if (!legs.includes(leg))
      throw new Error(`expected failures of a leg that is not there: ${leg}`);
    if (!Array.isArray(entries)) throw new Error(`the expected failures of ${leg} are no list`);
    return [leg, entries.map((entry: unknown) => readEntry(leg, entry))] as const;
  });
  return new Map(read);
}

/** Takes each entry for at most one failure of its check that has its words. */
export function compareFailures<Failed extends FailedCheck>(
  failures: readonly Failed[],
  expected: readonly ExpectedFailure[],
): Comparison<Failed> {
  const unforeseen = [...failures];
  const foreseen: ExpectedFailure[] = [];
  const stale: ExpectedFailure[] = [];
  for (const entry of expected) {
    const at = unforeseen.findIndex(
      ({ id, errorMessage }) => id === entry.checkId && errorMessage === entry.says,
    );
    if (at === -1) {
      stale.push(entry);
    } else {
      unforeseen.splice(at, 1);
      foreseen.push(entry);
    }
  }
  return { foreseen, unforeseen, stale };
}

function readEntry(leg: string, entry: unknown): ExpectedFailure {
  const text = (key: string): string => {
    const value = isRecord(entry) ? entry[key] : undefined;
    if (typeof value === "string" && value.trim() !== "") return value.trim();
    throw new Error(`an expected failure of ${leg} has no "${key}"`);
  };
  const check = text("check");
  const [scenario = "", checkId = "", ...more] = check.split(":");
  if (scenario === "" || checkId === "" || more.length > 0)
    throw new Error(`an expected failure of ${leg} is not named scenario:check: ${check}`);
  return { scenario, checkId, says: text("says"), reason: text("reason") };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
